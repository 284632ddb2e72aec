-- The catalogue of jobs in the database, for the door of applications that share it.

-- name: keep(kinds)!
-- Say the kinds of this release. One that it does not know stays: a newer release migrated, and jobs of it may come.
INSERT INTO rekkrd.kinds (
    kind, sentence, lane, unique_key, takes_token, speaks_for_user, has_import_row, arguments
)
SELECT
    kind,
    sentence,
    lane,
    unique_key,
    takes_token,
    speaks_for_user,
    has_import_row,
    arguments
FROM jsonb_populate_recordset(NULL::rekkrd.kinds, :kinds)
ON CONFLICT (kind) DO UPDATE
    SET
        sentence = excluded.sentence,
        lane = excluded.lane,
        unique_key = excluded.unique_key,
        takes_token = excluded.takes_token,
        speaks_for_user = excluded.speaks_for_user,
        has_import_row = excluded.has_import_row,
        arguments = excluded.arguments;

-- name: find_all()
-- The kinds that the SQL door knows.
SELECT
    kind,
    sentence,
    lane,
    unique_key,
    takes_token,
    speaks_for_user,
    has_import_row,
    arguments
FROM rekkrd.kinds
ORDER BY kind;
