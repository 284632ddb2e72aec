-- What the engine's readers found: alarms are told outside the transaction that decides on them.

ALTER TABLE rekkrd.alarms ADD COLUMN telling_until timestamptz;

COMMENT ON COLUMN rekkrd.alarms.telling_until IS
'While somebody tells of it, no other scheduler does; if that one died, the next look after this tells.';
