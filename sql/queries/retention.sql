-- What is kept long enough goes: jobs that ended, with their stories.

-- name: clear_ended(kept, failed_kept, after_at, after_id, room)^
-- Look at the next jobs by when they ended, and remove those of them that were kept long enough. How many went, and
-- the last one looked at, behind which the next piece begins: those that are kept longer are not looked at twice.
-- Whether a job ended is asked of the row that is there now: it may have been put back into the line meanwhile. A row
-- that another transaction has locked stays until the next run.
WITH piece AS (
    SELECT
        id,
        finished_at
    FROM rekkrd.jobs
    WHERE
        finished_at IS NOT NULL AND (finished_at, id) > (:after_at::timestamptz, :after_id::uuid)
        AND finished_at < now() - least(:kept::interval, :failed_kept::interval)
    ORDER BY finished_at, id
    LIMIT :room
),

unlocked AS (
    SELECT j.id
    FROM rekkrd.jobs AS j
    INNER JOIN piece ON j.id = piece.id
    FOR UPDATE OF j SKIP LOCKED
),

cleared AS (
    DELETE FROM rekkrd.jobs AS j
    USING unlocked
    WHERE
        j.id = unlocked.id
        AND (
            (j.state IN ('completed', 'cancelled') AND j.finished_at < now() - :kept::interval)
            OR (j.state = 'failed' AND j.finished_at < now() - :failed_kept::interval)
        )
        AND NOT EXISTS (SELECT 1 FROM rekkrd.jobs AS f WHERE f.follows = j.id AND f.state = 'pending')
    RETURNING j.id
)

SELECT
    piece.finished_at,
    piece.id,
    (SELECT count(*) FROM cleared) AS cleared
FROM piece
ORDER BY piece.finished_at DESC, piece.id DESC
LIMIT 1;
