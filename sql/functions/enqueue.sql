-- Enqueue one job, for applications that share the database.

CREATE OR REPLACE FUNCTION rekkrd.enqueue(
    kind text,
    user_id uuid,
    arguments jsonb DEFAULT '{}',
    run_at timestamptz DEFAULT NULL,
    priority integer DEFAULT 0,
    if_live text DEFAULT 'return'
)
RETURNS TABLE (job_id uuid, is_new boolean, state text, replaced uuid)
LANGUAGE sql
SECURITY DEFINER
SET search_path = '' AS $$
    SELECT e.job_id, e.is_new, e.state, e.replaced
    FROM rekkrd.enqueue_jobs(
        jsonb_build_array(
            jsonb_build_object(
                'kind', enqueue.kind,
                'user_id', enqueue.user_id,
                'arguments', enqueue.arguments,
                'run_at', enqueue.run_at,
                'priority', enqueue.priority,
                'if_live', enqueue.if_live
            )
        ),
        'request'
    ) AS e;
$$;

COMMENT ON FUNCTION rekkrd.enqueue(text, uuid, jsonb, timestamptz, integer, text) IS
'Enqueues a job in the transaction of the caller. It runs with the rights of its owner; grant EXECUTE to the roles '
'that may call it (docs/enqueue.md).';
