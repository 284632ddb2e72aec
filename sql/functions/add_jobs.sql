-- Insert checked jobs. Reads and writes jobs and discogs_import_jobs.

CREATE OR REPLACE FUNCTION rekkrd.add_jobs(new_jobs jsonb)
RETURNS TABLE (place integer, is_new boolean, replaced uuid, job rekkrd.jobs)
LANGUAGE plpgsql
SET search_path = ''
-- Plans are made while the tables are empty or their statistics are old, and then kept for the whole session. A plan
-- that reads all of jobs for each call makes many calls in one transaction quadratic, so only index lookups remain.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    -- Two jobs of one transaction keep their order: their times are those of the clock, not of the transaction.
    asked_at CONSTANT timestamptz := clock_timestamp();
    wanted record;
    holder rekkrd.jobs;
    ended_id uuid;
    behind jsonb := '{}';
    instead_of jsonb := '{}';
    unresolved uuid[];
    brought_forward text[];
BEGIN
    PERFORM rekkrd.hold_turns(array_agg(n.lane), array_agg(n.user_id))
    FROM (
        SELECT DISTINCT one.lane, one.user_id
        FROM jsonb_to_recordset(new_jobs) AS one (lane text, user_id uuid)
    ) AS n;

    SELECT array_agg(n.id) INTO unresolved FROM jsonb_to_recordset(new_jobs) AS n (id uuid);
    LOOP
        FOR wanted IN
            SELECT n.id, n.user_id, n.unique_key
            FROM jsonb_to_recordset(new_jobs) AS n (place integer, id uuid, user_id uuid, unique_key text, if_live text)
            WHERE n.if_live = 'replace' AND n.unique_key IS NOT NULL AND n.id = ANY(unresolved)
            ORDER BY n.user_id, n.unique_key, n.place
        LOOP
            behind := behind - wanted.id::text;
            -- Without a lock: the holder may have a step under way, and its worker must not wait for our commit.
            SELECT j.* INTO holder
            FROM rekkrd.jobs AS j
            WHERE
                j.user_id = wanted.user_id AND j.unique_key = wanted.unique_key
                AND j.state IN ('pending', 'running', 'retrying');
            CONTINUE WHEN NOT FOUND;
            instead_of := instead_of || jsonb_build_object(wanted.id, holder.id);
            SELECT j.id INTO ended_id
            FROM rekkrd.jobs AS j
            WHERE j.follows = holder.id AND j.state = 'pending'
            FOR NO KEY UPDATE;
            IF FOUND THEN
                PERFORM rekkrd.end_replaced(ended_id);
            END IF;
            -- A job that waits ends at once. If another session has its row, release_followers ends it later.
            SELECT j.id INTO ended_id
            FROM rekkrd.jobs AS j
            WHERE j.id = holder.id AND j.state IN ('pending', 'running', 'retrying') AND j.leased_until IS NULL
            FOR NO KEY UPDATE SKIP LOCKED;
            IF FOUND THEN
                PERFORM rekkrd.end_replaced(ended_id);
            ELSE
                behind := behind || jsonb_build_object(wanted.id, holder.id);
            END IF;
        END LOOP;

        WITH added AS (
            INSERT INTO rekkrd.jobs (
                id, kind, lane, queue, user_id, args, unique_key, awaited_key, follows, priority, takes_token,
                speaks_for_user, created_at, due_at
            )
            SELECT
                n.id, n.kind, n.lane, n.lane, n.user_id, n.args,
                CASE WHEN behind ? n.id::text THEN NULL ELSE n.unique_key END,
                CASE WHEN behind ? n.id::text THEN n.unique_key END,
                (behind ->> n.id::text)::uuid,
                n.priority, n.takes_token, n.speaks_for_user,
                asked_at + n.place * interval '1 microsecond',
                greatest(n.run_at, asked_at + n.place * interval '1 microsecond')
            FROM jsonb_to_recordset(new_jobs) AS n (
                place integer, id uuid, kind text, lane text, user_id uuid, args jsonb, unique_key text,
                priority smallint, takes_token boolean, speaks_for_user boolean, run_at timestamptz
            )
            WHERE NOT EXISTS (SELECT FROM rekkrd.jobs AS j WHERE j.id = n.id)
            -- Two sessions that add the same jobs in different orders would deadlock.
            ORDER BY n.user_id, n.unique_key, n.place
            -- Conflicts: a live job has the key, or another request stands behind the same job.
            ON CONFLICT DO NOTHING
            RETURNING id, user_id
        )

        INSERT INTO public.discogs_import_jobs (id, user_id)
        SELECT a.id, a.user_id
        FROM jsonb_to_recordset(new_jobs) AS n (id uuid, has_import_row boolean)
        INNER JOIN added AS a ON a.id = n.id
        WHERE n.has_import_row;

        -- Again for a key whose live job ended between the two statements, and for a job whose place was taken.
        SELECT array_agg(n.id) INTO unresolved
        FROM jsonb_to_recordset(new_jobs) AS n (id uuid, user_id uuid, unique_key text)
        LEFT JOIN LATERAL (
            SELECT j.id
            FROM rekkrd.jobs AS j
            WHERE
                j.user_id = n.user_id AND j.unique_key = n.unique_key
                AND j.state IN ('pending', 'running', 'retrying')
            LIMIT 1
        ) AS live ON true
        WHERE
            NOT EXISTS (SELECT FROM rekkrd.jobs AS j WHERE j.id = n.id)
            AND (live.id IS NULL OR behind ? n.id::text);
        EXIT WHEN unresolved IS NULL;
    END LOOP;

    -- A live job that waits for a later time and has not begun takes the time and arguments of this request. A user's
    -- request for now also ends a back-off; checkpoint and arguments stay. One failed attempt stays counted, because
    -- an interrupted step must check first what it had sent.
    WITH asked AS (
        SELECT DISTINCT ON (n.user_id, n.unique_key)
            n.user_id, n.unique_key, n.args, n.priority,
            greatest(n.run_at, asked_at) AS due_at,
            n.is_request AND coalesce(n.run_at <= asked_at, true) AS ends_backoff
        FROM jsonb_to_recordset(new_jobs) AS n (
            place integer, id uuid, user_id uuid, unique_key text, args jsonb, priority smallint, run_at timestamptz,
            is_request boolean
        )
        WHERE n.unique_key IS NOT NULL AND NOT EXISTS (SELECT FROM rekkrd.jobs AS mine WHERE mine.id = n.id)
        ORDER BY n.user_id, n.unique_key, n.run_at NULLS FIRST, n.place
    ),

    later AS (
        SELECT live.id, asked.args, asked.priority, asked.due_at
        FROM asked
        CROSS JOIN LATERAL (
            SELECT j.id
            FROM rekkrd.jobs AS j
            WHERE
                j.user_id = asked.user_id AND j.unique_key = asked.unique_key
                AND j.state IN ('pending', 'running', 'retrying')
                AND j.due_at > asked.due_at
                AND (
                    (j.state = 'pending' AND j.steps = 0 AND j.waits_for IS NULL)
                    OR (j.state = 'retrying' AND asked.ends_backoff)
                )
            FOR NO KEY UPDATE
        ) AS live
    ),

    sooner AS (
        UPDATE rekkrd.jobs AS live
        SET
            due_at = later.due_at,
            args = CASE live.state WHEN 'pending' THEN later.args ELSE live.args END,
            priority = greatest(live.priority, later.priority),
            attempts = least(live.attempts, 1)
        FROM later
        -- The array: a join alone may read all of jobs and look for each in the list.
        WHERE live.id = ANY(ARRAY(SELECT one.id FROM later AS one)) AND live.id = later.id
        RETURNING live.lane
    )

    SELECT array_agg(DISTINCT sooner.lane) INTO brought_forward FROM sooner;

    PERFORM pg_notify('rekkrd_line', woken.lane)
    FROM (
        SELECT n.lane
        FROM jsonb_to_recordset(new_jobs) AS n (id uuid, lane text)
        WHERE EXISTS (SELECT FROM rekkrd.jobs AS j WHERE j.id = n.id)
        UNION
        SELECT unnest(brought_forward)
    ) AS woken;

    RETURN QUERY
    SELECT
        n.place,
        own.id IS NOT NULL,
        CASE WHEN own.id IS NOT NULL THEN (instead_of ->> n.id::text)::uuid END,
        coalesce(own.mine, other.live)
    FROM jsonb_to_recordset(new_jobs) AS n (place integer, id uuid, user_id uuid, unique_key text)
    LEFT JOIN LATERAL (SELECT j.id, j FROM rekkrd.jobs AS j WHERE j.id = n.id) AS own (id, mine) ON true
    LEFT JOIN LATERAL (
        SELECT j
        FROM rekkrd.jobs AS j
        WHERE
            own.id IS NULL AND j.user_id = n.user_id AND j.unique_key = n.unique_key
            AND j.state IN ('pending', 'running', 'retrying')
        LIMIT 1
    ) AS other (live) ON true
    ORDER BY n.place;
END;
$$;

COMMENT ON FUNCTION rekkrd.add_jobs(jsonb) IS
'Inserts jobs that were checked: an array of objects with place, id, kind, lane, user_id, args, unique_key, priority, '
'takes_token, speaks_for_user, has_import_row, run_at, if_live, is_request. Returns a row for each: the new job, or '
'the live one that stands for it.';
