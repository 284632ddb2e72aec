-- Who asks for a job now hears of one that waits for a later time: that one is brought forward.

CREATE OR REPLACE FUNCTION rekkrd.add_jobs(new_jobs jsonb)
RETURNS TABLE (place integer, is_new boolean, replaced uuid, job rekkrd.jobs)
LANGUAGE plpgsql
SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
    -- Two of one transaction keep their order: their times are the clock's, not the transaction's.
    asked_at CONSTANT timestamptz := clock_timestamp();
    wanted record;
    holder rekkrd.jobs;
    follower uuid;
    behind jsonb := '{}';
    instead_of jsonb := '{}';
    missing integer;
    brought_forward text [];
BEGIN
    PERFORM rekkrd.hold_turns(array_agg(n.lane), array_agg(n.user_id))
    FROM (
        SELECT DISTINCT one.lane, one.user_id
        FROM jsonb_to_recordset(new_jobs) AS one (lane text, user_id uuid)
    ) AS n;

    FOR wanted IN
        SELECT n.id, n.user_id, n.unique_key
        FROM jsonb_to_recordset(new_jobs) AS n (place integer, id uuid, user_id uuid, unique_key text, if_live text)
        WHERE n.if_live = 'replace' AND n.unique_key IS NOT NULL
        ORDER BY n.user_id, n.unique_key, n.place
    LOOP
        SELECT j.* INTO holder
        FROM rekkrd.jobs AS j
        WHERE
            j.user_id = wanted.user_id AND j.unique_key = wanted.unique_key
            AND j.state IN ('pending', 'running', 'retrying')
        FOR UPDATE;
        CONTINUE WHEN NOT FOUND;
        -- Who stood behind it is replaced before it, or it would take the key.
        SELECT j.id INTO follower FROM rekkrd.jobs AS j WHERE j.follows = holder.id AND j.state = 'pending' FOR UPDATE;
        IF FOUND THEN
            PERFORM rekkrd.cancel(follower);
            UPDATE rekkrd.jobs SET outcome = 'Replaced by a newer request.' WHERE id = follower;
        END IF;
        SELECT c.* INTO holder FROM rekkrd.cancel(holder.id) AS c;
        UPDATE rekkrd.jobs SET outcome = 'Replaced by a newer request.' WHERE id = holder.id AND state = 'cancelled';
        instead_of := instead_of || jsonb_build_object(wanted.id, holder.id);
        IF holder.state <> 'cancelled' THEN
            behind := behind || jsonb_build_object(wanted.id, holder.id);
        END IF;
    END LOOP;

    LOOP
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
            -- Two who add the same jobs in another order would wait for each other.
            ORDER BY n.user_id, n.unique_key, n.place
            ON CONFLICT (user_id, unique_key)
            WHERE unique_key IS NOT NULL AND state IN ('pending', 'running', 'retrying') DO NOTHING
            RETURNING id, user_id
        )

        INSERT INTO public.discogs_import_jobs (id, user_id)
        SELECT a.id, a.user_id
        FROM added AS a
        INNER JOIN jsonb_to_recordset(new_jobs) AS n (id uuid, has_import_row boolean) ON n.id = a.id
        WHERE n.has_import_row;

        -- The job that held a key may have ended between the two statements: then the key is free now.
        SELECT count(*) INTO missing
        FROM jsonb_to_recordset(new_jobs) AS n (id uuid, user_id uuid, unique_key text)
        WHERE
            NOT EXISTS (SELECT FROM rekkrd.jobs AS j WHERE j.id = n.id)
            AND NOT EXISTS (
                SELECT FROM rekkrd.jobs AS j
                WHERE
                    j.user_id = n.user_id AND j.unique_key = n.unique_key
                    AND j.state IN ('pending', 'running', 'retrying')
            );
        EXIT WHEN missing = 0;
    END LOOP;

    -- A live job that waits for a later time, and did nothing yet, is done when and as it is asked for.
    WITH asked AS (
        SELECT DISTINCT ON (n.user_id, n.unique_key)
            n.user_id, n.unique_key, n.args, n.priority, greatest(n.run_at, asked_at) AS due_at
        FROM jsonb_to_recordset(new_jobs) AS n (
            place integer, id uuid, user_id uuid, unique_key text, args jsonb, priority smallint, run_at timestamptz
        )
        WHERE n.unique_key IS NOT NULL AND NOT EXISTS (SELECT FROM rekkrd.jobs AS mine WHERE mine.id = n.id)
        ORDER BY n.user_id, n.unique_key, n.run_at NULLS FIRST, n.place
    ),

    later AS (
        SELECT live.id, asked.args, asked.priority, asked.due_at
        FROM asked
        INNER JOIN rekkrd.jobs AS live ON live.user_id = asked.user_id AND live.unique_key = asked.unique_key
        WHERE
            live.state = 'pending' AND live.steps = 0 AND live.waits_for IS NULL
            AND live.due_at > asked.due_at
        ORDER BY live.user_id, live.unique_key
        FOR UPDATE OF live
    ),

    sooner AS (
        UPDATE rekkrd.jobs AS live
        SET due_at = later.due_at, args = later.args, priority = greatest(live.priority, later.priority)
        FROM later
        WHERE live.id = later.id
        RETURNING live.lane
    )

    SELECT array_agg(DISTINCT sooner.lane) INTO brought_forward FROM sooner;

    PERFORM pg_notify('rekkrd_line', woken.lane)
    FROM (
        SELECT n.lane
        FROM jsonb_to_recordset(new_jobs) AS n (id uuid, lane text)
        INNER JOIN rekkrd.jobs AS j ON j.id = n.id
        UNION
        SELECT unnest(brought_forward)
    ) AS woken;

    RETURN QUERY
    SELECT n.place, true AS is_new, (instead_of ->> n.id::text)::uuid AS replaced, mine AS job
    FROM jsonb_to_recordset(new_jobs) AS n (place integer, id uuid)
    INNER JOIN rekkrd.jobs AS mine ON mine.id = n.id
    UNION ALL
    SELECT n.place, false AS is_new, NULL::uuid AS replaced, live AS job
    FROM jsonb_to_recordset(new_jobs) AS n (place integer, id uuid, user_id uuid, unique_key text)
    INNER JOIN rekkrd.jobs AS live
        ON live.user_id = n.user_id AND live.unique_key = n.unique_key
        AND live.state IN ('pending', 'running', 'retrying')
    WHERE NOT EXISTS (SELECT FROM rekkrd.jobs AS mine WHERE mine.id = n.id)
    ORDER BY place;
END;
$$;
