-- The plan's own tables in schema public. On a database where the app made profiles and albums, only what is
-- missing is added, and ids that were made as INTEGER are widened: Discogs' instance ids passed 2^31 in 2025.
-- Indexes on albums are made by 0005_albums_indexes, without locking the app out.

-- What we build on must be there and be of the right kind, or nothing is touched.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(format('public.%s.%s is %s', needed.table_name, needed.column_name,
                             coalesce('of type ' || format_type(a.atttypid, a.atttypmod), 'missing')), ', ')
      INTO wrong
      FROM (VALUES ('profiles', 'id'), ('albums', 'id'), ('albums', 'user_id')) AS needed (table_name, column_name)
      JOIN pg_class AS c ON c.oid = to_regclass('public.' || needed.table_name)
      LEFT JOIN pg_attribute AS a
             ON a.attrelid = c.oid AND a.attname = needed.column_name AND NOT a.attisdropped
     WHERE a.atttypid IS DISTINCT FROM 'uuid'::regtype;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the app''s tables are not what the plan says: %', wrong
            USING HINT = 'profiles.id, albums.id and albums.user_id must be uuid.';
    END IF;
END;
$$;

-- Where the app has no such table we make it, and then strangers may read own rows at most: default privileges, as on
-- Supabase, would hand a new table in public to everybody.
DO $$
BEGIN
    IF to_regclass('public.profiles') IS NULL THEN
        CREATE TABLE public.profiles (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            handle text UNIQUE,
            email text,
            tier text NOT NULL DEFAULT 'collector',
            currency text NOT NULL DEFAULT 'USD',
            time_zone text NOT NULL DEFAULT 'UTC',
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT profiles_tier_known CHECK (tier IN ('collector', 'curator', 'archivist'))
        );
        ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
        CREATE POLICY profiles_own_row ON public.profiles FOR SELECT
        USING (id = (SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid));
    END IF;
    IF to_regclass('public.albums') IS NULL THEN
        CREATE TABLE public.albums (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
            created_at timestamptz NOT NULL DEFAULT now()
        );
        ALTER TABLE public.albums ENABLE ROW LEVEL SECURITY;
        CREATE POLICY albums_own_rows ON public.albums FOR SELECT
        USING (user_id = (SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid));
    END IF;
END;
$$;

ALTER TABLE public.profiles
ADD COLUMN IF NOT EXISTS discogs_oauth_token text,
ADD COLUMN IF NOT EXISTS discogs_oauth_secret text,
ADD COLUMN IF NOT EXISTS discogs_username text,
ADD COLUMN IF NOT EXISTS discogs_user_id bigint,
ADD COLUMN IF NOT EXISTS discogs_connected_at timestamptz;

ALTER TABLE public.albums
ADD COLUMN IF NOT EXISTS artist text,
ADD COLUMN IF NOT EXISTS title text,
ADD COLUMN IF NOT EXISTS year integer,
ADD COLUMN IF NOT EXISTS discogs_release_id bigint,
ADD COLUMN IF NOT EXISTS discogs_master_id bigint,
ADD COLUMN IF NOT EXISTS media_condition text,
ADD COLUMN IF NOT EXISTS sleeve_condition text,
ADD COLUMN IF NOT EXISTS discogs_folder_id bigint,
ADD COLUMN IF NOT EXISTS discogs_instance_id bigint,
ADD COLUMN IF NOT EXISTS discogs_notes text,
ADD COLUMN IF NOT EXISTS discogs_date_added timestamptz,
ADD COLUMN IF NOT EXISTS catalog_number text,
ADD COLUMN IF NOT EXISTS matrix_number text,
ADD COLUMN IF NOT EXISTS pressing_country text;

CREATE TABLE IF NOT EXISTS public.discogs_import_jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    status text NOT NULL DEFAULT 'pending',
    total_records integer,
    processed_records integer NOT NULL DEFAULT 0,
    skipped_records integer NOT NULL DEFAULT 0,
    current_page integer NOT NULL DEFAULT 0,
    error text,
    started_at timestamptz,
    completed_at timestamptz,
    CONSTRAINT discogs_import_jobs_status_known
    CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    CONSTRAINT discogs_import_jobs_counts_not_negative
    CHECK (processed_records >= 0 AND skipped_records >= 0 AND current_page >= 0)
);

CREATE INDEX IF NOT EXISTS discogs_import_jobs_of_user ON public.discogs_import_jobs (user_id);

