-- The end of a collector's Discogs data: albums first, while what tells about them is still there, then table by table,
-- a piece a statement. Rows are found by their place in the table: a piece never looks at more than it deletes.

-- name: next_albums(user_id, after, room)
-- The next albums of a collector.
SELECT id
FROM public.albums
WHERE user_id = :user_id AND id > :after
ORDER BY id
LIMIT :room;

-- name: hold_albums(user_id, album_ids)!
-- Let nobody edit these albums until they are judged and gone.
SELECT id
FROM public.albums
WHERE user_id = :user_id AND id = ANY(:album_ids)
ORDER BY id
FOR UPDATE;

-- name: judge_albums(user_id, album_ids)
-- Whether each of these albums may go. An import made it, all that it says is what was agreed on, every column of the
-- app's own is empty or as it was given, and no table of the app's own refers to it.
WITH piece AS MATERIALIZED (
    SELECT album.id, to_jsonb(album) - 'discogs_fields' || coalesce(album.discogs_fields, '{}') AS said
    FROM public.albums AS album
    WHERE album.user_id = :user_id AND album.id = ANY(:album_ids)
),

known AS MATERIALIZED (
    SELECT
        rekkrd.album_defaults() AS defaults,
        (SELECT rekkrd.albums_in_use(array_agg(piece.id)) FROM piece) AS in_use
)

SELECT
    piece.id,
    (
        coalesce(piece.said ->> 'discogs_instance_id', piece.said ->> 'discogs_folder_id') IS NOT NULL
        OR piece.said ->> 'discogs_date_added' IS NOT NULL OR pact.album_id IS NOT NULL
    ) AS is_tied,
    (
        pact.album_id IS NOT NULL AND piece.id <> ALL(known.in_use)
        AND EXISTS (
            SELECT FROM public.discogs_sync_log AS line
            WHERE line.album_id = piece.id AND line.details @> '{"made_album": true}'
        )
        AND NOT EXISTS (
            SELECT FROM jsonb_each(
                piece.said - '{id,user_id,created_at,updated_at,discogs_instance_id,discogs_date_added}'::text []
            ) AS stands (name, value)
            WHERE CASE
                WHEN pact.fields ? stands.name
                    THEN coalesce(nullif(stands.value, '""'), 'null')
                        IS DISTINCT FROM coalesce(nullif(pact.fields -> stands.name, '""'), 'null')
                ELSE
                    stands.value NOT IN ('null', '""', '[]', '{}')
                    AND stands.value IS DISTINCT FROM known.defaults -> stands.name
            END
        )
    ) AS is_removable
FROM piece
CROSS JOIN known
LEFT JOIN rekkrd.agreed AS pact ON piece.id = pact.album_id AND pact.user_id = :user_id
ORDER BY piece.id;

-- name: unlink_albums(user_id, album_ids)!
-- Albums stay without what ties them to the account; notes and own fields go too where nobody edited them here.
UPDATE public.albums AS album
SET
    discogs_instance_id = NULL,
    discogs_folder_id = NULL,
    discogs_date_added = NULL,
    discogs_notes = CASE WHEN album.discogs_notes = known.notes THEN NULL ELSE album.discogs_notes END,
    discogs_fields = (
        SELECT jsonb_object_agg(own.name, own.value)
        FROM jsonb_each(album.discogs_fields) AS own (name, value)
        WHERE own.value IS DISTINCT FROM known.fields -> own.name
    )
FROM (
    SELECT one.id, pact.fields, pact.fields ->> 'discogs_notes' AS notes
    FROM unnest(:album_ids::uuid []) AS one (id)
    LEFT JOIN rekkrd.agreed AS pact ON one.id = pact.album_id
) AS known
WHERE album.id = known.id AND album.user_id = :user_id;

-- name: forget_agreements_on(user_id, album_ids)!
-- What was agreed on these albums goes with them: an agreement without its album would be a deletion that waits to go
-- out to Discogs.
DELETE FROM rekkrd.agreed
WHERE album_id = ANY(:album_ids) AND user_id = :user_id;

-- name: forget_albums(user_id, album_ids)!
-- Delete albums.
DELETE FROM public.albums
WHERE id = ANY(:album_ids) AND user_id = :user_id;

-- name: forget_agreed(user_id, room)!
-- Agreements on copies whose albums were deleted before.
DELETE FROM rekkrd.agreed
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.agreed WHERE user_id = :user_id LIMIT :room));

-- name: forget_conflicts(user_id, room)!
-- What changed on both sides.
DELETE FROM rekkrd.conflicts
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.conflicts WHERE user_id = :user_id LIMIT :room));

-- name: forget_questions(user_id, room)!
-- What was asked.
DELETE FROM rekkrd.questions
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.questions WHERE user_id = :user_id LIMIT :room));

-- name: forget_intents(user_id, room)!
-- What was meant to be added.
DELETE FROM rekkrd.intents
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.intents WHERE user_id = :user_id LIMIT :room));

