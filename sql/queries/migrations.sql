-- Statements of the migrations, on connections that keep their session.

-- name: create_schema()!
-- Our own schema; the table of migrations lives in it before the first of them ran.
CREATE SCHEMA IF NOT EXISTS rekkrd;

-- name: create_table()!
-- Which migrations this database has seen, and in what form.
CREATE TABLE IF NOT EXISTS rekkrd.migrations (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: has_table()$
-- Whether this database has ever been migrated.
SELECT to_regclass('rekkrd.migrations') IS NOT NULL AS has_table;

-- name: find_applied()
-- What was applied, in order.
SELECT name, checksum
FROM rekkrd.migrations
ORDER BY name;

-- name: record(name, checksum)!
-- Note a migration; in the same transaction where there is one.
INSERT INTO rekkrd.migrations (name, checksum)
VALUES (:name, :checksum);

-- name: take_lock(lock)$
-- Take the lock of the migrations until the transaction ends. False if another process holds it.
SELECT pg_try_advisory_xact_lock(:lock) AS is_ours;

-- name: keep_transaction()!
-- Let this transaction stay idle for as long as the migrations take. PostgreSQL 17 also bounds whole transactions.
SELECT set_config(name, '0', true)
FROM pg_settings
WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout');

-- name: find_lock_holder(lock)^
-- The session that holds the lock of the migrations, its state, and for how long it has been in it.
SELECT
    l.pid,
    a.application_name,
    a.state,
    extract(EPOCH FROM now() - a.state_change)::integer AS seconds
FROM pg_locks AS l
LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory'
    AND l.granted
    AND l.objsubid = 1
    AND (l.classid::bigint << 32) | l.objid::bigint = :lock
    AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database());

-- name: prepare_transaction(lock_timeout)^
-- Until the transaction ends: wait so long for a busy table, and no name means anything without its schema.
SELECT
    set_config('lock_timeout', :lock_timeout, true) AS lock_timeout,
    set_config('search_path', '', true) AS search_path;

-- name: prepare_session()^
-- For statements that have no transaction around them: no name means anything without its schema, and an index of
-- millions may take longer than the server lets a statement of the app take.
SELECT
    set_config('statement_timeout', '0', false) AS statement_timeout,
    set_config('search_path', '', false) AS search_path;

-- name: wait_for_locks(lock_timeout)^
-- From here on wait so long for a busy table.
SELECT set_config('lock_timeout', :lock_timeout, false) AS lock_timeout;

-- name: restore_lock_timeout()!
-- Wait as the server says.
RESET lock_timeout;

-- name: restore_statement_timeout()!
-- Take as long as the server says.
RESET statement_timeout;

-- name: restore_search_path()!
-- Look where the server says.
RESET search_path;

-- name: close_schema()!
-- What later migrations made in our schema is as closed as the rest, whatever the default privileges of this database.
DO $$
DECLARE
    stranger text;
BEGIN
    FOR stranger IN
        SELECT 'public' UNION ALL
        SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated')
    LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA rekkrd FROM %s', stranger);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA rekkrd FROM %s', stranger);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA rekkrd FROM %s', stranger);
        EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA rekkrd FROM %s', stranger);
    END LOOP;
END;
$$;

-- name: find_invalid_indexes()
-- Indexes that an interrupted CREATE INDEX CONCURRENTLY left behind, and how to remove them.
SELECT
    c.relname AS name,
    format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', n.nspname, c.relname) AS removal
FROM pg_index AS i
INNER JOIN pg_class AS c ON c.oid = i.indexrelid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND n.nspname IN ('public', 'rekkrd');

-- name: find_holder()^
-- The session that has held one of the tables we touch for the longest time.
SELECT
    a.pid,
    a.application_name,
    a.state,
    l.relation::regclass::text AS relation,
    extract(EPOCH FROM now() - a.xact_start)::integer AS seconds
FROM pg_locks AS l
INNER JOIN pg_stat_activity AS a ON a.pid = l.pid
INNER JOIN pg_class AS c ON c.oid = l.relation
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE l.granted
    AND l.pid <> pg_backend_pid()
    AND c.relkind IN ('r', 'p')
    AND n.nspname IN ('public', 'rekkrd')
ORDER BY a.xact_start NULLS LAST
LIMIT 1;
