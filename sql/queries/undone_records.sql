-- Records that an undo changed here, and the effect of each choice of the user on them. Reads and writes undone_records
-- and the base of records and wants (agreed, wants); the pause itself is in links.

-- name: add(user_id, rows)!
-- Store what an undo did to a record. A removal covers everything else; fields of several lines are joined.
INSERT INTO rekkrd.undone_records AS known (user_id, is_want, record_id, act, fields)
SELECT
    :user_id,
    one.is_want,
    one.record_id,
    one.act,
    ARRAY(SELECT jsonb_array_elements_text(one.fields))
FROM jsonb_to_recordset(:rows) AS one (is_want boolean, record_id bigint, act text, fields jsonb)
ON CONFLICT (user_id, is_want, record_id) DO UPDATE
    SET
        act = CASE
            WHEN 'drop' IN (known.act, excluded.act) THEN 'drop'
            WHEN 'unmark' IN (known.act, excluded.act) THEN 'unmark'
            ELSE 'put_back'
        END,
        fields = ARRAY(SELECT DISTINCT unnest(known.fields || excluded.fields));

-- name: tally(user_id)^
-- How many records and wants an undo changed.
SELECT count(*) FILTER (WHERE NOT is_want) AS records, count(*) FILTER (WHERE is_want) AS wants
FROM rekkrd.undone_records
WHERE user_id = :user_id;

-- name: claim_deletions(user_id)!
-- Agree on what Discogs shows of copies that the undo removed here: without an album that is a deletion to push.
INSERT INTO rekkrd.agreed (user_id, instance_id, album_id, fields)
SELECT
    copy.user_id,
    copy.instance_id,
    NULL,
    rekkrd.shown_fields(copy, release)
FROM rekkrd.undone_records AS undone
INNER JOIN rekkrd.instances AS copy ON undone.user_id = copy.user_id AND undone.record_id = copy.instance_id
INNER JOIN rekkrd.releases AS release ON copy.release_id = release.release_id
WHERE undone.user_id = :user_id AND NOT undone.is_want AND undone.act = 'drop' AND copy.missing_since IS NULL
ON CONFLICT (user_id, instance_id) DO NOTHING;

-- name: claim_want_deletions(user_id)!
-- The same of wants that are not on the app's list.
UPDATE rekkrd.wants AS want
SET agreed = jsonb_build_object('want_notes', want.notes, 'want_rating', nullif(want.rating, 0))
FROM rekkrd.undone_records AS undone
WHERE undone.user_id = :user_id
    AND undone.is_want
    AND undone.act = 'drop'
    AND want.user_id = undone.user_id
    AND want.release_id = undone.record_id
    AND want.missing_since IS NULL
    AND want.agreed IS NULL
    AND NOT EXISTS (
        SELECT FROM public.discogs_wantlist AS mine
        WHERE mine.user_id = want.user_id AND mine.discogs_release_id = want.release_id
    );

-- name: claim_fields(user_id)!
-- Agree on what Discogs shows of the fields that an undo put back: their values here are edits to push then.
UPDATE rekkrd.agreed AS pact
SET
    fields = pact.fields || (
        SELECT coalesce(jsonb_object_agg(name.name, shown.fields -> name.name), '{}')
        FROM unnest(undone.fields) AS name (name)
    ),
    agreed_at = now()
FROM rekkrd.undone_records AS undone
INNER JOIN rekkrd.instances AS copy ON undone.user_id = copy.user_id AND undone.record_id = copy.instance_id
INNER JOIN rekkrd.releases AS release ON copy.release_id = release.release_id
CROSS JOIN LATERAL rekkrd.shown_fields(copy, release) AS shown (fields)
WHERE undone.user_id = :user_id
    AND NOT undone.is_want
    AND undone.act <> 'drop'
    AND pact.user_id = undone.user_id
    AND pact.instance_id = undone.record_id
    AND pact.album_id IS NOT NULL;

-- name: claim_want_fields(user_id)!
-- The same of wants.
UPDATE rekkrd.wants AS want
SET
    agreed = want.agreed || (
        SELECT coalesce(jsonb_object_agg(name.name, shown.shown -> name.name), '{}')
        FROM unnest(undone.fields) AS name (name)
        CROSS JOIN (
            SELECT jsonb_build_object('want_notes', want.notes, 'want_rating', nullif(want.rating, 0)) AS shown
        ) AS shown
    )
FROM rekkrd.undone_records AS undone
WHERE undone.user_id = :user_id
    AND undone.is_want
    AND undone.act <> 'drop'
    AND want.user_id = undone.user_id
    AND want.release_id = undone.record_id
    AND want.agreed IS NOT NULL;

-- name: list_unmarked(user_id)
-- Copies that Discogs does not list, though the undo counts them as present.
SELECT record_id
FROM rekkrd.undone_records
WHERE user_id = :user_id AND NOT is_want AND act = 'unmark';

-- name: mark_missing(user_id, instance_ids)!
-- Mark copies as missing again.
UPDATE rekkrd.instances
SET missing_since = now()
WHERE user_id = :user_id AND instance_id = ANY(:instance_ids) AND missing_since IS NULL;

-- name: claim_want_adds(user_id)!
-- Wants that Discogs does not list: nothing is agreed on them, so that they are adds to push.
UPDATE rekkrd.wants AS want
SET missing_since = coalesce(want.missing_since, now()), agreed = NULL
FROM rekkrd.undone_records AS undone
WHERE undone.user_id = :user_id
    AND undone.is_want
    AND undone.act = 'unmark'
    AND want.user_id = undone.user_id
    AND want.release_id = undone.record_id;