CREATE TABLE IF NOT EXISTS public.discogs_sync_log (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    action text NOT NULL,
    discogs_release_id bigint,
    album_id uuid REFERENCES public.albums (id) ON DELETE SET NULL,
    status text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT discogs_sync_log_action_known
    CHECK (action IN ('import', 'export', 'update', 'delete', 'conflict')),
    CONSTRAINT discogs_sync_log_status_known
    CHECK (status IN ('success', 'failed', 'skipped', 'conflict'))
);

CREATE INDEX IF NOT EXISTS discogs_sync_log_of_user ON public.discogs_sync_log (user_id, created_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS discogs_sync_log_of_album ON public.discogs_sync_log (album_id)
WHERE album_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS public.discogs_price_cache (
    discogs_release_id bigint PRIMARY KEY,
    price_data jsonb,
    marketplace_stats jsonb,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    CONSTRAINT discogs_price_cache_expires_later CHECK (expires_at > fetched_at)
);

CREATE TABLE IF NOT EXISTS public.discogs_value_history (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    total_value_low numeric(14, 2),
    total_value_median numeric(14, 2),
    total_value_high numeric(14, 2),
    currency text NOT NULL DEFAULT 'USD',
    record_count integer NOT NULL DEFAULT 0,
    snapshot_date date NOT NULL DEFAULT current_date,
    CONSTRAINT discogs_value_history_count_not_negative CHECK (record_count >= 0)
);

ALTER TABLE public.discogs_value_history
ADD COLUMN IF NOT EXISTS currency text NOT NULL DEFAULT 'USD';

CREATE UNIQUE INDEX IF NOT EXISTS discogs_value_history_one_a_day
ON public.discogs_value_history (user_id, snapshot_date);

CREATE TABLE IF NOT EXISTS public.discogs_price_alerts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    discogs_release_id bigint NOT NULL,
    target_price numeric(12, 2) NOT NULL,
    currency text NOT NULL DEFAULT 'USD',
    condition_minimum text,
    is_active boolean NOT NULL DEFAULT true,
    last_checked_at timestamptz,
    triggered_at timestamptz,
    CONSTRAINT discogs_price_alerts_target_positive CHECK (target_price > 0)
);

ALTER TABLE public.discogs_price_alerts
ADD COLUMN IF NOT EXISTS currency text NOT NULL DEFAULT 'USD';

CREATE INDEX IF NOT EXISTS discogs_price_alerts_of_user ON public.discogs_price_alerts (user_id);
CREATE INDEX IF NOT EXISTS discogs_price_alerts_armed ON public.discogs_price_alerts (discogs_release_id)
WHERE is_active AND triggered_at IS NULL;

CREATE TABLE IF NOT EXISTS public.discogs_usage (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    month date NOT NULL,
    api_calls bigint NOT NULL DEFAULT 0,
    imports integer NOT NULL DEFAULT 0,
    syncs integer NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, month),
    CONSTRAINT discogs_usage_first_of_month CHECK (extract(DAY FROM month) = 1),
    CONSTRAINT discogs_usage_not_negative CHECK (api_calls >= 0 AND imports >= 0 AND syncs >= 0)
);

-- Ids that the app made as INTEGER become BIGINT, all of a table in one pass over its rows. Views of the app that show
-- such a column are taken down, the topmost first, and put up again as they were: definition, options, owner, rights,
-- comments; names come out with their schema, because the runner leaves search_path empty. What cannot be put up again
-- exactly (materialised views, rules, triggers and rights on single columns of views) stops us instead.
DO $$
DECLARE
    narrow record;
    standing record;
    again text [] := '{}';
    part text;
