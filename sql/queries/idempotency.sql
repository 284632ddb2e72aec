-- Idempotency keys: the first answer to each, for a day.

-- name: claim(scope, key, body_hash, kept)!
-- Take a key. No row: it is taken. Who takes it at the same time waits here for the other's commit.
INSERT INTO rekkrd.idempotency AS i (scope, key, body_hash)
VALUES (:scope, :key, :body_hash)
ON CONFLICT (scope, key) DO UPDATE
    SET
        body_hash = excluded.body_hash,
        made_at = now(),
        job_ids = '{}',
        are_new = '{}'
    WHERE i.made_at < now() - :kept::interval;

-- name: find(scope, key)^
-- What was answered to a key.
SELECT body_hash, job_ids, are_new
FROM rekkrd.idempotency
WHERE scope = :scope AND key = :key;

-- name: keep(scope, key, job_ids, are_new)!
-- Remember the answer, in the transaction that enqueues.
UPDATE rekkrd.idempotency
SET job_ids = :job_ids, are_new = :are_new
WHERE scope = :scope AND key = :key;

-- name: forget_old(kept, room)!
-- Clear some keys that nobody may count on any more; one that is taken anew this moment is left to who takes it.
DELETE FROM rekkrd.idempotency
WHERE
    ctid = ANY(ARRAY(
        SELECT ctid
        FROM rekkrd.idempotency
        WHERE made_at < now() - :kept::interval
        LIMIT :room
        FOR UPDATE SKIP LOCKED
    ));
