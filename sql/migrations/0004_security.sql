-- Who may see what. Our schema is ours alone; in public a user reads own rows and nobody but us writes.
-- The user is the subject of the request's token, as PostgREST and Supabase hand it over.

REVOKE ALL ON SCHEMA rekkrd FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA rekkrd FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA rekkrd FROM PUBLIC;

ALTER TABLE public.discogs_import_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.discogs_sync_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.discogs_price_cache ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.discogs_value_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.discogs_price_alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.discogs_usage ENABLE ROW LEVEL SECURITY;

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY[
        'discogs_import_jobs', 'discogs_sync_log', 'discogs_value_history', 'discogs_price_alerts', 'discogs_usage'
    ] LOOP
        EXECUTE format('DROP POLICY IF EXISTS %I ON public.%I', owned || '_own_rows', owned);
        EXECUTE format(
            'CREATE POLICY %I ON public.%I FOR SELECT USING '
            '(user_id = (nullif(current_setting(''request.jwt.claims'', true), '''')::jsonb ->> ''sub'')::uuid)',
            owned || '_own_rows', owned
        );
    END LOOP;
END;
$$;

DO $$
DECLARE
    stranger text;
    ours text;
    open_columns text;
BEGIN
    FOREACH ours IN ARRAY ARRAY[
        'discogs_import_jobs', 'discogs_sync_log', 'discogs_price_cache',
        'discogs_value_history', 'discogs_price_alerts', 'discogs_usage'
    ] LOOP
        EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC', ours);
    END LOOP;
    REVOKE SELECT, INSERT, UPDATE, REFERENCES ON public.profiles FROM PUBLIC;

    FOR stranger IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA rekkrd FROM %I', stranger);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA rekkrd FROM %I', stranger);
        EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA rekkrd FROM %I', stranger);
        FOREACH ours IN ARRAY ARRAY[
            'discogs_import_jobs', 'discogs_sync_log', 'discogs_price_cache',
            'discogs_value_history', 'discogs_price_alerts', 'discogs_usage'
        ] LOOP
            EXECUTE format('REVOKE ALL ON public.%I FROM %I', ours, stranger);
            IF stranger = 'authenticated' AND ours <> 'discogs_price_cache' THEN
                EXECUTE format('GRANT SELECT ON public.%I TO %I', ours, stranger);
            END IF;
        END LOOP;

        -- A right on the whole table covers every column, the secret ones too. Who has it keeps it column by column.
        IF has_table_privilege(stranger, 'public.profiles', 'SELECT') THEN
            SELECT string_agg(quote_ident(column_name), ', ') INTO open_columns
              FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name = 'profiles'
               AND column_name NOT IN ('discogs_oauth_token', 'discogs_oauth_secret');
            EXECUTE format('REVOKE SELECT ON public.profiles FROM %I', stranger);
            EXECUTE format('GRANT SELECT (%s) ON public.profiles TO %I', open_columns, stranger);
        END IF;
        SELECT string_agg(quote_ident(column_name), ', ') INTO open_columns
          FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name = 'profiles'
           AND column_name NOT LIKE 'discogs\_%';
        IF has_table_privilege(stranger, 'public.profiles', 'INSERT') THEN
            EXECUTE format('REVOKE INSERT ON public.profiles FROM %I', stranger);
            EXECUTE format('GRANT INSERT (%s) ON public.profiles TO %I', open_columns, stranger);
        END IF;
        IF has_table_privilege(stranger, 'public.profiles', 'UPDATE') THEN
            EXECUTE format('REVOKE UPDATE ON public.profiles FROM %I', stranger);
            EXECUTE format('GRANT UPDATE (%s) ON public.profiles TO %I', open_columns, stranger);
        END IF;
    END LOOP;
END;
$$;
