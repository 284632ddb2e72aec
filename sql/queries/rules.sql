-- name: of_user(user_id)
-- The rules of a collector.
SELECT field, rule
FROM rekkrd.rules
WHERE user_id = :user_id;

-- name: delete_others(user_id, fields)!
-- Forget the rules of other fields than these.
DELETE FROM rekkrd.rules
WHERE user_id = :user_id AND field <> ALL(:fields);

-- name: upsert(user_id, fields, rules)!
-- Keep these rules.
INSERT INTO rekkrd.rules (user_id, field, rule)
SELECT :user_id, chosen.field, chosen.rule
FROM unnest(:fields::text [], :rules::text []) AS chosen (field, rule)
ON CONFLICT (user_id, field) DO UPDATE
    SET rule = excluded.rule;
