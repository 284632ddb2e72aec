-- A walk that set entries aside because they could not be read says which, and ends without declaring anything missing.
ALTER TABLE rekkrd.sweeps ADD COLUMN unreadable text [] NOT NULL DEFAULT '{}';
ALTER TABLE rekkrd.sweeps DROP CONSTRAINT sweeps_outcome_known;
ALTER TABLE rekkrd.sweeps ADD CONSTRAINT sweeps_outcome_known
CHECK (outcome IN ('complete', 'caught_up', 'partial', 'changed', 'unreadable', 'abandoned')) NOT VALID;
