-- Usage: requests to Discogs by user, lane, kind of job and endpoint, a row a minute and a row a month, in UTC.
-- The user is a number here and no reference: nobody's requests count too, and so do those of somebody who has left.

CREATE TABLE rekkrd.usage_minutes (
    minute timestamptz NOT NULL,
    user_id uuid,
    lane text NOT NULL,
    kind text NOT NULL,
    endpoint text NOT NULL,
    requests bigint NOT NULL,
    CONSTRAINT usage_minutes_once UNIQUE NULLS NOT DISTINCT (minute, user_id, lane, kind, endpoint),
    CONSTRAINT usage_minutes_whole CHECK (extract(SECOND FROM minute) = 0),
    CONSTRAINT usage_minutes_counts CHECK (requests > 0)
);

COMMENT ON TABLE rekkrd.usage_minutes IS
'Requests to Discogs in each minute; upkeep clears old ones. user_id is null for what nobody asked for.';

CREATE TABLE rekkrd.usage_months (
    month date NOT NULL,
    user_id uuid,
    lane text NOT NULL,
    kind text NOT NULL,
    endpoint text NOT NULL,
    requests bigint NOT NULL,
    CONSTRAINT usage_months_once UNIQUE NULLS NOT DISTINCT (month, user_id, lane, kind, endpoint),
    CONSTRAINT usage_months_first CHECK (extract(DAY FROM month) = 1),
    CONSTRAINT usage_months_counts CHECK (requests > 0)
);

COMMENT ON TABLE rekkrd.usage_months IS
'Requests to Discogs in each month of UTC: the minutes added up, kept when they are cleared.';

CREATE TABLE rekkrd.usage_flushes (
    id uuid PRIMARY KEY,
    flushed_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE rekkrd.usage_flushes IS
'What processes added lately. One that did not hear whether it was stored says it again, and is counted once.';

COMMENT ON TABLE public.discogs_usage IS
'A collector''s month, in UTC: requests to Discogs, imports that came to their end, syncs.';

REVOKE ALL ON rekkrd.usage_minutes, rekkrd.usage_months, rekkrd.usage_flushes FROM public;
