-- SQL functions that are replaced on migrate. Reads and writes functions.

-- name: create_table()!
-- The files of sql/functions that this database has, and in what form.
CREATE TABLE IF NOT EXISTS rekkrd.functions (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    replaced_at timestamptz NOT NULL DEFAULT now()
);

-- name: has_table()$
-- Whether functions were ever replaced here.
SELECT to_regclass('rekkrd.functions') IS NOT NULL AS has_table;

-- name: find_all()
-- The form of each function.
SELECT name, checksum
FROM rekkrd.functions
ORDER BY name;

-- name: prepare()^
-- Until the transaction ends: one function may name another that comes later, and every name needs its schema.
SELECT
    set_config('check_function_bodies', 'off', true) AS check_function_bodies,
    set_config('search_path', '', true) AS search_path;

-- name: record(name, checksum)!
-- Note the form of a function, in the transaction that replaces it.
INSERT INTO rekkrd.functions (name, checksum)
VALUES (:name, :checksum)
ON CONFLICT (name) DO UPDATE
    SET checksum = excluded.checksum, replaced_at = now();