-- name: forget_instances(user_id, room)!
-- Copies.
DELETE FROM rekkrd.instances
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.instances WHERE user_id = :user_id LIMIT :room));

-- name: forget_wantlist(user_id, room)!
-- Wants as the app has them.
DELETE FROM public.discogs_wantlist
WHERE ctid = ANY(ARRAY(SELECT ctid FROM public.discogs_wantlist WHERE user_id = :user_id LIMIT :room));

-- name: forget_wants(user_id, room)!
-- Wants.
DELETE FROM rekkrd.wants
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.wants WHERE user_id = :user_id LIMIT :room));

-- name: forget_undone_records(user_id, room)!
-- Records that an undo changed.
DELETE FROM rekkrd.undone_records
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.undone_records WHERE user_id = :user_id LIMIT :room));

-- name: forget_undos(user_id, room)!
-- Which syncs were taken back.
DELETE FROM rekkrd.undos
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.undos WHERE user_id = :user_id LIMIT :room));

-- name: forget_preview_items(user_id, room)!
-- What a sync would have brought.
DELETE FROM rekkrd.preview_items
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.preview_items WHERE user_id = :user_id LIMIT :room));

-- name: forget_preview_pages(user_id, room)!
-- What a look saw.
DELETE FROM rekkrd.preview_pages
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.preview_pages WHERE user_id = :user_id LIMIT :room));

-- name: forget_previews(user_id, room)!
-- The look itself.
DELETE FROM rekkrd.previews
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.previews WHERE user_id = :user_id LIMIT :room));

-- name: forget_folders(user_id, room)!
-- Folders.
DELETE FROM rekkrd.folders
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.folders WHERE user_id = :user_id LIMIT :room));

-- name: forget_fields(user_id, room)!
-- Custom fields.
DELETE FROM rekkrd.fields
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.fields WHERE user_id = :user_id LIMIT :room));

-- name: forget_discogs_value_history(user_id, room)!
-- What the collection was worth.
DELETE FROM public.discogs_value_history
WHERE ctid = ANY(ARRAY(SELECT ctid FROM public.discogs_value_history WHERE user_id = :user_id LIMIT :room));

-- name: forget_value_days(user_id, room)!
-- Where its changes came from.
DELETE FROM rekkrd.value_days
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.value_days WHERE user_id = :user_id LIMIT :room));

-- name: forget_value_copies(user_id, room)!
-- What each copy was worth.
DELETE FROM rekkrd.value_copies
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.value_copies WHERE user_id = :user_id LIMIT :room));

-- name: forget_discogs_values(user_id, room)!
-- What Discogs itself said of it.
DELETE FROM rekkrd.discogs_values
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.discogs_values WHERE user_id = :user_id LIMIT :room));

-- name: forget_firings(user_id, room)!
-- What alerts saw when they fired.
DELETE FROM rekkrd.firings
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.firings WHERE user_id = :user_id LIMIT :room));

-- name: forget_mails(user_id, room)!
-- Their mails, also those that were not sent yet.
DELETE FROM rekkrd.mails
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.mails WHERE user_id = :user_id LIMIT :room));

-- name: forget_discogs_price_alerts(user_id, room)!
-- Alerts.
DELETE FROM public.discogs_price_alerts
WHERE ctid = ANY(ARRAY(SELECT ctid FROM public.discogs_price_alerts WHERE user_id = :user_id LIMIT :room));

-- name: forget_discogs_sync_log(user_id, room)!
-- The story of every record; after the albums, of which it tells which ones an import made.
DELETE FROM public.discogs_sync_log
WHERE ctid = ANY(ARRAY(SELECT ctid FROM public.discogs_sync_log WHERE user_id = :user_id LIMIT :room));

-- name: forget_sweeps(user_id, room)!
-- Walks over the lists.
DELETE FROM rekkrd.sweeps
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.sweeps WHERE user_id = :user_id LIMIT :room));

-- name: forget_discogs_import_jobs(user_id, room)!
-- The plan's rows of imports.
DELETE FROM public.discogs_import_jobs
WHERE ctid = ANY(ARRAY(SELECT ctid FROM public.discogs_import_jobs WHERE user_id = :user_id LIMIT :room));

-- name: forget_jobs(user_id, room)!
-- Jobs that spoke for the account and are over: their checkpoints and logs name it.
DELETE FROM rekkrd.jobs
WHERE
    ctid = ANY(ARRAY(
        SELECT ctid
        FROM rekkrd.jobs
        WHERE user_id = :user_id AND speaks_for_user AND finished_at IS NOT NULL
        LIMIT :room
    ));

-- name: forget_watched_sellers(user_id, room)!
-- Whom they watched; a shop that nobody watches any more is forgotten when it is due.
DELETE FROM rekkrd.watched_sellers
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.watched_sellers WHERE user_id = :user_id LIMIT :room));

-- name: forget_rules(user_id, room)!
-- Rules for conflicts.
DELETE FROM rekkrd.rules
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.rules WHERE user_id = :user_id LIMIT :room));

