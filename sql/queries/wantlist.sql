-- The app's own wantlist, what was agreed on with Discogs, and what therefore waits to go out.

-- name: of_releases(user_id, release_ids)
-- What the app says of these wants.
SELECT discogs_release_id AS release_id, notes AS want_notes, nullif(rating, 0) AS want_rating
FROM public.discogs_wantlist
WHERE user_id = :user_id AND discogs_release_id = ANY(:release_ids);

-- name: add(user_id, rows)
-- Put wants on the app's list; one that is on it stays as it is and has no row.
INSERT INTO public.discogs_wantlist (user_id, discogs_release_id, notes, rating)
SELECT :user_id, shown.release_id, shown.want_notes, coalesce(shown.want_rating, 0)
FROM jsonb_to_recordset(:rows) AS shown (release_id bigint, want_notes text, want_rating smallint)
ORDER BY shown.release_id
ON CONFLICT (user_id, discogs_release_id) DO NOTHING
RETURNING discogs_release_id AS release_id;

-- name: change(user_id, rows)
-- Write wants that still say what they said when they were read; the app may have written meanwhile.
UPDATE public.discogs_wantlist AS mine
SET notes = edit.want_notes, rating = coalesce(edit.want_rating, 0)
FROM jsonb_to_recordset(:rows) AS edit (
    release_id bigint, want_notes text, want_rating smallint, was_notes text, was_rating smallint
)
WHERE mine.user_id = :user_id
    AND mine.discogs_release_id = edit.release_id
    AND mine.notes = edit.was_notes
    AND mine.rating = coalesce(edit.was_rating, 0)
RETURNING mine.discogs_release_id AS release_id;

-- name: remove(user_id, rows)
-- Take wants off the app's list that still say what they said when they were read.
DELETE FROM public.discogs_wantlist AS mine
USING jsonb_to_recordset(:rows) AS gone (release_id bigint, want_notes text, want_rating smallint)
WHERE mine.user_id = :user_id
    AND mine.discogs_release_id = gone.release_id
    AND mine.notes = gone.want_notes
    AND mine.rating = coalesce(gone.want_rating, 0)
RETURNING mine.discogs_release_id AS release_id;

-- name: agree(user_id, rows)!
-- Note what both sides agree on, of the fields that are named.
UPDATE rekkrd.wants AS want
SET agreed = coalesce(want.agreed, '{}') || pact.fields
FROM jsonb_to_recordset(:rows) AS pact (release_id bigint, fields jsonb)
WHERE want.user_id = :user_id AND want.release_id = pact.release_id;

-- name: let_go(user_id, release_ids)!
-- Nothing is agreed on these any more: they are gone on both sides, or shall be added anew.
UPDATE rekkrd.wants
SET agreed = NULL
WHERE user_id = :user_id AND release_id = ANY(:release_ids);

-- name: vanished(user_id)
-- Wants that are missing on Discogs and on which something was agreed, with what the app says of them now, if anything.
SELECT
    want.release_id,
    want.agreed,
    want.fetched_at AS looked_at,
    mine.id IS NOT NULL AS is_here,
    mine.notes AS want_notes,
    nullif(mine.rating, 0) AS want_rating
FROM rekkrd.wants AS want
LEFT JOIN public.discogs_wantlist AS mine
    ON mine.user_id = want.user_id AND mine.discogs_release_id = want.release_id
WHERE want.user_id = :user_id
    AND want.missing_since IS NOT NULL
    AND want.agreed IS NOT NULL
    AND NOT want.is_local_only
ORDER BY want.release_id;

-- name: removed(user_id, release_id)!
-- The want is gone on Discogs, as the collector wanted: it is kept here as missing, and nothing is agreed on it.
UPDATE rekkrd.wants
SET missing_since = coalesce(missing_since, now()), agreed = NULL
WHERE user_id = :user_id AND release_id = :release_id;

-- name: waiting(user_id, after, room)
-- What waits to go out, in the order of releases: wants that are new here, edited, or removed. What changed on Discogs
-- too is a conflict and waits for its answer.
SELECT
    changed.release_id,
    changed.is_here,
    changed.is_there,
    changed.agreed,
    changed.want_notes,
    changed.want_rating,
    changed.their_notes,
    changed.their_rating,
    changed.looked_at,
    release.artist,
    release.title
FROM rekkrd.wants_going_out(:user_id) AS changed
LEFT JOIN rekkrd.releases AS release ON release.release_id = changed.release_id
WHERE changed.release_id > :after
ORDER BY changed.release_id
LIMIT :room;

-- name: count_unlooked(user_id, since)$
-- How many edits and removals wait of wants at which nobody looked since then.
SELECT count(*)
FROM rekkrd.wants_going_out(:user_id) AS changed
WHERE changed.is_there AND changed.looked_at < :since;

-- name: count_removals(user_id)^
-- How many wants would be removed on Discogs, of how many that are there.
SELECT
    (SELECT count(*) FROM rekkrd.wants_going_out(:user_id) AS changed WHERE NOT changed.is_here) AS removals,
    (SELECT count(*) FROM rekkrd.wants WHERE user_id = :user_id AND missing_since IS NULL) AS present;

-- name: now()$
-- The database's clock, by which looks are dated.
SELECT now();

