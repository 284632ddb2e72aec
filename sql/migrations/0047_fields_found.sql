-- What a copy said in its owner's own fields stands in its album by now, so nothing of that waits anywhere else.

UPDATE public.albums AS album
SET discogs_fields = lost.fields || coalesce(album.discogs_fields, '{}')
FROM (
    SELECT album_id, jsonb_object_agg('field_' || field_id, text) AS fields
    FROM rekkrd.lost_fields
    WHERE field_id > 3
    GROUP BY album_id
) AS lost
WHERE album.id = lost.album_id;

DROP TABLE rekkrd.lost_fields;
