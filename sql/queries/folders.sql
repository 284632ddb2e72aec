-- name: upsert(user_id, rows)!
-- Store a collector's folders as Discogs lists them.
INSERT INTO rekkrd.folders (user_id, folder_id, name, record_count)
SELECT :user_id, listed.folder_id, listed.name, listed.record_count
FROM jsonb_to_recordset(:rows) AS listed (folder_id bigint, name text, record_count integer)
ON CONFLICT (user_id, folder_id) DO UPDATE
    SET name = excluded.name, record_count = excluded.record_count, fetched_at = now();

-- name: delete_others(user_id, folder_ids)!
-- Forget the folders that are no longer listed.
DELETE FROM rekkrd.folders
WHERE user_id = :user_id AND folder_id <> ALL(:folder_ids);

-- name: of_user(user_id)
-- A collector's folders, in Discogs' order.
SELECT folder_id, name, record_count
FROM rekkrd.folders
WHERE user_id = :user_id
ORDER BY folder_id;
