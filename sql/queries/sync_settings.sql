-- What collectors chose for their sync; who chose nothing has no row, and the defaults of the columns hold.

-- name: find(user_id)^
-- What a collector chose, None when they chose nothing.
SELECT is_auto, direction, frequency, changed_at
FROM rekkrd.sync_settings
WHERE user_id = :user_id;

-- name: choose(user_id, is_auto, direction, frequency)!
-- Keep a choice; what is left out stays as it is. That nothing changed is no change.
INSERT INTO rekkrd.sync_settings AS s (user_id, is_auto, direction, frequency)
VALUES (:user_id, coalesce(:is_auto, true), coalesce(:direction, 'in'), coalesce(:frequency, 'nightly'))
ON CONFLICT (user_id) DO UPDATE
    SET
        is_auto = coalesce(:is_auto, s.is_auto),
        direction = coalesce(:direction, s.direction),
        frequency = coalesce(:frequency, s.frequency),
        changed_at = now()
    WHERE
        (s.is_auto, s.direction, s.frequency)
        IS DISTINCT FROM (
            coalesce(:is_auto, s.is_auto), coalesce(:direction, s.direction), coalesce(:frequency, s.frequency)
        );
