-- Signals to the outside: a signed webhook for each job of a user that ends, and alarms that were raised.

CREATE TABLE rekkrd.hooks (
    url text PRIMARY KEY,
    wanted_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE rekkrd.hooks IS
'A row while REKKRD_WEBHOOK_URL is set, kept by the workers: without one, ends of jobs leave no delivery.';

CREATE TABLE rekkrd.deliveries (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id uuid NOT NULL REFERENCES rekkrd.jobs (id) ON DELETE CASCADE,
    event text NOT NULL,
    ended_at timestamptz NOT NULL,
    body text NOT NULL,
    due_at timestamptz NOT NULL DEFAULT now(),
    gives_up_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    attempts integer NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    given_up_at timestamptz,
    status integer,
    error text,
    CONSTRAINT deliveries_end_once CHECK (delivered_at IS NULL OR given_up_at IS NULL),
    CONSTRAINT deliveries_one_per_end UNIQUE (job_id, ended_at)
);

COMMENT ON TABLE rekkrd.deliveries IS
'A row for each end of a job that the app is told by webhook, written in the transaction that ends it; it goes with '
'its job. The id is the webhook''s, the same however often it is sent.';
COMMENT ON COLUMN rekkrd.deliveries.due_at IS
'When it is sent next. Whoever sends it puts this ahead first: if that process dies, another sends it then.';

CREATE INDEX deliveries_due ON rekkrd.deliveries (due_at)
WHERE delivered_at IS NULL AND given_up_at IS NULL;

CREATE INDEX deliveries_given_up ON rekkrd.deliveries (given_up_at)
WHERE given_up_at IS NOT NULL;

CREATE TABLE rekkrd.alarms (
    name text PRIMARY KEY,
    sentence text NOT NULL,
    raised_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    told_at timestamptz
);

COMMENT ON TABLE rekkrd.alarms IS
'Troubles that last, and when operators were told of each last; a row goes when its trouble is over.';

CREATE OR REPLACE FUNCTION rekkrd.announce_many(job_ids uuid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = '' AS $$
DECLARE
    next_lane text;
BEGIN
    UPDATE public.discogs_import_jobs AS i
    SET
        status = CASE j.state WHEN 'retrying' THEN 'running' ELSE j.state END,
        total_records = j.total_records,
        processed_records = j.processed_records,
        skipped_records = j.skipped_records,
        current_page = coalesce((j.checkpoint ->> 'current_page')::integer, 0),
        error = j.error,
        started_at = j.started_at,
        completed_at = j.finished_at
    FROM rekkrd.jobs AS j
    WHERE j.id = ANY(job_ids) AND i.id = j.id;

    FOR next_lane IN
        UPDATE rekkrd.jobs AS f
        SET follows = NULL, unique_key = f.awaited_key, awaited_key = NULL
        FROM rekkrd.jobs AS j
        WHERE j.id = ANY(job_ids) AND j.finished_at IS NOT NULL AND f.follows = j.id AND f.state = 'pending'
        RETURNING f.lane
    LOOP
        PERFORM pg_notify('rekkrd_line', next_lane);
    END LOOP;

    -- Of jobs that are nobody's, such as upkeep, the app is told nothing.
    INSERT INTO rekkrd.deliveries (job_id, event, ended_at, body)
    SELECT
        j.id,
        'job.' || j.state,
        j.finished_at,
        json_build_object(
            'type', 'job.' || j.state,
            'timestamp', to_char(j.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'data', json_build_object(
                'id', j.id,
                'kind', j.kind,
                'user_id', j.user_id,
                'state', j.state,
                'outcome', j.outcome,
                'error_class', j.error_class,
                'error', j.error,
                'total_records', j.total_records,
                'processed_records', j.processed_records,
                'requests', j.requests,
                'created_at', to_char(j.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
            )
        )::text
    FROM rekkrd.jobs AS j
    WHERE
        j.id = ANY(job_ids) AND j.finished_at IS NOT NULL
        AND j.user_id <> '00000000-0000-0000-0000-000000000000' AND EXISTS (SELECT 1 FROM rekkrd.hooks)
    ON CONFLICT (job_id, ended_at) DO NOTHING;

    PERFORM pg_notify('rekkrd_job', j.id::text) FROM rekkrd.jobs AS j WHERE j.id = ANY(job_ids);
END;
$$;

COMMENT ON FUNCTION rekkrd.announce_many(uuid[]) IS
'Closes every transition: the plan''s import row follows its job, who stood behind it comes into the line, the app''s '
'webhook is due, and watchers are told.';

REVOKE ALL ON rekkrd.hooks, rekkrd.deliveries, rekkrd.alarms FROM public;
