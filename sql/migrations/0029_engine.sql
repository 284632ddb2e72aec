-- The engine says each thing once: alarms are told outside the transaction that decides on them, what makes a job ready
-- stands in one place, and so does how users come into the line.

ALTER TABLE rekkrd.alarms ADD COLUMN telling_until timestamptz;

COMMENT ON COLUMN rekkrd.alarms.telling_until IS
'While somebody tells of it, no other scheduler does; if that one died, the next look after this tells.';

CREATE VIEW rekkrd.live_jobs AS
SELECT
    id,
    kind,
    lane,
    queue,
    user_id,
    state,
    priority,
    due_at,
    takes_token,
    speaks_for_user,
    crashes,
    called_until,
    leased_until,
    coalesce(called_until > now(), false) AS is_called,
    (
        due_at <= now() AND leased_until IS NULL AND (called_until IS NULL OR called_until <= now())
        AND follows IS NULL
    ) AS is_ready
FROM rekkrd.jobs
WHERE state IN ('pending', 'running', 'retrying');

COMMENT ON VIEW rekkrd.live_jobs IS
'Jobs that are not over. Ready are those that may be called up now: due, in nobody''s hand, and behind no other job.';

REVOKE ALL ON rekkrd.live_jobs FROM public;

CREATE FUNCTION rekkrd.hold_turns(lanes text[], user_ids uuid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = '' AS $$
DECLARE
    missing integer;
BEGIN
    LOOP
        INSERT INTO rekkrd.turns AS t (lane, user_id, turn)
        SELECT l.lane, g.user_id, l.turn
        FROM unnest(lanes, user_ids) AS g (lane, user_id)
        INNER JOIN rekkrd.lanes AS l ON l.lane = g.lane
        ORDER BY l.lane, g.user_id
        ON CONFLICT (lane, user_id) DO NOTHING;

        -- KEY: calling the user up meanwhile, which only moves the turn, goes on.
        PERFORM 1
        FROM rekkrd.turns AS t
        WHERE (t.lane, t.user_id) IN (SELECT g.lane, g.user_id FROM unnest(lanes, user_ids) AS g (lane, user_id))
        ORDER BY t.lane, t.user_id
        FOR KEY SHARE;

        -- Upkeep may have cleared one between the two statements.
        SELECT count(*) INTO missing
        FROM unnest(lanes, user_ids) AS g (lane, user_id)
        INNER JOIN rekkrd.lanes AS l ON l.lane = g.lane
        WHERE NOT EXISTS (SELECT FROM rekkrd.turns AS t WHERE t.lane = g.lane AND t.user_id = g.user_id);
        EXIT WHEN missing = 0;
    END LOOP;
END;
$$;

COMMENT ON FUNCTION rekkrd.hold_turns IS
'Lets users into the line of a lane each, behind the step called up last, and keeps them there until this is '
'committed: upkeep, which cannot see their jobs before, would clear their turns.';

REVOKE ALL ON FUNCTION rekkrd.hold_turns FROM public;

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

    PERFORM pg_notify('rekkrd_line', n.lane)
    FROM jsonb_to_recordset(new_jobs) AS n (id uuid, lane text)
    INNER JOIN rekkrd.jobs AS j ON j.id = n.id
    GROUP BY n.lane;

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

COMMENT ON TABLE rekkrd.restores IS
'A row for each restore from a backup that an operator noted, and what was done about it: leases were taken away, and '
'walks over pages began anew.';
COMMENT ON COLUMN rekkrd.restores.fence IS
'Steps that were under way got this fence, and the next claim of any job gets it or a higher one: a step of before the '
'restore writes nothing.';
