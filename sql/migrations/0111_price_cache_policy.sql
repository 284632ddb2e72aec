-- Row-level security without a policy hides every row. Prices belong to no user: signed-in users of the app may read
-- those that have not expired, and write none.
CREATE POLICY discogs_price_cache_of_users ON public.discogs_price_cache FOR SELECT
USING (
    expires_at > now()
    AND (SELECT nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub') IS NOT NULL
);

-- The role of signed-in users, on a platform that has it.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'authenticated') THEN
        GRANT SELECT ON public.discogs_price_cache TO authenticated;
    END IF;
END;
$$;
