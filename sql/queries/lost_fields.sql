-- Custom fields of copies that are added again, until Discogs has them.

-- name: keep(user_id, album_id, fields)!
-- What the copy said, verbatim. Those of albums that were deleted meanwhile go.
WITH gone AS (
    DELETE FROM rekkrd.lost_fields AS lost
    WHERE lost.user_id = :user_id AND NOT EXISTS (SELECT FROM public.albums AS album WHERE album.id = lost.album_id)
)

INSERT INTO rekkrd.lost_fields (user_id, album_id, field_id, text)
SELECT :user_id, :album_id, said.field_id, said.value
FROM jsonb_to_recordset(:fields) AS said (field_id bigint, value text)
ON CONFLICT (album_id, field_id) DO NOTHING;

-- name: waiting(user_id, release_id, room)
-- What waits to be written, of one release or of all. A field that says something on Discogs by now is left alone.
SELECT
    lost.album_id,
    lost.field_id,
    lost.text,
    album.discogs_release_id AS release_id,
    copy.instance_id,
    copy.folder_id,
    album.artist,
    album.title
FROM rekkrd.lost_fields AS lost
INNER JOIN public.albums AS album ON lost.album_id = album.id
LEFT JOIN rekkrd.instances AS copy
    ON lost.user_id = copy.user_id AND album.discogs_instance_id = copy.instance_id AND copy.missing_since IS NULL
WHERE lost.user_id = :user_id
    AND (:release_id::bigint IS NULL OR album.discogs_release_id = :release_id::bigint)
    AND NOT coalesce(copy.fields, '[]') @> jsonb_build_array(jsonb_build_object('field_id', lost.field_id))
ORDER BY album.discogs_release_id, lost.album_id, lost.field_id
LIMIT :room;

-- name: let_go(album_id, field_id)!
-- Discogs has it, or refuses it.
DELETE FROM rekkrd.lost_fields
WHERE album_id = :album_id AND field_id = :field_id;
