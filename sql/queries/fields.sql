-- name: upsert(user_id, rows)!
-- Store a collector's custom fields as Discogs lists them.
INSERT INTO rekkrd.fields (user_id, field_id, name, type, options, position, lines, is_public)
SELECT
    :user_id,
    listed.field_id,
    listed.name,
    listed.type,
    listed.options,
    listed.position,
    listed.lines,
    listed.is_public
FROM jsonb_to_recordset(:rows) AS listed (
    field_id bigint, name text, type text, options text [], position integer, lines integer, is_public boolean
)
ON CONFLICT (user_id, field_id) DO UPDATE
    SET
        name = excluded.name,
        type = excluded.type,
        options = excluded.options,
        position = excluded.position,
        lines = excluded.lines,
        is_public = excluded.is_public,
        fetched_at = now();

-- name: delete_others(user_id, field_ids)!
-- Forget the fields that are no longer listed.
DELETE FROM rekkrd.fields
WHERE user_id = :user_id AND field_id <> ALL(:field_ids);

-- name: of_user(user_id)
-- A collector's custom fields, in the order that they chose.
SELECT field_id, name, type, options, position, lines, is_public
FROM rekkrd.fields
WHERE user_id = :user_id
ORDER BY position, field_id;
