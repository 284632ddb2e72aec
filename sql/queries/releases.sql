-- name: upsert(rows)!
-- Store releases as a list page shows them. Rows are touched in the order of their number, so that two pages that share
-- releases wait for each other instead of dying together, and only where something differs or an hour has passed.
-- A page without a picture does not take away the one that we have.
INSERT INTO rekkrd.releases AS known (
    release_id, master_id, title, artist, year, artists, labels, formats, genres, styles, thumb, cover_image
)
SELECT
    page.release_id,
    page.master_id,
    page.title,
    page.artist,
    page.year,
    page.artists,
    page.labels,
    page.formats,
    page.genres,
    page.styles,
    page.thumb,
    page.cover_image
FROM jsonb_to_recordset(:rows) AS page (
    release_id bigint, master_id bigint, title text, artist text, year integer, artists jsonb, labels jsonb,
    formats jsonb, genres text [], styles text [], thumb text, cover_image text
)
LEFT JOIN rekkrd.releases AS stored ON page.release_id = stored.release_id
WHERE stored.release_id IS NULL
    OR stored.fetched_at < now() - interval '1 hour'
    OR (
        page.master_id, page.title, page.artist, page.year, page.artists, page.labels, page.formats, page.genres,
        page.styles, coalesce(nullif(page.thumb, ''), stored.thumb),
        coalesce(nullif(page.cover_image, ''), stored.cover_image)
    ) IS DISTINCT FROM (
        stored.master_id, stored.title, stored.artist, stored.year, stored.artists, stored.labels, stored.formats,
        stored.genres, stored.styles, stored.thumb, stored.cover_image
    )
ORDER BY page.release_id
ON CONFLICT (release_id) DO UPDATE
    SET
        master_id = excluded.master_id,
        title = excluded.title,
        artist = excluded.artist,
        year = excluded.year,
        artists = excluded.artists,
        labels = excluded.labels,
        formats = excluded.formats,
        genres = excluded.genres,
        styles = excluded.styles,
        thumb = coalesce(nullif(excluded.thumb, ''), known.thumb),
        cover_image = coalesce(nullif(excluded.cover_image, ''), known.cover_image),
        fetched_at = now();
