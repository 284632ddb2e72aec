-- How far a collection is known: what was added at Discogs up to then, every walk that came to its end has read.

ALTER TABLE rekkrd.links ADD COLUMN collection_known_to timestamptz;

COMMENT ON COLUMN rekkrd.links.collection_known_to IS
'Every copy that was added before this has been read. It moves only when a walk came to its end without a gap.';

ALTER TABLE rekkrd.sweeps DROP CONSTRAINT sweeps_outcome_known;
ALTER TABLE rekkrd.sweeps ADD CONSTRAINT sweeps_outcome_known
CHECK (outcome IN ('complete', 'caught_up', 'partial', 'changed', 'abandoned')) NOT VALID;
ALTER TABLE rekkrd.sweeps VALIDATE CONSTRAINT sweeps_outcome_known;

UPDATE rekkrd.links AS link
SET collection_known_to = (
    SELECT max(copy.date_added)
    FROM rekkrd.instances AS copy
    INNER JOIN rekkrd.sweeps AS sweep ON copy.seen_in = sweep.id
    WHERE copy.user_id = link.user_id AND sweep.outcome = 'complete'
)
WHERE link.collection_complete_at IS NOT NULL;
