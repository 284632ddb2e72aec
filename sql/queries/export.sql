-- Everything of a collector's Discogs data as text that PostgreSQL itself wrote: no number, time or sign passes through
-- another's hands. Each list is asked for in pages that follow each other.

-- name: find_account(user_id)
-- Who they are at Discogs, and how the connection stands; without tokens.
SELECT
    json_build_object('type', 'account', 'data', json_build_object(
        'discogs_username', p.discogs_username,
        'discogs_user_id', p.discogs_user_id,
        'discogs_connected_at', p.discogs_connected_at,
        'link', to_jsonb(l)
    ))::text AS line
FROM public.profiles AS p
LEFT JOIN rekkrd.links AS l ON p.id = l.user_id
WHERE p.id = :user_id;

-- name: list_folders(user_id)
-- Folders.
SELECT json_build_object('type', 'folder', 'data', to_jsonb(f))::text AS line
FROM rekkrd.folders AS f
WHERE f.user_id = :user_id
ORDER BY f.folder_id;

-- name: list_fields(user_id)
-- What the numbers of custom fields mean.
SELECT json_build_object('type', 'field', 'data', to_jsonb(f))::text AS line
FROM rekkrd.fields AS f
WHERE f.user_id = :user_id
ORDER BY f.field_id;

-- name: list_settings(user_id)
-- What was chosen for the sync.
SELECT json_build_object('type', 'sync_settings', 'data', to_jsonb(s))::text AS line
FROM rekkrd.sync_settings AS s
WHERE s.user_id = :user_id;

-- name: list_rules(user_id)
-- Rules for conflicts.
SELECT json_build_object('type', 'rule', 'data', to_jsonb(r))::text AS line
FROM rekkrd.rules AS r
WHERE r.user_id = :user_id
ORDER BY r.field;

-- name: list_nights(user_id)
-- The night that was had last.
SELECT json_build_object('type', 'night', 'data', to_jsonb(n))::text AS line
FROM rekkrd.nights AS n
WHERE n.user_id = :user_id;

-- name: list_undone_records(user_id)
-- Records that an undo changed and about which the user has not chosen yet.
SELECT json_build_object('type', 'undone_record', 'data', to_jsonb(u))::text AS line
FROM rekkrd.undone_records AS u
WHERE u.user_id = :user_id
ORDER BY u.is_want, u.record_id;

-- name: list_undos(user_id)
-- Syncs that were taken back.
SELECT json_build_object('type', 'undo', 'data', to_jsonb(u))::text AS line
FROM rekkrd.undos AS u
WHERE u.user_id = :user_id
ORDER BY u.synced_until;

-- name: list_usage(user_id)
-- Requests of each month.
SELECT json_build_object('type', 'usage', 'data', to_jsonb(u))::text AS line
FROM public.discogs_usage AS u
WHERE u.user_id = :user_id
ORDER BY u.month;

-- name: list_alerts(user_id)
-- Alerts.
SELECT json_build_object('type', 'price_alert', 'data', to_jsonb(a))::text AS line
FROM public.discogs_price_alerts AS a
WHERE a.user_id = :user_id
ORDER BY a.id;

-- name: list_mails(user_id)
-- Mails of alerts.
SELECT json_build_object('type', 'mail', 'data', to_jsonb(m))::text AS line
FROM rekkrd.mails AS m
WHERE m.user_id = :user_id
ORDER BY m.created_at, m.id;

-- name: list_firings(user_id)
-- What alerts saw when they fired.
SELECT json_build_object('type', 'alert_fired', 'data', to_jsonb(f))::text AS line
FROM rekkrd.firings AS f
WHERE f.user_id = :user_id
ORDER BY f.fired_at, f.id;

-- name: list_sellers(user_id)
-- Whom they watch. What is on offer there is no data of theirs.
SELECT json_build_object('type', 'watched_seller', 'data', to_jsonb(w))::text AS line
FROM rekkrd.watched_sellers AS w
WHERE w.user_id = :user_id
ORDER BY w.added_at, w.seller;

-- name: list_values(user_id)
-- What the collection was worth.
SELECT json_build_object('type', 'value', 'data', to_jsonb(v))::text AS line
FROM public.discogs_value_history AS v
WHERE v.user_id = :user_id
ORDER BY v.snapshot_date;

-- name: list_value_days(user_id)
-- How much of it that covered, and where the change came from.
SELECT json_build_object('type', 'value_day', 'data', to_jsonb(d))::text AS line
FROM rekkrd.value_days AS d
WHERE d.user_id = :user_id
ORDER BY d.day;

-- name: list_discogs_value(user_id)
-- What Discogs itself said.
SELECT json_build_object('type', 'discogs_value', 'data', to_jsonb(v))::text AS line
FROM rekkrd.discogs_values AS v
WHERE v.user_id = :user_id;

