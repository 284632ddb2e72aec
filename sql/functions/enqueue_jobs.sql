-- Check jobs and enqueue them: the one path of every entry point. Reads kinds.

CREATE OR REPLACE FUNCTION rekkrd.enqueue_jobs(jobs jsonb, origin text)
RETURNS TABLE (place integer, job_id uuid, is_new boolean, state text, replaced uuid)
LANGUAGE plpgsql
SET search_path = ''
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    refused jsonb;
    left_out integer[];
    new_jobs jsonb;
BEGIN
    IF jsonb_typeof(jobs) IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'jobs must be an array of objects, not %', coalesce(jsonb_typeof(jobs), 'null')
            USING ERRCODE = 'RK005';
    END IF;
    -- Our own automatic jobs leave out users who disconnected, or whose sync was paused, in the meantime.
    SELECT
        jsonb_agg(to_jsonb(r) ORDER BY r.place) FILTER (WHERE NOT r.is_left_out),
        array_agg(r.place) FILTER (WHERE r.is_left_out)
    INTO refused, left_out
    FROM (
        SELECT one.*, origin = 'automatic' AND one.code IN ('RK003', 'RK004', 'RK006') AS is_left_out
        FROM rekkrd.refused_jobs(jobs, origin) AS one
    ) AS r;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = refused -> 0 ->> 'code',
            HINT = refused -> 0 ->> 'hint',
            MESSAGE = CASE
                WHEN jsonb_array_length(jobs) = 1 THEN refused -> 0 ->> 'message'
                ELSE (
                    SELECT
                        string_agg(
                            format('jobs.%s: %s', one.r ->> 'place', one.r ->> 'message'), '; ' ORDER BY one.nth
                        )
                    FROM jsonb_array_elements(refused) WITH ORDINALITY AS one (r, nth)
                    WHERE one.nth <= 20
                ) || CASE
                    WHEN jsonb_array_length(refused) > 20
                    THEN format('; and %s more', jsonb_array_length(refused) - 20)
                    ELSE ''
                END
            END;
    END IF;

    SELECT
        jsonb_agg(
            jsonb_build_object(
                'place', asked.nth - 1,
                'id', gen_random_uuid(),
                'kind', k.kind,
                'lane', k.lane,
                'user_id', coalesce(asked.job ->> 'user_id', '00000000-0000-0000-0000-000000000000'),
                'args', coalesce(asked.job -> 'arguments', '{}'),
                'unique_key', k.unique_key,
                'priority', coalesce(asked.job -> 'priority', '0'),
                'takes_token', k.takes_token,
                'speaks_for_user', k.speaks_for_user,
                'has_import_row', k.has_import_row,
                'run_at', asked.job -> 'run_at',
                'if_live', coalesce(asked.job ->> 'if_live', 'return'),
                'is_request', origin = 'request'
            )
            ORDER BY asked.nth
        ) INTO new_jobs
    FROM jsonb_array_elements(jobs) WITH ORDINALITY AS asked (job, nth)
    CROSS JOIN LATERAL (SELECT * FROM rekkrd.kinds AS known WHERE known.kind = asked.job ->> 'kind') AS k
    WHERE left_out IS NULL OR asked.nth - 1 <> ALL(left_out);
    IF new_jobs IS NULL THEN
        RETURN;
    END IF;

    RETURN QUERY
    SELECT added.place, (added.job).id, added.is_new, (added.job).state, added.replaced
    FROM rekkrd.add_jobs(new_jobs) AS added;
END;
$$;

COMMENT ON FUNCTION rekkrd.enqueue_jobs(jsonb, text) IS
'Checks and enqueues jobs. origin is request (somebody asked: only kinds for a user, and a back-off ends), operator '
'(the same with kinds of the system) or automatic (a schedule or a job asks; users without a connection are left out).';
