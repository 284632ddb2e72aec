-- Prices are late in proportion: of those that are due, the next is whose wait is the longest beside its own interval.

DROP INDEX rekkrd.prices_due;
-- Intervals are a dozen: the planner looks at the first of each.
CREATE INDEX prices_due ON rekkrd.prices (what, every, due_at, release_id);

-- What was never asked for waits for its first answer as if it were due every day.
ALTER TABLE rekkrd.prices ALTER COLUMN every SET DEFAULT interval '1 day';

UPDATE rekkrd.prices
SET every = least(every, interval '1 day')
WHERE fetched_at IS NULL;