-- name: list_copies(user_id, after, room)
-- Copies with their releases, by number, from after this one on.
SELECT
    copy.instance_id AS key,
    json_build_object('type', 'copy', 'data', to_jsonb(copy), 'release', to_jsonb(release))::text AS line
FROM rekkrd.instances AS copy
LEFT JOIN rekkrd.releases AS release ON copy.release_id = release.release_id
WHERE copy.user_id = :user_id AND copy.instance_id > :after::bigint
ORDER BY copy.instance_id
LIMIT :room;

-- name: list_wants(user_id, after, room)
-- Wants with their releases.
SELECT
    want.release_id AS key,
    json_build_object('type', 'want', 'data', to_jsonb(want), 'release', to_jsonb(release))::text AS line
FROM rekkrd.wants AS want
LEFT JOIN rekkrd.releases AS release ON want.release_id = release.release_id
WHERE want.user_id = :user_id AND want.release_id > :after::bigint
ORDER BY want.release_id
LIMIT :room;

-- name: list_wantlist(user_id, after, room)
-- Wants as the app has them.
SELECT
    mine.discogs_release_id AS key,
    json_build_object('type', 'wanted', 'data', to_jsonb(mine))::text AS line
FROM public.discogs_wantlist AS mine
WHERE mine.user_id = :user_id AND mine.discogs_release_id > :after::bigint
ORDER BY mine.discogs_release_id
LIMIT :room;

-- name: list_agreed(user_id, after, room)
-- What both sides agreed on last.
SELECT
    pact.instance_id AS key,
    json_build_object('type', 'agreement', 'data', to_jsonb(pact))::text AS line
FROM rekkrd.agreed AS pact
WHERE pact.user_id = :user_id AND pact.instance_id > :after::bigint
ORDER BY pact.instance_id
LIMIT :room;

-- name: list_albums(user_id, after, room)
-- Albums, every column that the app has.
SELECT album.id AS key, json_build_object('type', 'album', 'data', to_jsonb(album))::text AS line
FROM public.albums AS album
WHERE album.user_id = :user_id AND album.id > :after::uuid
ORDER BY album.id
LIMIT :room;

-- name: list_questions(user_id, after, room)
-- What was asked, and answered.
SELECT question.id AS key, json_build_object('type', 'question', 'data', to_jsonb(question))::text AS line
FROM rekkrd.questions AS question
WHERE question.user_id = :user_id AND question.id > :after::uuid
ORDER BY question.id
LIMIT :room;

-- name: list_conflicts(user_id, after, room)
-- What changed on both sides, and how it was decided.
SELECT clash.id AS key, json_build_object('type', 'conflict', 'data', to_jsonb(clash))::text AS line
FROM rekkrd.conflicts AS clash
WHERE clash.user_id = :user_id AND clash.id > :after::uuid
ORDER BY clash.id
LIMIT :room;

-- name: list_intents(user_id, after, room)
-- What was meant to be added on Discogs.
SELECT intent.id AS key, json_build_object('type', 'intent', 'data', to_jsonb(intent))::text AS line
FROM rekkrd.intents AS intent
WHERE intent.user_id = :user_id AND intent.id > :after::uuid
ORDER BY intent.id
LIMIT :room;

-- name: list_value_copies(user_id, after, room)
-- What each copy was worth at the last snapshot.
SELECT copy.album_id AS key, json_build_object('type', 'value_copy', 'data', to_jsonb(copy))::text AS line
FROM rekkrd.value_copies AS copy
WHERE copy.user_id = :user_id AND copy.album_id > :after::uuid
ORDER BY copy.album_id
LIMIT :room;

-- name: list_sweeps(user_id, after, room)
-- Walks over the lists.
SELECT sweep.id AS key, json_build_object('type', 'sweep', 'data', to_jsonb(sweep))::text AS line
FROM rekkrd.sweeps AS sweep
WHERE sweep.user_id = :user_id AND sweep.id > :after::uuid
ORDER BY sweep.id
LIMIT :room;

-- name: list_imports(user_id, after, room)
-- Imports.
SELECT import.id AS key, json_build_object('type', 'import', 'data', to_jsonb(import))::text AS line
FROM public.discogs_import_jobs AS import
WHERE import.user_id = :user_id AND import.id > :after::uuid
ORDER BY import.id
LIMIT :room;

-- name: list_log(user_id, before_at, before_id, room)
-- The history, newest first, from below a given line.
SELECT
    log.created_at AS key_at,
    log.id AS key,
    json_build_object('type', 'history', 'data', to_jsonb(log))::text AS line
FROM public.discogs_sync_log AS log
WHERE log.user_id = :user_id AND (log.created_at, log.id) < (:before_at, :before_id)
ORDER BY log.created_at DESC, log.id DESC
LIMIT :room;