-- name: keep_local(user_id)!
-- Copies that have a base: imports and pushes leave them alone.
UPDATE rekkrd.agreed AS pact
SET is_local_only = TRUE
FROM rekkrd.undone_records AS undone
WHERE undone.user_id = :user_id
    AND NOT undone.is_want
    AND pact.user_id = undone.user_id
    AND pact.instance_id = undone.record_id;

-- name: keep_dropped_local(user_id)!
-- Copies that the undo removed here: a base without an album and without a field, for no import and no push.
INSERT INTO rekkrd.agreed (user_id, instance_id, album_id, fields, is_local_only)
SELECT copy.user_id, copy.instance_id, NULL, '{}', TRUE
FROM rekkrd.undone_records AS undone
INNER JOIN rekkrd.instances AS copy ON undone.user_id = copy.user_id AND undone.record_id = copy.instance_id
WHERE undone.user_id = :user_id AND NOT undone.is_want AND undone.act = 'drop'
ON CONFLICT (user_id, instance_id) DO NOTHING;

-- name: keep_wants_local(user_id)!
-- The same of wants.
UPDATE rekkrd.wants AS want
SET is_local_only = TRUE
FROM rekkrd.undone_records AS undone
WHERE undone.user_id = :user_id
    AND undone.is_want
    AND want.user_id = undone.user_id
    AND want.release_id = undone.record_id;

-- name: log_choice(user_id, choice)!
-- One history line a record.
INSERT INTO public.discogs_sync_log (user_id, action, discogs_release_id, album_id, status, details)
SELECT
    undone.user_id,
    'update',
    coalesce(copy.release_id, undone.record_id),
    pact.album_id,
    'success',
    jsonb_build_object('change', 'after_undo', 'choice', :choice::text, 'by', 'collector')
    || CASE
        WHEN undone.is_want THEN '{"list": "wantlist"}'
        ELSE jsonb_build_object('instance_id', undone.record_id)
    END
FROM rekkrd.undone_records AS undone
LEFT JOIN rekkrd.instances AS copy
    ON NOT undone.is_want AND undone.user_id = copy.user_id AND undone.record_id = copy.instance_id
LEFT JOIN rekkrd.agreed AS pact
    ON NOT undone.is_want AND undone.user_id = pact.user_id AND undone.record_id = pact.instance_id
WHERE undone.user_id = :user_id AND (undone.is_want OR copy.instance_id IS NOT NULL);

-- name: count_differences(user_id)^
-- Records and wants that a push would change on Discogs now; without the adds of records.
WITH records AS (
    SELECT
        count(*) FILTER (WHERE album.id IS NULL) AS deletions,
        count(*) FILTER (WHERE album.id IS NOT NULL) AS overwrites
    FROM rekkrd.instances AS copy
    INNER JOIN rekkrd.agreed AS pact ON copy.user_id = pact.user_id AND copy.instance_id = pact.instance_id
    LEFT JOIN public.albums AS album ON pact.album_id = album.id
    WHERE copy.user_id = :user_id
        AND copy.missing_since IS NULL
        AND NOT pact.is_local_only
        AND rekkrd.waits_to_go_out(pact.fields, album, copy)
),

wants AS (
    SELECT
        count(*) FILTER (WHERE NOT changed.is_here) AS deletions,
        count(*) FILTER (WHERE changed.is_here AND changed.is_there) AS overwrites,
        count(*) FILTER (WHERE changed.is_here AND NOT changed.is_there) AS adds
    FROM rekkrd.wants_going_out(:user_id) AS changed
)

SELECT
    records.deletions + wants.deletions AS deletions,
    records.overwrites + wants.overwrites AS overwrites,
    wants.adds
FROM records
CROSS JOIN wants;

-- name: pause(user_id)!
-- No import and no push runs for this connection until its user chooses.
UPDATE rekkrd.links
SET paused_reason = 'undone', paused_at = coalesce(paused_at, now())
WHERE user_id = :user_id;

-- name: needs_full_sync(user_id)!
-- The next sync reads everything. If the undone sync was the first complete import, there was none: albums from before
-- the next one are no adds.
UPDATE rekkrd.links AS link
SET
    collection_complete_at = NULL,
    wantlist_complete_at = NULL,
    collection_known_to = NULL,
    collection_first_complete_at = CASE
        WHEN EXISTS (
            SELECT FROM rekkrd.undos AS undo
            WHERE undo.user_id = link.user_id
                AND link.collection_first_complete_at BETWEEN undo.synced_from AND undo.synced_until
        ) THEN NULL
        ELSE link.collection_first_complete_at
    END
WHERE link.user_id = :user_id;

-- name: settle(user_id, is_want, record_id)!
-- One record was restored: no choice changes it any more.
DELETE FROM rekkrd.undone_records
WHERE user_id = :user_id AND is_want = :is_want AND record_id = :record_id;

-- name: clear(user_id)!
-- Nothing is left to choose.
DELETE FROM rekkrd.undone_records
WHERE user_id = :user_id;

-- name: resume(user_id)!
-- Imports and pushes run again.
UPDATE rekkrd.links
SET paused_reason = NULL, paused_at = NULL
WHERE user_id = :user_id;
