-- The catalogue, read to write sql/schema.sql. Nothing here runs in production.

-- name: empty_search_path()^
-- Until the transaction ends every name comes out with its schema, whoever asks.
SELECT set_config('search_path', '', true) AS search_path;

-- name: find_tables()
-- Our tables and the plan's, with what is said about them.
SELECT
    c.oid,
    n.nspname || '.' || c.relname AS name,
    c.relrowsecurity AS has_row_security,
    obj_description(c.oid, 'pg_class') AS comment
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'rekkrd') AND c.relkind IN ('r', 'p')
ORDER BY n.nspname, c.relname;

-- name: find_columns(table_oid)
-- The columns of a table in their order.
SELECT
    quote_ident(a.attname) AS name,
    format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AS is_required,
    pg_get_expr(d.adbin, d.adrelid) AS default_value,
    col_description(a.attrelid, a.attnum) AS comment
FROM pg_attribute AS a
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = :table_oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;

-- name: find_constraints(table_oid)
-- Keys and checks of a table: the primary key first, then by kind and name.
SELECT c.conname AS name, pg_get_constraintdef(c.oid) AS definition
FROM pg_constraint AS c
WHERE c.conrelid = :table_oid AND c.contype IN ('p', 'u', 'f', 'c', 'x')
ORDER BY array_position(ARRAY['p', 'u', 'f', 'c', 'x'], c.contype::text), c.conname;

-- name: find_indexes(table_oid)
-- Indexes that no constraint made.
SELECT pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index AS i
INNER JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE i.indrelid = :table_oid
    AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY c.relname;

-- name: find_policies(table_oid)
-- Row-level security of a table.
SELECT
    p.polname AS name,
    CASE p.polcmd
        WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL'
    END AS command,
    pg_get_expr(p.polqual, p.polrelid) AS shown,
    pg_get_expr(p.polwithcheck, p.polrelid) AS written
FROM pg_policy AS p
WHERE p.polrelid = :table_oid
ORDER BY p.polname;

-- name: find_triggers(table_oid)
-- Triggers of a table, without those that keep foreign keys.
SELECT pg_get_triggerdef(t.oid) AS definition
FROM pg_trigger AS t
WHERE t.tgrelid = :table_oid AND NOT t.tgisinternal
ORDER BY t.tgname;

-- name: find_views()
-- Our views.
SELECT
    n.nspname || '.' || c.relname AS name,
    pg_get_viewdef(c.oid) AS definition,
    obj_description(c.oid, 'pg_class') AS comment
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'rekkrd') AND c.relkind IN ('v', 'm')
ORDER BY n.nspname, c.relname;

-- name: find_functions()
-- Our functions.
SELECT pg_get_functiondef(p.oid) AS definition
FROM pg_proc AS p
INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname IN ('public', 'rekkrd')
ORDER BY n.nspname, p.proname, p.oid::regprocedure::text;
