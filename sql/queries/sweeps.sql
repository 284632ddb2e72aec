-- name: start(job_id, user_id, list, nth_try, sort, sort_order)$
-- Begin a walk over all pages.
INSERT INTO rekkrd.sweeps (job_id, user_id, list, try, sort, sort_order, seen)
VALUES (:job_id, :user_id, :list, :nth_try, :sort, :sort_order, 0)
RETURNING id;

-- name: abandon_others(job_id, user_id, list)!
-- End the walks that earlier jobs left open; they say nothing about what is missing.
UPDATE rekkrd.sweeps
SET outcome = 'abandoned', finished_at = now()
WHERE user_id = :user_id AND list = :list AND job_id <> :job_id AND finished_at IS NULL;

-- name: count_page(id, items, newly_seen, is_whole)<!
-- Add a page to its sweep. The first page says how many records there are; a page that says otherwise spoils it.
UPDATE rekkrd.sweeps
SET
    items = coalesce(items, :items),
    seen = seen + :newly_seen,
    is_whole = is_whole AND :is_whole AND coalesce(items, :items) = :items
WHERE id = :id
RETURNING id, try, sort, sort_order, items, is_whole, seen, outcome, unreadable;

-- name: set_aside(id, unreadable)!
-- Add descriptions of entries that could not be read.
UPDATE rekkrd.sweeps
SET unreadable = unreadable || :unreadable::text []
WHERE id = :id;

-- name: spoil(id)<!
-- A page was past the end or otherwise not whole: this sweep declares nothing missing.
UPDATE rekkrd.sweeps
SET is_whole = false
WHERE id = :id
RETURNING id, try, sort, sort_order, items, is_whole, seen, outcome, unreadable;

-- name: finish(id, outcome)!
-- End a walk with what it was worth.
UPDATE rekkrd.sweeps
SET outcome = :outcome, finished_at = now()
WHERE id = :id AND finished_at IS NULL;

-- name: find(id)^
-- One walk.
SELECT id, try, sort, sort_order, items, is_whole, seen, outcome, unreadable
FROM rekkrd.sweeps
WHERE id = :id;

-- name: is_walked(user_id, list)$
-- Whether a job that is not over walks over this list.
SELECT EXISTS (
    SELECT FROM rekkrd.sweeps AS sweep
    INNER JOIN rekkrd.jobs AS job ON sweep.job_id = job.id
    WHERE sweep.user_id = :user_id AND sweep.list = :list AND sweep.finished_at IS NULL AND job.finished_at IS NULL
);
