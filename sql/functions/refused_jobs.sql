-- Check jobs that are to be enqueued. Reads kinds, users and links.

CREATE OR REPLACE FUNCTION rekkrd.refused_jobs(jobs jsonb, origin text)
RETURNS TABLE (place integer, code text, message text, hint text)
LANGUAGE plpgsql
STABLE
SET search_path = ''
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    known_kinds CONSTANT text := coalesce(
        (
            SELECT string_agg(k.kind, ', ' ORDER BY k.kind)
            FROM rekkrd.kinds AS k
            WHERE k.speaks_for_user OR origin <> 'request'
        ),
        'none; run `rekkrd migrate`'
    );
BEGIN
    RETURN QUERY
    SELECT (checked.nth - 1)::integer, wrong.code, wrong.message, wrong.hint
    FROM (
        SELECT
            asked.nth,
            CASE jsonb_typeof(asked.job) WHEN 'object' THEN asked.job END AS job,
            k.kind,
            k.speaks_for_user,
            coalesce(asked.job -> 'arguments', '{}') AS given,
            k.arguments AS wanted,
            CASE
                WHEN asked.job ->> 'user_id' ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
                THEN (asked.job ->> 'user_id')::uuid
            END AS user_id,
            asked.job -> 'priority' AS priority,
            asked.job ->> 'run_at' AS run_at,
            asked.job -> 'if_live' AS if_live
        FROM jsonb_array_elements(jobs) WITH ORDINALITY AS asked (job, nth)
        LEFT JOIN LATERAL (
            SELECT *
            FROM rekkrd.kinds AS known
            WHERE known.kind = asked.job ->> 'kind' AND (known.speaks_for_user OR origin <> 'request')
        ) AS k ON true
    ) AS checked
    CROSS JOIN LATERAL (
        SELECT 'RK005' AS code, 'a job must be an object' AS message, 'Its keys are those of rekkrd.enqueue.' AS hint
        WHERE checked.job IS NULL
        UNION ALL
        SELECT
            'RK005',
            format('%s is not known', key.name),
            'Keys are kind, user_id, arguments, run_at, priority and if_live.'
        FROM jsonb_object_keys(checked.job) AS key (name)
        WHERE key.name NOT IN ('kind', 'user_id', 'arguments', 'run_at', 'priority', 'if_live')
        UNION ALL
        SELECT
            'RK001',
            'There is no such kind of job: ' || coalesce(checked.job ->> 'kind', 'NULL'),
            'There are: ' || known_kinds
        WHERE checked.kind IS NULL
        UNION ALL
        SELECT
            'RK002',
            format('The arguments of %s do not fit: %s', checked.kind, fits.why),
            'The table rekkrd.kinds has the JSON Schema of the arguments.'
        FROM (SELECT rekkrd.misfit(checked.given, checked.wanted, checked.wanted, '') AS why) AS fits
        WHERE fits.why IS NOT NULL
        UNION ALL
        SELECT
            'RK003',
            'There is no user ' || coalesce(checked.job ->> 'user_id', 'NULL'),
            'The view rekkrd.users lists all users.'
        WHERE
            (checked.speaks_for_user OR checked.job ->> 'user_id' IS NOT NULL)
            AND NOT EXISTS (SELECT FROM rekkrd.users AS u WHERE u.id = checked.user_id)
        UNION ALL
        SELECT 'RK004', connection.message, connection.hint
        FROM (
            SELECT
                CASE coalesce((SELECT l.state FROM rekkrd.links AS l WHERE l.user_id = checked.user_id), 'disconnected')
                    WHEN 'disconnected' THEN format('The user %s has no Discogs account connected', checked.user_id)
                    WHEN 'needs_reconnect'
                    THEN format('Discogs no longer accepts the token of the user %s', checked.user_id)
                END AS message,
                'Connect the account, then try again.' AS hint
            WHERE checked.speaks_for_user
        ) AS connection
        WHERE connection.message IS NOT NULL
        UNION ALL
        SELECT
            'RK006',
            format('The sync of user %s is paused, because a sync was undone', checked.user_id),
            'Choose how to go on: POST /api/discogs/sync/resume, or `rekkrd sync resume`.'
        FROM rekkrd.links AS l
        WHERE
            l.user_id = checked.user_id AND l.paused_reason IS NOT NULL
            AND checked.kind IN (
                'import_collection', 'import_wantlist', 'refresh_collection', 'push_collection', 'push_wantlist'
            )
        UNION ALL
        SELECT 'RK005', 'if_live must be return or replace', 'Leave it out for return.'
        WHERE checked.if_live NOT IN ('"return"', '"replace"')
        UNION ALL
        SELECT 'RK005', 'priority must be an integer from -100 to 100', 'Leave it out for 0.'
        WHERE
            CASE jsonb_typeof(checked.priority)
                WHEN 'number'
                THEN checked.priority::numeric NOT BETWEEN -100 AND 100 OR checked.priority::numeric % 1 <> 0
                ELSE checked.priority IS NOT NULL
            END
        UNION ALL
        SELECT 'RK005', refusal.message, 'Leave it out to start the job at once.'
        FROM (SELECT rekkrd.refusal_of_run_at(checked.run_at) AS message) AS refusal
        WHERE refusal.message IS NOT NULL
        LIMIT 1
    ) AS wrong
    ORDER BY checked.nth;
END;
$$;

COMMENT ON FUNCTION rekkrd.refused_jobs(jsonb, text) IS
'Returns the jobs of an array that rekkrd.enqueue_jobs would refuse, each with the first reason.';
