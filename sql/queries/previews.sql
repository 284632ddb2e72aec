-- What a sync would do: the last look of a collector, page by page, and what it found.

-- name: clear(user_id)!
-- The look before this one, with all that it found.
DELETE FROM rekkrd.previews
WHERE user_id = :user_id;

-- name: start(user_id, job_id)!
-- A look that begins.
INSERT INTO rekkrd.previews (user_id, job_id) VALUES (:user_id, :job_id);

-- name: count_request(user_id)!
-- One more request was spent on it.
UPDATE rekkrd.previews
SET requests = requests + 1
WHERE user_id = :user_id;

-- name: finish(user_id, is_whole, asks_about_vanished)!
-- The look is over.
UPDATE rekkrd.previews
SET looked_at = now(), is_whole = :is_whole, asks_about_vanished = :asks_about_vanished
WHERE user_id = :user_id;

-- name: find(user_id)^
-- A collector's last look.
SELECT
    look.job_id,
    look.began_at,
    look.looked_at,
    now() AS read_at,
    look.requests,
    look.is_whole,
    look.asks_about_vanished,
    EXISTS (
        SELECT FROM rekkrd.jobs AS job
        WHERE job.id = look.job_id AND job.finished_at IS NULL
    ) AS is_live,
    EXISTS (
        SELECT FROM public.discogs_sync_log AS line
        WHERE line.user_id = look.user_id AND line.created_at > look.began_at
    ) AS is_outdated
FROM rekkrd.previews AS look
WHERE look.user_id = :user_id;

-- name: see(user_id, is_want, page, numbers)!
-- Which copies or wants a page showed.
INSERT INTO rekkrd.preview_pages (user_id, is_want, page, numbers) VALUES (:user_id, :is_want, :page, :numbers)
ON CONFLICT (user_id, is_want, page) DO UPDATE
    SET numbers = excluded.numbers;

-- name: count_seen(user_id, is_want)$
-- How many different copies or wants were seen.
SELECT count(DISTINCT one.number)
FROM rekkrd.preview_pages AS page
CROSS JOIN LATERAL unnest(page.numbers) AS one (number)
WHERE page.user_id = :user_id AND page.is_want = :is_want;

-- name: forget_list(user_id, is_want)!
-- What was found of one list, to look at it anew.
WITH pages AS (
    DELETE FROM rekkrd.preview_pages
    WHERE user_id = :user_id AND is_want = :is_want
)

DELETE FROM rekkrd.preview_items
WHERE user_id = :user_id AND is_want = :is_want;

-- name: forget_pages(user_id)!
-- What was seen, once nobody asks any more.
DELETE FROM rekkrd.preview_pages
WHERE user_id = :user_id;

-- name: add(user_id, rows)!
-- What a page would bring; what an earlier page said already, because the list moved between them, is said once.
INSERT INTO rekkrd.preview_items (
    user_id, way, change, is_want, release_id, instance_id, album_id, artist, title, field, base, before, after
)
SELECT
    :user_id,
    item.way,
    item.change,
    item.is_want,
    item.release_id,
    item.instance_id,
    item.album_id,
    item.artist,
    item.title,
    item.field,
    item.base,
    item.before,
    item.after
FROM jsonb_to_recordset(:rows) AS item (
    way text, change text, is_want boolean, release_id bigint, instance_id bigint, album_id uuid, artist text,
    title text, field text, base jsonb, before jsonb, after jsonb
)
ON CONFLICT DO NOTHING;

-- name: add_vanished_copies(user_id)!
-- Copies that the look did not see.
INSERT INTO rekkrd.preview_items (user_id, way, change, is_want, release_id, instance_id, album_id, artist, title)
SELECT :user_id, 'vanishes', 'gone', FALSE, copy.release_id, copy.instance_id, pact.album_id, release.artist,
    release.title
FROM rekkrd.instances AS copy
INNER JOIN rekkrd.releases AS release ON copy.release_id = release.release_id
LEFT JOIN rekkrd.agreed AS pact ON copy.user_id = pact.user_id AND copy.instance_id = pact.instance_id
WHERE copy.user_id = :user_id
    AND copy.missing_since IS NULL
    AND copy.instance_id NOT IN (
        SELECT unnest(page.numbers)
        FROM rekkrd.preview_pages AS page
        WHERE page.user_id = :user_id AND NOT page.is_want
    )
ORDER BY copy.release_id, copy.instance_id;

-- name: add_vanished_wants(user_id)!
-- Wants that the look did not see.
INSERT INTO rekkrd.preview_items (user_id, way, change, is_want, release_id, artist, title)
SELECT :user_id, 'vanishes', 'gone', TRUE, want.release_id, release.artist, release.title
FROM rekkrd.wants AS want
INNER JOIN rekkrd.releases AS release ON want.release_id = release.release_id
WHERE want.user_id = :user_id
    AND want.missing_since IS NULL
    AND want.release_id NOT IN (
        SELECT unnest(page.numbers)
        FROM rekkrd.preview_pages AS page
        WHERE page.user_id = :user_id AND page.is_want
    )
ORDER BY want.release_id;

-- name: mark_vanished_copies(user_id)!
-- For a dry run: these copies as they will be.
UPDATE rekkrd.instances AS copy
SET missing_since = now()
FROM rekkrd.preview_items AS item
WHERE item.user_id = :user_id
    AND item.way = 'vanishes'
    AND NOT item.is_want
    AND copy.user_id = item.user_id
    AND copy.instance_id = item.instance_id;

-- name: mark_vanished_wants(user_id)!
-- For a dry run: these wants as they will be.
UPDATE rekkrd.wants AS want
SET missing_since = now()
FROM rekkrd.preview_items AS item
WHERE item.user_id = :user_id
    AND item.way = 'vanishes'
    AND item.is_want
    AND want.user_id = item.user_id
    AND want.release_id = item.release_id;

-- name: turn_into_conflicts(user_id, is_want, numbers)!
-- What vanishes on Discogs and was edited here is a conflict instead.
UPDATE rekkrd.preview_items
SET way = 'conflicts', change = 'edited here, gone on Discogs'
WHERE user_id = :user_id
    AND way = 'vanishes'
    AND is_want = :is_want
    AND CASE WHEN is_want THEN release_id ELSE instance_id END = ANY(:numbers);

-- name: tally(user_id)
-- How many of each.
SELECT way, is_want, count(*) AS items, count(DISTINCT coalesce(instance_id, release_id)) AS records
FROM rekkrd.preview_items
WHERE user_id = :user_id
GROUP BY way, is_want;

-- name: page(user_id, way, of_wants, release_id, instance_id, field, after_way, room)
-- Items after a place: copies before wants, by release, copy and field. The place may be gone.
SELECT way, change, is_want, release_id, instance_id, album_id, artist, title, field, base, before, after
FROM rekkrd.preview_items
WHERE user_id = :user_id
    AND (is_want, release_id, coalesce(instance_id, 0), coalesce(field, ''), way)
    > (:of_wants, :release_id, :instance_id, :field, :after_way)
    AND (:way::text IS NULL OR way = :way)
ORDER BY is_want, release_id, coalesce(instance_id, 0), coalesce(field, ''), way
LIMIT :room;

-- name: clashing(user_id, numbers)
-- Which fields of these copies, or of the wants of these releases, would be in conflict; none of a whole record.
SELECT is_want, coalesce(instance_id, release_id) AS number, field
FROM rekkrd.preview_items
WHERE user_id = :user_id AND way = 'conflicts' AND coalesce(instance_id, release_id) = ANY(:numbers);