-- name: restore(user_id, release_id)
-- Want again what is missing on Discogs: with the notes and rating that it had there.
INSERT INTO public.discogs_wantlist (user_id, discogs_release_id, notes, rating)
SELECT want.user_id, want.release_id, want.notes, want.rating
FROM rekkrd.wants AS want
WHERE want.user_id = :user_id AND want.release_id = :release_id AND want.missing_since IS NOT NULL
ON CONFLICT (user_id, discogs_release_id) DO NOTHING
RETURNING discogs_release_id AS release_id;

-- name: ask_owned(user_id)!
-- Ask of each want that is owned by now whether it may go, once.
INSERT INTO rekkrd.questions (user_id, kind, subject, details)
SELECT DISTINCT ON (mine.discogs_release_id)
    mine.user_id,
    'owned_want',
    mine.discogs_release_id::text,
    jsonb_build_object(
        'release_id', mine.discogs_release_id,
        'artist', release.artist,
        'title', release.title,
        'instance_id', copy.instance_id
    )
FROM public.discogs_wantlist AS mine
INNER JOIN rekkrd.instances AS copy
    ON copy.user_id = mine.user_id AND copy.release_id = mine.discogs_release_id AND copy.missing_since IS NULL
INNER JOIN rekkrd.releases AS release ON release.release_id = mine.discogs_release_id
WHERE mine.user_id = :user_id
    AND NOT EXISTS (
        SELECT FROM rekkrd.questions AS asked
        WHERE asked.user_id = mine.user_id
            AND asked.kind = 'owned_want'
            AND asked.subject = mine.discogs_release_id::text
            AND (asked.answered_at IS NULL OR asked.answer ->> 'drop' = 'false')
    )
ORDER BY mine.discogs_release_id, copy.instance_id
ON CONFLICT (user_id, kind, subject) WHERE answered_at IS NULL DO NOTHING;

-- name: close_owned(user_id, answer)!
-- Close such questions where the want or the copy is gone.
UPDATE rekkrd.questions AS asked
SET answered_at = now(), answer = :answer
WHERE asked.user_id = :user_id
    AND asked.kind = 'owned_want'
    AND asked.answered_at IS NULL
    AND NOT EXISTS (
        SELECT
        FROM public.discogs_wantlist AS mine
        INNER JOIN rekkrd.instances AS copy
            ON copy.user_id = mine.user_id
            AND copy.release_id = mine.discogs_release_id
            AND copy.missing_since IS NULL
        WHERE mine.user_id = asked.user_id AND mine.discogs_release_id = asked.subject::bigint
    );

-- name: ask_removed(user_id)!
-- Ask of each alert whose want is gone on both sides whether it stays. An alert that was set later is meant.
INSERT INTO rekkrd.questions (user_id, kind, subject, details)
SELECT DISTINCT ON (want.release_id)
    want.user_id,
    'removed_want',
    want.release_id::text,
    jsonb_build_object('release_id', want.release_id, 'artist', release.artist, 'title', release.title)
FROM rekkrd.wants AS want
INNER JOIN public.discogs_price_alerts AS alert
    ON alert.user_id = want.user_id AND alert.discogs_release_id = want.release_id AND alert.is_active
INNER JOIN rekkrd.releases AS release ON want.release_id = release.release_id
WHERE
    want.user_id = :user_id
    AND want.missing_since IS NOT NULL
    AND alert.created_at < want.missing_since
    AND NOT EXISTS (
        SELECT FROM public.discogs_wantlist AS mine
        WHERE mine.user_id = want.user_id AND mine.discogs_release_id = want.release_id
    )
    AND NOT EXISTS (
        SELECT FROM rekkrd.questions AS asked
        WHERE
            asked.user_id = want.user_id
            AND asked.kind = 'removed_want'
            AND asked.subject = want.release_id::text
            AND (
                asked.answered_at IS NULL
                OR (asked.answer ->> 'drop' = 'false' AND asked.answered_at > want.missing_since)
            )
    )
ORDER BY want.release_id
ON CONFLICT (user_id, kind, subject) WHERE answered_at IS NULL DO NOTHING;

-- name: close_removed(user_id, answer)!
-- Close such items where the release is wanted again or no alert is left.
UPDATE rekkrd.questions AS asked
SET answered_at = now(), answer = :answer
WHERE
    asked.user_id = :user_id
    AND asked.kind = 'removed_want'
    AND asked.answered_at IS NULL
    AND (
        EXISTS (
            SELECT FROM rekkrd.wants AS want
            WHERE
                want.user_id = asked.user_id AND want.release_id = asked.subject::bigint
                AND want.missing_since IS NULL
        )
        OR EXISTS (
            SELECT FROM public.discogs_wantlist AS mine
            WHERE mine.user_id = asked.user_id AND mine.discogs_release_id = asked.subject::bigint
        )
        OR NOT EXISTS (
            SELECT FROM public.discogs_price_alerts AS alert
            WHERE
                alert.user_id = asked.user_id AND alert.discogs_release_id = asked.subject::bigint
                AND alert.is_active
        )
    );

-- name: drop_owned(user_id, release_id)!
-- Take a want off the app's list, whatever it says.
DELETE FROM public.discogs_wantlist
WHERE user_id = :user_id AND discogs_release_id = :release_id;
