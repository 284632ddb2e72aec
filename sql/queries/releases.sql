-- name: add(rows)!
-- Store releases that are not there yet. What a page does not tell is empty until another page does.
INSERT INTO rekkrd.releases (
    release_id, master_id, title, artist, year, artists, labels, formats, genres, styles, thumb, cover_image
)
SELECT
    page.release_id,
    nullif(page.master_id, 0),
    coalesce(page.title, ''),
    coalesce(page.artist, ''),
    nullif(page.year, 0),
    coalesce(nullif(page.artists, 'null'), '[]'),
    coalesce(nullif(page.labels, 'null'), '[]'),
    coalesce(nullif(page.formats, 'null'), '[]'),
    coalesce(page.genres, '{}'),
    coalesce(page.styles, '{}'),
    page.thumb,
    page.cover_image
FROM jsonb_to_recordset(:rows) AS page (
    release_id bigint, master_id bigint, title text, artist text, year integer, artists jsonb, labels jsonb,
    formats jsonb, genres text [], styles text [], thumb text, cover_image text
)
ORDER BY page.release_id
ON CONFLICT (release_id) DO NOTHING;

-- name: change(rows)!
-- Bring stored releases up to date. Null, an empty name and an empty picture are what the page did not tell, and leave
-- what is known; 0 empties a year or master. Rows are locked in the order of their id, so that two pages that share
-- releases wait for each other instead of ending in a deadlock, and only where something differs or an hour passed.
WITH page AS (
    SELECT
        listed.release_id,
        nullif(coalesce(listed.master_id, known.master_id), 0) AS master_id,
        coalesce(nullif(listed.title, ''), known.title) AS title,
        coalesce(nullif(listed.artist, ''), known.artist) AS artist,
        nullif(coalesce(listed.year, known.year), 0) AS year,
        CASE WHEN listed.artists = '[]' THEN known.artists
            ELSE coalesce(nullif(listed.artists, 'null'), known.artists)
        END AS artists,
        coalesce(nullif(listed.labels, 'null'), known.labels) AS labels,
        coalesce(nullif(listed.formats, 'null'), known.formats) AS formats,
        coalesce(listed.genres, known.genres) AS genres,
        coalesce(listed.styles, known.styles) AS styles,
        coalesce(nullif(listed.thumb, ''), known.thumb) AS thumb,
        coalesce(nullif(listed.cover_image, ''), known.cover_image) AS cover_image
    FROM jsonb_to_recordset(:rows) AS listed (
        release_id bigint, master_id bigint, title text, artist text, year integer, artists jsonb, labels jsonb,
        formats jsonb, genres text [], styles text [], thumb text, cover_image text
    )
    INNER JOIN rekkrd.releases AS known ON listed.release_id = known.release_id
    WHERE known.fetched_at < now() - interval '1 hour'
        OR (
            nullif(coalesce(listed.master_id, known.master_id), 0),
            coalesce(nullif(listed.title, ''), known.title),
            coalesce(nullif(listed.artist, ''), known.artist),
            nullif(coalesce(listed.year, known.year), 0),
            CASE WHEN listed.artists = '[]' THEN known.artists
                ELSE coalesce(nullif(listed.artists, 'null'), known.artists)
            END,
            coalesce(nullif(listed.labels, 'null'), known.labels),
            coalesce(nullif(listed.formats, 'null'), known.formats),
            coalesce(listed.genres, known.genres),
            coalesce(listed.styles, known.styles),
            coalesce(nullif(listed.thumb, ''), known.thumb),
            coalesce(nullif(listed.cover_image, ''), known.cover_image)
        ) IS DISTINCT FROM (
            known.master_id, known.title, known.artist, known.year, known.artists, known.labels, known.formats,
            known.genres, known.styles, known.thumb, known.cover_image
        )
    ORDER BY listed.release_id
    FOR UPDATE OF known
)
UPDATE rekkrd.releases AS known
SET
    master_id = page.master_id,
    title = page.title,
    artist = page.artist,
    year = page.year,
    artists = page.artists,
    labels = page.labels,
    formats = page.formats,
    genres = page.genres,
    styles = page.styles,
    thumb = page.thumb,
    cover_image = page.cover_image,
    fetched_at = now()
FROM page
WHERE known.release_id = page.release_id;

-- name: find(release_ids)
-- Releases by id.
SELECT
    release_id,
    master_id,
    title,
    artist,
    year,
    artists,
    labels,
    formats,
    genres,
    styles,
    thumb,
    cover_image
FROM rekkrd.releases
WHERE release_id = ANY(:release_ids);
