-- Who may see what. Our schema is ours alone; in public a user reads own rows and nobody but us writes.
-- The user is the subject of the request's token, as PostgREST and Supabase hand it over. The runner closes what later
-- migrations make in our schema; one that makes a table in public says these things for it, and the test that plays
-- strangers finds the one that forgot.

ALTER TABLE public.discogs_import_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.discogs_sync_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.discogs_price_cache ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.discogs_value_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.discogs_price_alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.discogs_usage ENABLE ROW LEVEL SECURITY;

DO $$
DECLARE
    owned text;
    earlier record;
BEGIN
    FOREACH owned IN ARRAY ARRAY[
        'discogs_import_jobs', 'discogs_sync_log', 'discogs_value_history', 'discogs_price_alerts', 'discogs_usage'
    ] LOOP
        -- Policies add up: one that was there before and let somebody write would still let them.
        FOR earlier IN SELECT policyname FROM pg_policies WHERE schemaname = 'public' AND tablename = owned LOOP
            EXECUTE format('DROP POLICY %I ON public.%I', earlier.policyname, owned);
        END LOOP;
        -- The SELECT around the claims makes PostgreSQL read them once a statement, not once a row.
        EXECUTE format(
            'CREATE POLICY %I ON public.%I FOR SELECT USING '
            '(user_id = (SELECT (nullif(current_setting(''request.jwt.claims'', true), '''')::jsonb '
            '->> ''sub'')::uuid))',
            owned || '_own_rows', owned
        );
    END LOOP;
END;
$$;

DO $$
DECLARE
    stranger text;
    ours text;
    plan_tables CONSTANT text [] := ARRAY[
        'discogs_import_jobs', 'discogs_sync_log', 'discogs_price_cache',
        'discogs_value_history', 'discogs_price_alerts', 'discogs_usage'
    ];
    secret CONSTANT text [] := ARRAY['discogs_oauth_token', 'discogs_oauth_secret'];
    -- Who could write these could pass for somebody else's account.
    told_by_discogs CONSTANT text [] := secret || ARRAY['discogs_username', 'discogs_user_id', 'discogs_connected_at'];
    closed text [];
    privilege text;
    open_columns text;
BEGIN
    FOR stranger IN
        SELECT 'public' UNION ALL
        SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated')
    LOOP
        FOREACH ours IN ARRAY plan_tables LOOP
            EXECUTE format('REVOKE ALL ON public.%I FROM %s', ours, stranger);
            IF stranger = 'authenticated' AND ours <> 'discogs_price_cache' THEN
                EXECUTE format('GRANT SELECT ON public.%I TO %s', ours, stranger);
            END IF;
        END LOOP;

        -- Tables that we made ourselves are known by their policy; there a user reads and the app's server writes.
        FOR ours IN
            SELECT tablename FROM pg_policies
             WHERE schemaname = 'public'
               AND (tablename, policyname) IN (('profiles', 'profiles_own_row'), ('albums', 'albums_own_rows'))
        LOOP
            EXECUTE format('REVOKE ALL ON public.%I FROM %s', ours, stranger);
            IF stranger = 'authenticated' THEN
                EXECUTE format('GRANT SELECT ON public.%I TO %s', ours, stranger);
            END IF;
        END LOOP;

        -- A right on the whole of profiles covers every column, the secret ones too. Who has it keeps it column by
        -- column.
        FOREACH privilege IN ARRAY ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'] LOOP
            closed := CASE WHEN privilege IN ('SELECT', 'REFERENCES') THEN secret ELSE told_by_discogs END;
            SELECT string_agg(quote_ident(attname), ', ') INTO open_columns
              FROM pg_attribute
             WHERE attrelid = 'public.profiles'::regclass AND attnum > 0 AND NOT attisdropped
               AND attname <> ALL (closed)
               AND has_column_privilege(stranger, attrelid, attnum, privilege);
            EXECUTE format('REVOKE %s ON public.profiles FROM %s', privilege, stranger);
            IF open_columns IS NOT NULL THEN
                EXECUTE format('GRANT %s (%s) ON public.profiles TO %s', privilege, open_columns, stranger);
            END IF;
        END LOOP;
    END LOOP;

    -- Rights can also come through another role, or from another giver, and then survive a REVOKE.
    FOR stranger IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        IF has_column_privilege(stranger, 'public.profiles', 'discogs_oauth_token', 'SELECT')
           OR has_column_privilege(stranger, 'public.profiles', 'discogs_oauth_secret', 'SELECT') THEN
            RAISE EXCEPTION 'the role % could still read the tokens in profiles', stranger
                USING HINT = 'Take away its right to SELECT from profiles, which it has through another role or from '
                             'another giver (\dp profiles shows both), then migrate again';
        END IF;
    END LOOP;
END;
$$;
