-- The doors into the ledger: one path for Python, HTTP and SQL, and what happens when a job changed, in one place.
-- Replacing a job: the new one stands behind a step under way and takes its key when that is over.

CREATE TABLE rekkrd.kinds (
    kind text PRIMARY KEY,
    sentence text NOT NULL,
    lane text NOT NULL REFERENCES rekkrd.lanes (lane),
    unique_key text,
    takes_token boolean NOT NULL,
    speaks_for_user boolean NOT NULL,
    has_import_row boolean NOT NULL,
    arguments jsonb NOT NULL
);

COMMENT ON TABLE rekkrd.kinds IS
'The catalogue of jobs, as the newest release that migrated knows it. arguments is a JSON Schema.';

ALTER TABLE rekkrd.jobs
ADD COLUMN follows uuid REFERENCES rekkrd.jobs (id) ON DELETE SET NULL,
ADD COLUMN awaited_key text,
ADD CONSTRAINT jobs_follow_before_they_begin CHECK (follows IS NULL OR state IN ('pending', 'cancelled')),
ADD CONSTRAINT jobs_await_or_hold_a_key CHECK (awaited_key IS NULL OR unique_key IS NULL);

COMMENT ON COLUMN rekkrd.jobs.follows IS
'The job that this one replaces, while a step of that one is still under way: until then nobody calls this one up.';
COMMENT ON COLUMN rekkrd.jobs.awaited_key IS
'The key that it takes then. Not in unique_key before: a release that knows nothing of this would find two holders.';

-- Who follows a job, and at most one.
CREATE UNIQUE INDEX jobs_one_follower ON rekkrd.jobs (follows)
WHERE follows IS NOT NULL AND state = 'pending';

CREATE FUNCTION rekkrd.announce(job_id uuid) RETURNS void
LANGUAGE plpgsql
SET search_path = '' AS $$
DECLARE
    job rekkrd.jobs;
    next_lane text;
BEGIN
    SELECT * INTO job FROM rekkrd.jobs AS j WHERE j.id = announce.job_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE public.discogs_import_jobs AS i
    SET
        status = CASE job.state WHEN 'retrying' THEN 'running' ELSE job.state END,
        total_records = job.total_records,
        processed_records = job.processed_records,
        skipped_records = job.skipped_records,
        current_page = coalesce((job.checkpoint ->> 'current_page')::integer, 0),
        error = job.error,
        started_at = job.started_at,
        completed_at = job.finished_at
    WHERE i.id = job.id;
    IF job.finished_at IS NOT NULL THEN
        UPDATE rekkrd.jobs AS j
        SET follows = NULL, unique_key = j.awaited_key, awaited_key = NULL
        WHERE j.follows = job.id AND j.state = 'pending'
        RETURNING j.lane INTO next_lane;
        IF FOUND THEN
            PERFORM pg_notify('rekkrd_line', next_lane);
        END IF;
    END IF;
    PERFORM pg_notify('rekkrd_job', job.id::text);
END;
$$;

COMMENT ON FUNCTION rekkrd.announce(uuid) IS
'Closes every transition: the plan''s import row follows its job, who stood behind it comes into the line, and '
'watchers are told.';

CREATE FUNCTION rekkrd.cancel(job_id uuid) RETURNS SETOF rekkrd.jobs
LANGUAGE plpgsql
SET search_path = '' AS $$
BEGIN
    -- One statement, for a step may end meanwhile: of two, each could meet the job as the other one wants it.
    UPDATE rekkrd.jobs AS j
    SET
        state = CASE WHEN j.leased_until IS NULL THEN 'cancelled' ELSE j.state END,
        finished_at = CASE WHEN j.leased_until IS NULL THEN now() END,
        cancel_requested_at = coalesce(j.cancel_requested_at, now()),
        called_until = NULL,
        waits_for = NULL,
        follows = NULL,
        unique_key = coalesce(j.unique_key, j.awaited_key),
        awaited_key = NULL
    WHERE j.id = cancel.job_id AND j.state IN ('pending', 'running', 'retrying');
    IF FOUND THEN
        PERFORM rekkrd.announce(cancel.job_id);
        RETURN QUERY SELECT * FROM rekkrd.jobs AS j WHERE j.id = cancel.job_id;
    END IF;
END;
$$;

COMMENT ON FUNCTION rekkrd.cancel(uuid) IS
'Cancels a job and announces it; while a step is under way, asks it to end with that one. No row: it is over.';

