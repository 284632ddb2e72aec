-- The worker processes, the lanes as they stand, and what workers counted.

-- name: keep_worker(name, host, pid, version, lanes, kinds, threads, busy, stuck, looked_ago, asked_ago, took_ago, fault)!
-- A worker says that it is there. Ages instead of times: its clock may be another one than ours.
INSERT INTO rekkrd.workers AS w (
    name, host, pid, version, lanes, kinds, threads, busy, stuck, looked_at, asked_at, took_at, store_error
)
VALUES (
    :name, :host, :pid, :version, :lanes, :kinds, :threads, :busy, :stuck,
    now() - make_interval(secs => :looked_ago::float8),
    now() - make_interval(secs => :asked_ago::float8),
    now() - make_interval(secs => :took_ago::float8),
    :fault
)
ON CONFLICT (name) DO UPDATE
    SET
        seen_at = now(),
        busy = excluded.busy,
        stuck = excluded.stuck,
        looked_at = excluded.looked_at,
        asked_at = excluded.asked_at,
        took_at = excluded.took_at,
        store_error = excluded.store_error;

-- name: remove_worker(name)!
-- A worker comes to its clean end.
DELETE FROM rekkrd.workers
WHERE name = :name;

-- name: forget_gone(age, room)!
-- Clear some workers that were killed and not seen since; one that is heard of this moment stays.
DELETE FROM rekkrd.workers
WHERE
    ctid = ANY(ARRAY(
        SELECT ctid
        FROM rekkrd.workers
        WHERE seen_at < now() - :age::interval
        LIMIT :room
        FOR UPDATE SKIP LOCKED
    ));

-- name: find_workers(age)
-- All that were seen lately, by host and age, with how long ago each thing was, by this database's clock.
SELECT
    name,
    host,
    pid,
    version,
    lanes,
    kinds,
    threads,
    busy,
    stuck,
    store_error,
    started_at,
    seen_at,
    extract(EPOCH FROM now() - seen_at)::float8 AS seen_ago,
    extract(EPOCH FROM now() - looked_at)::float8 AS looked_ago,
    extract(EPOCH FROM now() - asked_at)::float8 AS asked_ago,
    extract(EPOCH FROM now() - took_at)::float8 AS took_ago
FROM rekkrd.workers
WHERE seen_at >= now() - :age::interval
ORDER BY host, started_at, name;

-- name: has_other_version(version, age)$
-- Whether a worker is alive that knows other kinds of jobs, or knows them otherwise.
SELECT EXISTS (
    SELECT 1
    FROM rekkrd.workers
    WHERE version <> :version AND seen_at >= now() - :age::interval
);

-- name: find_held()
-- The steps under way, and who has them in hand: a handful of rows, read from their own index.
SELECT
    leased_by AS worker,
    id AS job_id,
    kind,
    lane,
    user_id,
    is_executing
FROM rekkrd.jobs
WHERE leased_until IS NOT NULL
ORDER BY leased_by, id;

-- name: count_line()
-- The live jobs of each lane by what they do now; who waits for a worker longest, in seconds. Who stands behind another
-- job waits for a time that nobody knows.
SELECT
    lane,
    state,
    count(*) FILTER (WHERE is_ready) AS ready,
    count(*) FILTER (WHERE NOT is_ready AND NOT is_called AND leased_until IS NULL) AS delayed,
    count(*) FILTER (WHERE is_called) AS called,
    count(*) FILTER (WHERE leased_until IS NOT NULL) AS under_way,
    count(*) AS jobs,
    coalesce(extract(EPOCH FROM now() - min(due_at) FILTER (WHERE is_ready)), 0)::float8 AS oldest_seconds
FROM rekkrd.live_jobs
GROUP BY lane, state;

-- name: count_failed()
-- Failed jobs that nobody has put right or removed, by lane.
SELECT
    lane,
    count(*) AS jobs
FROM rekkrd.jobs
WHERE state = 'failed'
GROUP BY lane;

-- name: count_ended(age)
-- Jobs that ended lately.
SELECT
    lane,
    kind,
    state,
    count(*) AS jobs
FROM rekkrd.jobs
WHERE finished_at IS NOT NULL AND finished_at > now() - :age::interval
GROUP BY lane, kind, state;

-- name: count_requests(age)
-- Requests to Discogs in the whole minutes that began lately; those of people at screens are in the interactive lane.
SELECT
    lane,
    sum(requests)::bigint AS requests
FROM rekkrd.usage_minutes
WHERE minute > now() - :age::interval - interval '1 minute' AND minute <= now() - interval '1 minute'
GROUP BY lane;

-- name: find_ready_lanes()
-- Lanes with work that could be called up now: one probe each.
SELECT l.lane
FROM rekkrd.lanes AS l
WHERE EXISTS (
    SELECT 1
    FROM rekkrd.live_jobs AS j
    WHERE j.lane = l.lane AND j.takes_token IN (true, false) AND j.is_ready
);

-- name: find_unknown_kinds(age)
-- Kinds of which something is due though no worker that is alive knows them; none when nobody is alive at all.
-- The known ones are sorted out first: as a rule nothing else is left, and the line is not asked.
SELECT k.kind
FROM rekkrd.kinds AS k
WHERE
    k.kind <> ALL(ARRAY(
        SELECT unnest(w.kinds)
        FROM rekkrd.workers AS w
        WHERE w.seen_at >= now() - :age::interval
    ))
    AND EXISTS (SELECT 1 FROM rekkrd.workers AS w WHERE w.seen_at >= now() - :age::interval)
    AND EXISTS (
        SELECT 1
        FROM rekkrd.live_jobs AS j
        WHERE j.kind = k.kind AND j.lane = k.lane AND j.takes_token IN (true, false) AND j.is_ready
    )
ORDER BY k.kind;

-- name: add_tallies(flush_id, names, labels, amounts)$
-- Add what a worker counted; whoever says the same flush again adds nothing. In one order, so that two never wait for
-- each other.
WITH flush AS (
    INSERT INTO rekkrd.usage_flushes (id)
    VALUES (:flush_id)
    ON CONFLICT (id) DO NOTHING
    RETURNING id
),

added AS (
    INSERT INTO rekkrd.tallies AS t (name, labels, value)
    SELECT
        given.name,
        given.labels::jsonb,
        given.amount
    FROM flush
    CROSS JOIN unnest(:names::text [], :labels::text [], :amounts::float8 []) AS given (name, labels, amount)
    ORDER BY given.name, given.labels::jsonb
    ON CONFLICT (name, labels) DO UPDATE
        SET value = t.value + excluded.value
)

SELECT count(*) > 0
FROM flush;

-- name: find_tallies()
-- Everything that workers counted.
SELECT
    name,
    labels,
    value
FROM rekkrd.tallies
ORDER BY name, labels;
