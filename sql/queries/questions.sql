-- name: ask(user_id, kind, rows)!
-- Ask, or bring the open question up to date: a second import doubles nothing.
INSERT INTO rekkrd.questions AS asked (user_id, kind, subject, details)
SELECT :user_id, :kind, question.subject, question.details
FROM jsonb_to_recordset(:rows) AS question (subject text, details jsonb)
ON CONFLICT (user_id, kind, subject) WHERE answered_at IS NULL DO UPDATE
    SET details = excluded.details
    WHERE asked.details IS DISTINCT FROM excluded.details;

-- name: close(user_id, kind, subjects, answer)!
-- Close questions that need no answer any more, with the reason as the answer.
UPDATE rekkrd.questions
SET answered_at = now(), answer = :answer
WHERE user_id = :user_id AND kind = :kind AND subject = ANY(:subjects) AND answered_at IS NULL;

-- name: close_settled(user_id, answer)!
-- Close the open questions about copies that have found their album, or are gone.
UPDATE rekkrd.questions AS question
SET answered_at = now(), answer = :answer
WHERE question.user_id = :user_id
    AND question.kind = 'duplicate'
    AND question.answered_at IS NULL
    AND (
        EXISTS (
            SELECT FROM rekkrd.agreed
            WHERE agreed.user_id = question.user_id AND agreed.instance_id = question.subject::bigint
        )
        OR NOT EXISTS (
            SELECT FROM rekkrd.instances AS copy
            WHERE copy.user_id = question.user_id
                AND copy.instance_id = question.subject::bigint
                AND copy.missing_since IS NULL
        )
    );

-- name: count_open(user_id, kind)$
-- How many questions of this kind wait for the collector.
SELECT count(*)
FROM rekkrd.questions
WHERE user_id = :user_id AND kind = :kind AND answered_at IS NULL;

-- name: open_of(user_id)
-- The questions that wait for the collector, oldest first.
SELECT id, kind, subject, details, asked_at
FROM rekkrd.questions
WHERE user_id = :user_id AND answered_at IS NULL
ORDER BY asked_at, id;

-- name: page(user_id, kind, after_at, after_id, room)
-- The questions that wait for the collector, the oldest first, from after a given one on.
SELECT id, kind, subject, details, asked_at, answered_at, answer
FROM rekkrd.questions
WHERE user_id = :user_id
    AND answered_at IS NULL
    AND (asked_at, id) > (:after_at, :after_id)
    AND (:kind::text IS NULL OR kind = :kind)
ORDER BY asked_at, id
LIMIT :room;

-- name: find(user_id, id)^
-- One question of this collector, held until the end of the transaction: one of two answers comes first.
SELECT id, kind, subject, details, asked_at, answered_at, answer
FROM rekkrd.questions
WHERE id = :id AND user_id = :user_id
FOR UPDATE;

-- name: answer(id, answer)!
-- Keep the answer.
UPDATE rekkrd.questions
SET answered_at = now(), answer = :answer
WHERE id = :id AND answered_at IS NULL;