CREATE FUNCTION rekkrd.add_jobs(new_jobs jsonb)
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
    -- The turns first, held until this is committed: upkeep, which cannot see the jobs before, would clear them.
    -- KEY: calling the user up meanwhile, which only moves the turn, goes on.
    LOOP
        INSERT INTO rekkrd.turns AS t (lane, user_id, turn)
        SELECT l.lane, n.user_id, l.turn
        FROM (
            SELECT DISTINCT one.lane, one.user_id
            FROM jsonb_to_recordset(new_jobs) AS one (lane text, user_id uuid)
        ) AS n
        INNER JOIN rekkrd.lanes AS l ON l.lane = n.lane
        ORDER BY l.lane, n.user_id
        ON CONFLICT (lane, user_id) DO NOTHING;

        PERFORM 1
        FROM rekkrd.turns AS t
        WHERE (t.lane, t.user_id) IN (
            SELECT one.lane, one.user_id FROM jsonb_to_recordset(new_jobs) AS one (lane text, user_id uuid)
        )
        ORDER BY t.lane, t.user_id
        FOR KEY SHARE;

        SELECT count(*) INTO missing
        FROM jsonb_to_recordset(new_jobs) AS n (lane text, user_id uuid)
        WHERE NOT EXISTS (SELECT FROM rekkrd.turns AS t WHERE t.lane = n.lane AND t.user_id = n.user_id);
        EXIT WHEN missing = 0;
    END LOOP;

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

COMMENT ON FUNCTION rekkrd.add_jobs(jsonb) IS
'The one path into the ledger, for jobs that a door has looked at: an array of objects with place, id, kind, lane, '
'user_id, args, unique_key, priority, takes_token, speaks_for_user, has_import_row, run_at, if_live. A row for each: '
'the job, or the live one that stands for it.';

CREATE FUNCTION rekkrd.misfit(given jsonb, wanted jsonb, root jsonb, place text) RETURNS text
LANGUAGE plpgsql
IMMUTABLE
SET search_path = '' AS $$
DECLARE
    found CONSTANT text := jsonb_typeof(given);
    called CONSTANT text := CASE WHEN place = '' THEN 'arguments' ELSE place END;
    kind jsonb;
    said text;
    first_said text;
    key text;
    value jsonb;
