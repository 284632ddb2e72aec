-- What `rekkrd doctor` asks: each statement looks, none changes anything.

-- name: describe_server()^
-- Which server this is, how full it is, and as whom we are there.
SELECT
    current_setting('server_version') AS version,
    current_setting('server_version_num')::integer AS number,
    pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS is_read_only,
    current_database() AS name,
    pg_postmaster_start_time() AS started_at,
    pg_database_size(current_database()) AS size,
    current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
        AS most_connections,
    (SELECT sum(numbackends) FROM pg_stat_database)::integer AS connections;

-- name: tell_time()$
-- The server's clock, now.
SELECT clock_timestamp() AS told_at;

-- name: say(channel, payload)^
-- Tell whoever listens on a channel.
SELECT pg_notify(:channel, :payload) AS said;

-- name: find_missing_rights(plan_tables)
-- What our role may not do with our own tables and the plan's, or cannot see because of row-level security. Of the
-- app's two tables it must see the rows; what else it needs there it was given when it migrated.
WITH ours AS (
    SELECT
        c.oid,
        n.nspname || '.' || c.relname AS relation,
        c.relkind IN ('r', 'p') AND row_security_active(c.oid) AS is_hidden,
        c.relkind = 'v' OR c.relname IN ('profiles', 'albums') AS is_for_reading
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE
        c.relkind IN ('r', 'p', 'v')
        AND (
            n.nspname = 'rekkrd'
            OR (n.nspname = 'public' AND c.relname = ANY(:plan_tables::text [] || ARRAY['profiles', 'albums']))
        )
),

missing AS (
    SELECT
        o.oid,
        string_agg(w.privilege, ', ' ORDER BY w.privilege) AS privileges
    FROM ours AS o
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS w (privilege)
    WHERE (w.privilege = 'SELECT' OR NOT o.is_for_reading) AND NOT has_table_privilege(o.oid, w.privilege)
    GROUP BY o.oid
)

SELECT
    o.relation,
    coalesce(m.privileges, '') AS privileges,
    o.is_hidden,
    current_user::text AS our_role
FROM ours AS o
LEFT JOIN missing AS m ON m.oid = o.oid
WHERE o.is_hidden OR m.oid IS NOT NULL
ORDER BY o.relation;

-- name: find_uncallable()
-- Functions of ours that our own role may not call.
SELECT
    p.oid::regprocedure::text AS function,
    current_user::text AS our_role
FROM pg_proc AS p
INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = 'rekkrd' AND NOT has_function_privilege(p.oid, 'EXECUTE')
ORDER BY function;

-- name: find_open_doors(plan_tables, own_rows, secret, told_by_discogs)
-- What strangers may do that they should not, and the statement that takes it away: in our schema anything, in the
-- plan's tables anything but reading own rows, in profiles what Discogs told us and above all the tokens.
WITH strangers AS (
    SELECT 'public'::text AS role
    UNION ALL
    SELECT rolname::text FROM pg_roles WHERE rolname IN ('anon', 'authenticated')
),

relations AS (
    SELECT
        c.oid,
        c.relkind,
        c.relrowsecurity,
        c.relname::text AS bare,
        n.nspname = 'rekkrd' AS is_ours,
        format('%%I.%%I', n.nspname, c.relname) AS name
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE
        c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        AND (n.nspname = 'rekkrd' OR (n.nspname = 'public' AND c.relname = ANY(:plan_tables::text [])))
),

privileges AS (
    SELECT unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
)

SELECT
    s.role,
    'USAGE' AS privilege,
    'the schema rekkrd' AS door,
    format('REVOKE ALL ON SCHEMA rekkrd FROM %%s', s.role) AS remedy
FROM strangers AS s
WHERE has_schema_privilege(s.role, 'rekkrd', 'USAGE, CREATE')
UNION ALL
SELECT
    s.role,
    string_agg(p.privilege, ', ' ORDER BY p.privilege) AS privilege,
    r.name AS door,
    format('REVOKE ALL ON %%s FROM %%s', r.name, s.role) AS remedy
FROM strangers AS s
CROSS JOIN relations AS r
CROSS JOIN privileges AS p
WHERE
    CASE
        WHEN r.relkind = 'S'
            THEN p.privilege IN ('SELECT', 'UPDATE') AND has_sequence_privilege(s.role, r.oid, p.privilege)
        WHEN p.privilege IN ('DELETE', 'TRUNCATE', 'TRIGGER') THEN has_table_privilege(s.role, r.oid, p.privilege)
        ELSE has_any_column_privilege(s.role, r.oid, p.privilege)
    END
    AND NOT (
        p.privilege = 'SELECT' AND s.role = 'authenticated' AND r.bare = ANY(:own_rows::text []) AND r.relrowsecurity
        AND NOT r.is_ours
    )
GROUP BY s.role, r.name
UNION ALL
SELECT
    s.role,
    'EXECUTE' AS privilege,
    p.oid::regprocedure::text AS door,
    format('REVOKE ALL ON FUNCTION %%s FROM %%s', p.oid::regprocedure, s.role) AS remedy