-- name: forget_sync_settings(user_id, room)!
-- What was chosen for the sync.
DELETE FROM rekkrd.sync_settings
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.sync_settings WHERE user_id = :user_id LIMIT :room));

-- name: forget_nights(user_id, room)!
-- The night that was had last.
DELETE FROM rekkrd.nights
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.nights WHERE user_id = :user_id LIMIT :room));

-- name: forget_handshakes(user_id, room)!
-- Hand-shakes, with what their tokens were.
DELETE FROM rekkrd.handshakes
WHERE ctid = ANY(ARRAY(SELECT ctid FROM rekkrd.handshakes WHERE user_id = :user_id LIMIT :room));

-- name: unbind(user_id)!
-- Forget which account it was, and the link to it.
WITH unbound AS (
    UPDATE public.profiles
    SET
        discogs_oauth_token = NULL,
        discogs_oauth_secret = NULL,
        discogs_connected_at = NULL,
        discogs_username = NULL,
        discogs_user_id = NULL
    WHERE id = :user_id
)
DELETE FROM rekkrd.links
WHERE user_id = :user_id;

-- name: is_under_way(user_id, kind)$
-- Whether the removal is not at its end yet.
SELECT EXISTS (
    SELECT FROM rekkrd.jobs
    WHERE user_id = :user_id AND unique_key = :kind AND state IN ('pending', 'running', 'retrying')
);

-- name: count(user_id)
-- How many rows of each table there are.
SELECT 'agreed' AS name, count(*) AS rows FROM rekkrd.agreed WHERE user_id = :user_id
UNION ALL SELECT 'conflicts', count(*) FROM rekkrd.conflicts WHERE user_id = :user_id
UNION ALL SELECT 'questions', count(*) FROM rekkrd.questions WHERE user_id = :user_id
UNION ALL SELECT 'intents', count(*) FROM rekkrd.intents WHERE user_id = :user_id
UNION ALL SELECT 'instances', count(*) FROM rekkrd.instances WHERE user_id = :user_id
UNION ALL SELECT 'discogs_wantlist', count(*) FROM public.discogs_wantlist WHERE user_id = :user_id
UNION ALL SELECT 'wants', count(*) FROM rekkrd.wants WHERE user_id = :user_id
UNION ALL SELECT 'undone_records', count(*) FROM rekkrd.undone_records WHERE user_id = :user_id
UNION ALL SELECT 'undos', count(*) FROM rekkrd.undos WHERE user_id = :user_id
UNION ALL SELECT 'preview_items', count(*) FROM rekkrd.preview_items WHERE user_id = :user_id
UNION ALL SELECT 'preview_pages', count(*) FROM rekkrd.preview_pages WHERE user_id = :user_id
UNION ALL SELECT 'previews', count(*) FROM rekkrd.previews WHERE user_id = :user_id
UNION ALL SELECT 'folders', count(*) FROM rekkrd.folders WHERE user_id = :user_id
UNION ALL SELECT 'fields', count(*) FROM rekkrd.fields WHERE user_id = :user_id
UNION ALL SELECT 'discogs_value_history', count(*) FROM public.discogs_value_history WHERE user_id = :user_id
UNION ALL SELECT 'value_days', count(*) FROM rekkrd.value_days WHERE user_id = :user_id
UNION ALL SELECT 'value_copies', count(*) FROM rekkrd.value_copies WHERE user_id = :user_id
UNION ALL SELECT 'discogs_values', count(*) FROM rekkrd.discogs_values WHERE user_id = :user_id
UNION ALL SELECT 'firings', count(*) FROM rekkrd.firings WHERE user_id = :user_id
UNION ALL SELECT 'mails', count(*) FROM rekkrd.mails WHERE user_id = :user_id
UNION ALL SELECT 'discogs_price_alerts', count(*) FROM public.discogs_price_alerts WHERE user_id = :user_id
UNION ALL SELECT 'discogs_sync_log', count(*) FROM public.discogs_sync_log WHERE user_id = :user_id
UNION ALL SELECT 'sweeps', count(*) FROM rekkrd.sweeps WHERE user_id = :user_id
UNION ALL SELECT 'discogs_import_jobs', count(*) FROM public.discogs_import_jobs WHERE user_id = :user_id
UNION ALL SELECT 'jobs', count(*) FROM rekkrd.jobs WHERE user_id = :user_id AND speaks_for_user
UNION ALL SELECT 'watched_sellers', count(*) FROM rekkrd.watched_sellers WHERE user_id = :user_id
UNION ALL SELECT 'rules', count(*) FROM rekkrd.rules WHERE user_id = :user_id
UNION ALL SELECT 'sync_settings', count(*) FROM rekkrd.sync_settings WHERE user_id = :user_id
UNION ALL SELECT 'nights', count(*) FROM rekkrd.nights WHERE user_id = :user_id
UNION ALL SELECT 'handshakes', count(*) FROM rekkrd.handshakes WHERE user_id = :user_id;
