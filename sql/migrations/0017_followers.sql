-- no transaction
-- Who followed a job, whatever its state: a job that is removed is looked for there, and without this in all jobs.

CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_follow ON rekkrd.jobs (follows) WHERE follows IS NOT NULL;