FROM strangers AS s
CROSS JOIN pg_proc AS p
INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = 'rekkrd' AND has_function_privilege(s.role, p.oid, 'EXECUTE')
UNION ALL
SELECT
    s.role,
    string_agg(p.privilege, ', ' ORDER BY p.privilege) AS privilege,
    'public.profiles.' || a.attname AS door,
    format('REVOKE ALL (%%I) ON public.profiles FROM %%s', a.attname, s.role) AS remedy
FROM strangers AS s
CROSS JOIN pg_attribute AS a
CROSS JOIN privileges AS p
WHERE
    a.attrelid = to_regclass('public.profiles') AND a.attnum > 0 AND NOT a.attisdropped
    AND (
        (p.privilege IN ('SELECT', 'REFERENCES') AND a.attname = ANY(:secret::text []))
        OR (p.privilege IN ('INSERT', 'UPDATE') AND a.attname = ANY(:told_by_discogs::text []))
    )
    AND has_column_privilege(s.role, a.attrelid, a.attnum, p.privilege)
GROUP BY s.role, a.attname
ORDER BY door, role;

-- name: find_seals()
-- With which keys the stored tokens are sealed, and one user for each.
SELECT
    split_part(discogs_oauth_token, '.', 2) AS key_id,
    count(*) AS users,
    (array_agg(id ORDER BY id))[1] AS user_id
FROM public.profiles
WHERE discogs_oauth_token IS NOT NULL
GROUP BY split_part(discogs_oauth_token, '.', 2)
ORDER BY users DESC, key_id;

-- name: find_sealed(user_id)^
-- The sealed token of one user.
SELECT
    id,
    discogs_oauth_token AS sealed
FROM public.profiles
WHERE id = :user_id;

-- name: count_links()
-- How the connections to Discogs stand.
SELECT
    state,
    count(*) AS users
FROM rekkrd.links
GROUP BY state;

-- name: count_failed(age)^
-- Failed jobs that are kept, and those of lately.
SELECT
    (SELECT count(*) FROM rekkrd.jobs WHERE state = 'failed') AS kept,
    (
        SELECT count(*)
        FROM rekkrd.jobs
        WHERE finished_at IS NOT NULL AND finished_at > now() - :age::interval AND state = 'failed'
    ) AS lately;

-- name: find_newest_tick()^
-- When a scheduler enqueued something last, since when it could have, and the latest run that is stored for the future.
SELECT
    (SELECT max(made_at) FROM rekkrd.ticks WHERE made_by IS NULL AND made_at <= clock_timestamp()) AS newest_at,
    (SELECT max(due_at) FROM rekkrd.ticks WHERE due_at > clock_timestamp()) AS ahead_until,
    (SELECT min(applied_at) FROM rekkrd.migrations) AS possible_since;

-- name: find_stuck(patience, long, kinds)
-- Live jobs that do not go on as they should, by what is wrong: how many, since when the first, and its id.
WITH stuck AS (
    SELECT
        'lease_over' AS trouble,
        id,
        leased_until AS since
    FROM rekkrd.jobs
    WHERE leased_until < now() - :patience::interval
    UNION ALL
    SELECT
        'call_over' AS trouble,
        id,
        called_until AS since
    FROM rekkrd.jobs
    WHERE called_until < now() - :patience::interval AND due_at <= now() AND kind = ANY(:kinds::text [])
    UNION ALL
    SELECT
        'unknown_kind' AS trouble,
        id,
        due_at AS since
    FROM rekkrd.jobs
    WHERE
        state IN ('pending', 'running', 'retrying') AND due_at < now() - :patience::interval
        AND kind <> ALL(:kinds::text [])
    UNION ALL
    SELECT
        'cancelling' AS trouble,
        id,
        cancel_requested_at AS since
    FROM rekkrd.jobs
    WHERE state IN ('pending', 'running', 'retrying') AND cancel_requested_at < now() - :patience::interval
    UNION ALL
    SELECT
        'crashing' AS trouble,
        id,
        started_at AS since
    FROM rekkrd.jobs
    WHERE state IN ('pending', 'running', 'retrying') AND crashes > 0
    UNION ALL
    SELECT
        'running_long' AS trouble,
        id,
        started_at AS since
    FROM rekkrd.jobs
    WHERE state IN ('pending', 'running', 'retrying') AND started_at < now() - :long::interval
    UNION ALL
    SELECT
        'orphaned' AS trouble,
        f.id,
        f.created_at AS since
    FROM rekkrd.jobs AS f
    INNER JOIN rekkrd.jobs AS j ON j.id = f.follows
    WHERE f.follows IS NOT NULL AND f.state = 'pending' AND j.finished_at < now() - :patience::interval
)

SELECT
    trouble,
    count(*) AS jobs,
    min(since) AS since,
    (array_agg(id ORDER BY since))[1] AS job_id
FROM stuck
GROUP BY trouble
ORDER BY trouble;
