-- no transaction
-- What ended lately is counted, and what is kept long enough is cleared, by the time it ended.

CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_ended ON rekkrd.jobs (finished_at) WHERE finished_at IS NOT NULL;