BEGIN
    CREATE TEMPORARY TABLE narrow_columns ON COMMIT DROP AS
    SELECT a.attrelid, a.attnum, a.attname
      FROM (VALUES
               ('profiles', 'discogs_user_id'),
               ('albums', 'discogs_release_id'), ('albums', 'discogs_master_id'),
               ('albums', 'discogs_folder_id'), ('albums', 'discogs_instance_id'),
               ('discogs_sync_log', 'discogs_release_id'),
               ('discogs_price_cache', 'discogs_release_id'),
               ('discogs_price_alerts', 'discogs_release_id')
           ) AS ours (table_name, column_name)
      JOIN pg_attribute AS a
        ON a.attrelid = to_regclass('public.' || ours.table_name) AND a.attname = ours.column_name
     WHERE a.atttypid IN ('integer'::regtype, 'smallint'::regtype) AND NOT a.attisdropped;

    CREATE TEMPORARY TABLE views_in_the_way ON COMMIT DROP AS
    WITH RECURSIVE above (view, depth) AS (
        SELECT w.ev_class, 1
          FROM narrow_columns AS n
          JOIN pg_depend AS d
            ON d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
           AND d.refobjid = n.attrelid AND d.refobjsubid = n.attnum
          JOIN pg_rewrite AS w ON w.oid = d.objid
        UNION
        SELECT w.ev_class, above.depth + 1
          FROM above
          JOIN pg_depend AS d
            ON d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
           AND d.refobjid = above.view
          JOIN pg_rewrite AS w ON w.oid = d.objid AND w.ev_class <> above.view
    )
    SELECT above.view, max(above.depth) AS depth
      FROM above
     GROUP BY above.view;

    SELECT string_agg(c.oid::regclass::text, ', ') INTO part
      FROM views_in_the_way AS v
      JOIN pg_class AS c ON c.oid = v.view
     WHERE c.relkind <> 'v'
        OR EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid)
        OR EXISTS (SELECT FROM pg_rewrite AS w WHERE w.ev_class = c.oid AND w.rulename <> '_RETURN')
        OR EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL);
    IF part IS NOT NULL THEN
        RAISE EXCEPTION 'a narrow id column must become BIGINT, but it is shown by %', part
            USING HINT = 'Drop what is named there, migrate, and make it again.';
    END IF;

    FOR standing IN
        SELECT c.oid, c.oid::regclass::text AS name, c.reloptions, c.relowner,
               coalesce(c.relacl, acldefault('r', c.relowner)) AS relacl,
               pg_get_viewdef(c.oid) AS definition
          FROM views_in_the_way AS v
          JOIN pg_class AS c ON c.oid = v.view
         ORDER BY v.depth, c.oid
    LOOP
        again := again || format(
            'CREATE VIEW %s%s AS %s', standing.name,
            coalesce(' WITH (' || array_to_string(standing.reloptions, ', ') || ')', ''), standing.definition
        );
        again := again || format('ALTER VIEW %s OWNER TO %I', standing.name, pg_get_userbyid(standing.relowner));
        -- Default privileges may give the new view more than the old one had, so all of it is said again.
        again := again || format('REVOKE ALL ON %s FROM PUBLIC', standing.name);
        SELECT again || coalesce(array_agg(format('REVOKE ALL ON %s FROM %I', standing.name, r.rolname)), '{}')
          INTO again
          FROM pg_roles AS r
         WHERE r.rolname IN ('anon', 'authenticated', 'service_role');
        SELECT again || coalesce(array_agg(format(
                   'GRANT %s ON %s TO %s%s', g.privilege_type, standing.name,
                   CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
                   CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)), '{}')
          INTO again
          FROM aclexplode(standing.relacl) AS g;
        SELECT again || coalesce(array_agg(
                   CASE WHEN d.objsubid = 0 THEN format('COMMENT ON VIEW %s IS %L', standing.name, d.description)
                        ELSE format('COMMENT ON COLUMN %s.%I IS %L', standing.name, a.attname, d.description)
                   END), '{}')
          INTO again
          FROM pg_description AS d
          LEFT JOIN pg_attribute AS a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
         WHERE d.classoid = 'pg_class'::regclass AND d.objoid = standing.oid;
    END LOOP;

    FOR standing IN
        SELECT v.view::regclass::text AS name FROM views_in_the_way AS v ORDER BY v.depth DESC, v.view DESC
    LOOP
        EXECUTE 'DROP VIEW ' || standing.name;
    END LOOP;
    FOR narrow IN
        SELECT n.attrelid::regclass::text AS name,
               string_agg(format('ALTER COLUMN %I TYPE bigint', n.attname), ', ' ORDER BY n.attnum) AS wider
          FROM narrow_columns AS n
         GROUP BY n.attrelid
    LOOP
        EXECUTE format('ALTER TABLE %s %s', narrow.name, narrow.wider);
    END LOOP;
    FOREACH part IN ARRAY again LOOP
        EXECUTE part;
    END LOOP;
END;
$$;

-- The seam to the app: an application with its own users replaces this view by its own SELECT of the same columns.
-- Columns are read by name through jsonb, so the default also stands on a profiles table that lacks some of them.
CREATE OR REPLACE VIEW rekkrd.users AS
SELECT
    p.id,
    coalesce(row.value ->> 'handle', row.value ->> 'username', p.id::text) AS handle,
    row.value ->> 'email' AS email,
    coalesce(row.value ->> 'tier', 'collector') AS tier,
    coalesce(row.value ->> 'currency', 'USD') AS currency,
    coalesce(row.value ->> 'time_zone', 'UTC') AS time_zone
FROM public.profiles AS p
CROSS JOIN LATERAL (SELECT to_jsonb(p) - 'discogs_oauth_token' - 'discogs_oauth_secret' AS value) AS row;
