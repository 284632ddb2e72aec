-- no transaction
-- Failed jobs are counted by lane whenever somebody looks at the queues, and there may be many: without their rows.

CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_failed_by_lane ON rekkrd.jobs (lane) WHERE state = 'failed';
