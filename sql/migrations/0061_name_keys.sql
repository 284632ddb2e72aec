-- What two spellings of an artist or title have in common, as in services/collection/names.py, and the index by it.
-- Letter case beyond ASCII follows the database's locale, as that of every other lower() here.
CREATE FUNCTION rekkrd.title_key(title text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(
    nullif(
        regexp_replace(
            replace(
                regexp_replace(
                    lower(normalize(title)),
                    '^[ \t\n\r\u00a0\u2009\u202f]*the[ \t\n\r\u00a0\u2009\u202f]+', ''
                ),
                '&', 'and'
            ),
            '[]!"#$%''()*+,./:;<=>?@[\\^_`{|}~\u00a1\u00b4\u00b7\u00bf\u2010\u2011\u2012\u2013\u2014'
            '\u2018\u2019\u201c\u201d\u2026 \t\n\r\u00a0\u2009\u202f-]',
            '', 'g'
        ),
        ''
    ),
    regexp_replace(
        lower(normalize(title)), '^[ \t\n\r\u00a0\u2009\u202f]+|[ \t\n\r\u00a0\u2009\u202f]+$', '', 'g'
    )
);

CREATE FUNCTION rekkrd.artist_key(artist text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN rekkrd.title_key(
    regexp_replace(artist, '[ \t\n\r\u00a0\u2009\u202f]+\([0-9]+\)[ \t\n\r\u00a0\u2009\u202f]*$', '')
);

DROP INDEX public.albums_free_by_name;
CREATE INDEX albums_free_by_name ON public.albums (
    user_id, left(rekkrd.artist_key(artist), 100), left(rekkrd.title_key(title), 100)
)
WHERE discogs_instance_id IS NULL AND discogs_release_id IS NULL;
