-- name: add(user_id, rows)!
-- Keep one line for each record that was touched.
INSERT INTO public.discogs_sync_log (user_id, action, discogs_release_id, album_id, status, details)
SELECT :user_id, line.action, line.release_id, line.album_id, line.status, line.details
FROM jsonb_to_recordset(:rows) AS line (
    action text, release_id bigint, album_id uuid, status text, details jsonb
);

-- name: of_user(user_id, room)
-- A collector's newest lines.
SELECT action, discogs_release_id AS release_id, album_id, status, details
FROM public.discogs_sync_log
WHERE user_id = :user_id
ORDER BY created_at DESC, id DESC
LIMIT :room;