BEGIN
    IF wanted ? '$ref' THEN
        RETURN rekkrd.misfit(given, root #> (string_to_array(wanted ->> '$ref', '/'))[2:], root, place);
    END IF;
    IF wanted ? 'anyOf' THEN
        FOR kind IN SELECT jsonb_array_elements(wanted -> 'anyOf') LOOP
            said := rekkrd.misfit(given, kind, root, place);
            IF said IS NULL THEN
                RETURN NULL;
            END IF;
            first_said := coalesce(first_said, said);
        END LOOP;
        RETURN first_said;
    END IF;
    IF wanted ? 'type' AND NOT (
        wanted ->> 'type' = found
        OR (wanted ->> 'type' = 'integer' AND found = 'number' AND given::numeric % 1 = 0)
    ) THEN
        RETURN format('%s must be of type %s, not %s', called, wanted ->> 'type', found);
    END IF;
    IF (wanted ? 'enum' AND NOT wanted -> 'enum' @> jsonb_build_array(given))
        OR (wanted ? 'const' AND wanted -> 'const' <> given) THEN
        RETURN format('%s must be %s', called, coalesce(wanted ->> 'const', 'one of ' || (wanted ->> 'enum')));
    END IF;
    CASE found
        WHEN 'number' THEN
            IF given::numeric < (wanted ->> 'minimum')::numeric
                OR given::numeric <= (wanted ->> 'exclusiveMinimum')::numeric THEN
                RETURN format('%s is too small', called);
            ELSIF given::numeric > (wanted ->> 'maximum')::numeric
                OR given::numeric >= (wanted ->> 'exclusiveMaximum')::numeric THEN
                RETURN format('%s is too large', called);
            END IF;
        WHEN 'string' THEN
            IF length(given #>> '{}') < (wanted ->> 'minLength')::integer THEN
                RETURN format('%s is too short', called);
            ELSIF length(given #>> '{}') > (wanted ->> 'maxLength')::integer THEN
                RETURN format('%s is too long', called);
            ELSIF given #>> '{}' !~ (wanted ->> 'pattern')
                OR (
                    wanted ->> 'format' = 'uuid'
                    AND given #>> '{}' !~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
                ) THEN
                RETURN format('%s does not look as it should', called);
            END IF;
        WHEN 'array' THEN
            IF jsonb_array_length(given) < (wanted ->> 'minItems')::integer THEN
                RETURN format('%s has too few items', called);
            ELSIF jsonb_array_length(given) > (wanted ->> 'maxItems')::integer THEN
                RETURN format('%s has too many items', called);
            END IF;
            FOR key, value IN
                SELECT (e.nth - 1)::text, e.one FROM jsonb_array_elements(given) WITH ORDINALITY AS e (one, nth)
            LOOP
                said := rekkrd.misfit(
                    value, coalesce(wanted -> 'items', '{}'), root, concat_ws('.', nullif(place, ''), key)
                );
                IF said IS NOT NULL THEN
                    RETURN said;
                END IF;
            END LOOP;
        WHEN 'object' THEN
            FOR key IN SELECT jsonb_array_elements_text(coalesce(wanted -> 'required', '[]')) LOOP
                IF NOT given ? key THEN
                    RETURN format('%s is missing', concat_ws('.', nullif(place, ''), key));
                END IF;
            END LOOP;
            FOR key, value IN SELECT * FROM jsonb_each(given) LOOP
                IF wanted -> 'properties' ? key THEN
                    said := rekkrd.misfit(
                        value, wanted -> 'properties' -> key, root, concat_ws('.', nullif(place, ''), key)
                    );
                ELSIF wanted -> 'additionalProperties' = 'false' THEN
                    said := format('%s is not known', concat_ws('.', nullif(place, ''), key));
                END IF;
                IF said IS NOT NULL THEN
                    RETURN said;
                END IF;
            END LOOP;
        ELSE
    END CASE;
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION rekkrd.misfit(jsonb, jsonb, jsonb, text) IS
'Why a value does not fit a JSON Schema, in words; null when it does. It knows the keywords that the catalogue uses.';

CREATE FUNCTION rekkrd.enqueue(
    kind text,
    user_id uuid,
    arguments jsonb DEFAULT '{}',
    run_at timestamptz DEFAULT NULL,
    priority integer DEFAULT 0,
    if_live text DEFAULT 'return'
)
RETURNS TABLE (job_id uuid, is_new boolean, state text, replaced uuid)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
    known rekkrd.kinds;
    connection text;
    misfit text;
BEGIN
    SELECT k.* INTO known FROM rekkrd.kinds AS k WHERE k.kind = enqueue.kind AND k.speaks_for_user;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is no such kind of job: %', coalesce(enqueue.kind, 'NULL') USING
            ERRCODE = 'RK001',
            HINT = 'There are: ' || (
                SELECT coalesce(string_agg(k.kind, ', ' ORDER BY k.kind), 'none; run `rekkrd migrate`')
                FROM rekkrd.kinds AS k
                WHERE k.speaks_for_user
            );
    END IF;
    misfit := rekkrd.misfit(coalesce(enqueue.arguments, 'null'), known.arguments, known.arguments, '');
    IF misfit IS NOT NULL THEN
        RAISE EXCEPTION 'The arguments of % do not fit: %', enqueue.kind, misfit USING ERRCODE = 'RK002';
    END IF;
    IF NOT EXISTS (SELECT FROM rekkrd.users AS u WHERE u.id = enqueue.user_id) THEN
        RAISE EXCEPTION 'There is no user %', coalesce(enqueue.user_id::text, 'NULL') USING
            ERRCODE = 'RK003', HINT = 'The view rekkrd.users says who there is.';
    END IF;
    SELECT l.state INTO connection FROM rekkrd.links AS l WHERE l.user_id = enqueue.user_id;
    IF connection IS DISTINCT FROM 'connected' THEN
        RAISE EXCEPTION 'The user % has no Discogs account connected', enqueue.user_id USING
            ERRCODE = 'RK004', HINT = 'Connect the account first, then ask again.';
    END IF;
    IF enqueue.if_live IS NULL OR enqueue.if_live NOT IN ('return', 'replace') THEN
        RAISE EXCEPTION 'if_live must be return or replace' USING ERRCODE = 'RK005';
    ELSIF enqueue.priority IS NULL OR enqueue.priority NOT BETWEEN -100 AND 100 THEN
        RAISE EXCEPTION 'priority must lie between -100 and 100' USING ERRCODE = 'RK005';
    ELSIF enqueue.run_at > now() + interval '366 days' THEN
        RAISE EXCEPTION 'run_at must not be more than a year ahead' USING ERRCODE = 'RK005';
    END IF;
    RETURN QUERY
    SELECT (added.job).id, added.is_new, (added.job).state, added.replaced
    FROM rekkrd.add_jobs(jsonb_build_array(jsonb_build_object(
        'place', 0,
        'id', gen_random_uuid(),
        'kind', known.kind,
        'lane', known.lane,
        'user_id', enqueue.user_id,
        'args', enqueue.arguments,
        'unique_key', known.unique_key,
        'priority', enqueue.priority,
        'takes_token', known.takes_token,
        'speaks_for_user', known.speaks_for_user,
        'has_import_row', known.has_import_row,
        'run_at', enqueue.run_at,
        'if_live', enqueue.if_live
    ))) AS added;
END;
$$;

COMMENT ON FUNCTION rekkrd.enqueue(text, uuid, jsonb, timestamptz, integer, text) IS
'The door for applications that share the database: a job in the caller''s own transaction. It runs with the rights '
'of its owner; who may call it is granted (docs/enqueue.md).';

REVOKE ALL ON rekkrd.kinds FROM public;
REVOKE ALL ON FUNCTION
rekkrd.announce(uuid), rekkrd.cancel(uuid), rekkrd.add_jobs(jsonb), rekkrd.misfit(jsonb, jsonb, jsonb, text),
rekkrd.enqueue(text, uuid, jsonb, timestamptz, integer, text) FROM public;
