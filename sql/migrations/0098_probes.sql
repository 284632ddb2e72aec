-- An operator can probe an open circuit breaker before its time, at most once a minute.

ALTER TABLE rekkrd.gates ADD COLUMN probed_at timestamptz;
COMMENT ON COLUMN rekkrd.gates.probed_at IS 'When an operator last sent a probe while the circuit breaker was open.';
