-- The plan's own tables in schema public. On a database where the app made profiles and albums, only what is
-- missing is added, and ids that were made as INTEGER are widened: Discogs' instance ids passed 2^31 in 2025.

CREATE TABLE IF NOT EXISTS public.profiles (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    handle text UNIQUE,
    email text,
    tier text NOT NULL DEFAULT 'collector',
    currency text NOT NULL DEFAULT 'USD',
    time_zone text NOT NULL DEFAULT 'UTC',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT profiles_tier_known CHECK (tier IN ('collector', 'curator', 'archivist'))
);

ALTER TABLE public.profiles
ADD COLUMN IF NOT EXISTS discogs_oauth_token text,
ADD COLUMN IF NOT EXISTS discogs_oauth_secret text,
ADD COLUMN IF NOT EXISTS discogs_username text,
ADD COLUMN IF NOT EXISTS discogs_user_id bigint,
ADD COLUMN IF NOT EXISTS discogs_connected_at timestamptz;

CREATE TABLE IF NOT EXISTS public.albums (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);

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

DO $$
DECLARE
    narrow record;
BEGIN
    FOR narrow IN
        SELECT c.table_name, c.column_name
          FROM information_schema.columns AS c
         WHERE c.table_schema = 'public'
           AND (c.table_name, c.column_name) IN (
               ('profiles', 'discogs_user_id'),
               ('albums', 'discogs_release_id'),
               ('albums', 'discogs_master_id'),
               ('albums', 'discogs_folder_id'),
               ('albums', 'discogs_instance_id'),
               ('discogs_sync_log', 'discogs_release_id'),
               ('discogs_price_cache', 'discogs_release_id'),
               ('discogs_price_alerts', 'discogs_release_id')
           )
           AND c.data_type IN ('integer', 'smallint')
    LOOP
        EXECUTE format('ALTER TABLE public.%I ALTER COLUMN %I TYPE bigint', narrow.table_name, narrow.column_name);
    END LOOP;
END;
$$;

CREATE UNIQUE INDEX IF NOT EXISTS albums_one_per_instance ON public.albums (user_id, discogs_instance_id)
WHERE discogs_instance_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS albums_free_by_release ON public.albums (user_id, discogs_release_id)
WHERE discogs_instance_id IS NULL;
CREATE INDEX IF NOT EXISTS albums_free_by_name ON public.albums (user_id, lower(artist), lower(title), year)
WHERE discogs_instance_id IS NULL;

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
