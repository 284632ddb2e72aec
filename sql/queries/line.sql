-- name: call_up(lane, kinds, takes_token, room, call_seconds, worker)
-- Call up the head of one lane: users by turn, a user's steps by priority and age, one conversation a user.
-- Whoever holds the lane's row is its dispatcher for this moment; a second one finds it locked and gets nothing.
-- Only kinds that the dispatcher's own process knows: while releases change, another one may be the only one that does.
-- Whether a user's conversation is taken is asked once a user, not once a job: who has it is no candidate anyhow.
-- Users are looked at in order of turns until enough are found, one probe each: a join would read all of them first.
-- Whether anything is ready at all is asked in the order of an index: of 100,000 that wait the planner expects to meet
-- one at once wherever it begins, and reads a million that ended before it does.
-- NO KEY: a job being enqueued holds the row's key by its foreign key, and must not stop the line until it commits.
-- A candidate whose row another transaction has locked is passed over: waiting for it would stop the whole queue.
WITH line AS (
    SELECT
        lane,
        turn
    FROM rekkrd.lanes
    WHERE
        lane = :lane
        AND (
            SELECT true
            FROM rekkrd.live_jobs AS j
            WHERE
                j.lane = :lane AND j.takes_token = :takes_token AND j.is_ready
                AND (:kinds::text [] IS NULL OR j.kind = ANY(:kinds::text []))
            ORDER BY j.due_at
            LIMIT 1
        )
    FOR NO KEY UPDATE SKIP LOCKED
),

ready AS (
    SELECT
        step.id,
        u.user_id,
        greatest(u.turn, u.line_turn) + step.place - 1 AS turn
    FROM line
    CROSS JOIN LATERAL (
        SELECT
            t.user_id,
            t.turn,
            line.turn AS line_turn
        FROM rekkrd.turns AS t
        WHERE t.lane = line.lane AND (
            SELECT true
            FROM (
                SELECT 1
                FROM rekkrd.live_jobs AS j
                WHERE
                    j.lane = :lane AND j.user_id = t.user_id AND j.takes_token = :takes_token AND j.is_ready
                    AND (:kinds::text [] IS NULL OR j.kind = ANY(:kinds::text []))
                    AND NOT (
                        j.speaks_for_user AND EXISTS (
                            SELECT 1
                            FROM rekkrd.jobs AS busy
                            WHERE
                                busy.user_id = t.user_id AND busy.speaks_for_user
                                AND (busy.leased_until IS NOT NULL OR busy.called_until > now())
                        )
                    )
                LIMIT 1
                FOR NO KEY UPDATE OF j SKIP LOCKED
            ) AS unlocked
        )
        ORDER BY t.turn, t.user_id
        LIMIT :room
    ) AS u
    CROSS JOIN LATERAL (
        SELECT
            mine.id,
            row_number() OVER (ORDER BY mine.priority DESC, mine.due_at, mine.id) AS place
        FROM (
            SELECT *
            FROM (
                SELECT
                    j.id,
                    j.priority,
                    j.due_at
                FROM rekkrd.live_jobs AS j
                WHERE
                    j.lane = :lane AND j.user_id = u.user_id AND j.takes_token = :takes_token AND j.is_ready
                    AND (:kinds::text [] IS NULL OR j.kind = ANY(:kinds::text []))
                    AND NOT j.speaks_for_user
                ORDER BY j.priority DESC, j.due_at, j.id
                LIMIT :room
                FOR NO KEY UPDATE OF j SKIP LOCKED
            ) AS unlocked
            UNION ALL
            SELECT *
            FROM (
                SELECT
                    j.id,
                    j.priority,
                    j.due_at
                FROM rekkrd.live_jobs AS j
                WHERE
                    j.lane = :lane AND j.user_id = u.user_id AND j.takes_token = :takes_token AND j.is_ready
                    AND (:kinds::text [] IS NULL OR j.kind = ANY(:kinds::text []))
                    AND j.speaks_for_user
                    AND NOT EXISTS (
                        SELECT 1
                        FROM rekkrd.jobs AS busy
                        WHERE
                            busy.user_id = u.user_id AND busy.speaks_for_user
                            AND (busy.leased_until IS NOT NULL OR busy.called_until > now())
                    )
                ORDER BY j.priority DESC, j.due_at, j.id
                LIMIT 1
                FOR NO KEY UPDATE OF j SKIP LOCKED
            ) AS unlocked
        ) AS mine
    ) AS step
    ORDER BY turn, u.user_id
    LIMIT :room
),

called AS (
    UPDATE rekkrd.jobs AS j
    SET called_until = now() + make_interval(secs => :call_seconds), dispatched_by = :worker
    FROM ready
    WHERE j.id = ready.id
    RETURNING j.id, j.kind, j.queue, j.crashes
),

turned AS (
    UPDATE rekkrd.turns AS t
    SET turn = moved.turn + 1
    FROM (
        SELECT
            user_id,
            max(turn) AS turn
        FROM ready
        GROUP BY user_id
    ) AS moved
    WHERE t.lane = :lane AND t.user_id = moved.user_id
),

advanced AS (
    UPDATE rekkrd.lanes AS l
    SET turn = (SELECT max(turn) FROM ready)
    WHERE l.lane = :lane AND EXISTS (SELECT 1 FROM ready)
)

SELECT
    id,
    kind,
    queue,
    crashes
FROM called;

-- name: count_waiting()
-- Steps that were called up for a token and have none yet, by lane: a handful of rows, read from their own index.
SELECT
    lane,
    count(*) AS waiting
FROM rekkrd.jobs
WHERE (called_until IS NOT NULL OR leased_until IS NOT NULL) AND takes_token AND NOT is_executing
    AND (leased_until IS NOT NULL OR called_until > now())
GROUP BY lane;

-- name: take_back_expired()
-- Rescue the steps whose lease expired. The fence moves, so the worker that paused changes nothing any more; a crash is
-- counted only against a job that was executing. Never waits: a job is left for the next look while its row, its import
-- row or the job behind it is locked, and while its lease is extended. One locked row would keep all others waiting.
UPDATE rekkrd.jobs AS j
SET
    leased_until = NULL,
    leased_by = NULL,
    claimed_at = NULL,
    is_executing = false,
    fence = j.fence + 1,
    cancel_requested_at = CASE WHEN rekkrd.is_ending(j) THEN coalesce(j.cancel_requested_at, now()) END,
    crashes = j.crashes + (CASE WHEN expired.is_executing THEN 1 ELSE 0 END)
FROM (
    SELECT
        o.id,
        o.leased_by,
        o.claimed_at,
        o.is_executing
    FROM rekkrd.jobs AS o
    WHERE
        o.leased_until <= now()
        AND NOT EXISTS (
            SELECT 1
            FROM rekkrd.lease_extensions AS e
            WHERE e.job_id = o.id AND e.fence = o.fence AND e.leased_until > now()
        )
        AND (
            NOT EXISTS (SELECT 1 FROM public.discogs_import_jobs AS i WHERE i.id = o.id)
            OR EXISTS (
                SELECT 1
                FROM (
                    SELECT 1
                    FROM public.discogs_import_jobs AS i
                    WHERE i.id = o.id
                    FOR NO KEY UPDATE SKIP LOCKED
                ) AS unlocked
            )
        )
        AND (
            NOT EXISTS (SELECT 1 FROM rekkrd.jobs AS f WHERE f.follows = o.id AND f.state = 'pending')
            OR EXISTS (
                SELECT 1
                FROM (
                    SELECT 1
                    FROM rekkrd.jobs AS f
                    WHERE f.follows = o.id AND f.state = 'pending'
                    FOR NO KEY UPDATE SKIP LOCKED
                ) AS unlocked
            )
        )
    FOR NO KEY UPDATE OF o SKIP LOCKED
) AS expired
WHERE j.id = expired.id
RETURNING j.*, expired.leased_by AS left_by, expired.claimed_at AS left_at, expired.is_executing AS died_executing;

-- name: forget_extensions(room)!
-- Delete extensions of leases that ended long ago: the worker died while the row was locked.
DELETE FROM rekkrd.lease_extensions
WHERE
    ctid = ANY(ARRAY(
        SELECT ctid
        FROM rekkrd.lease_extensions
        WHERE leased_until < now() - interval '1 hour'
        LIMIT :room
        FOR UPDATE SKIP LOCKED
    ));

-- name: hold_turns(lanes, user_ids)$
-- Give users a place in a queue each, and keep it until the transaction ends.
SELECT rekkrd.hold_turns(:lanes::text [], :user_ids::uuid []);

-- name: release_followers()$
-- Let jobs go on that wait to replace another one which has no step under way.
SELECT rekkrd.release_followers();

-- name: count_ahead(ids, most)
-- Steps that will be called up before each of these jobs' next ones: one for each user whose turn is earlier,
-- and the user's own older steps, between each two of which every other waiting user has one. So many, or a few more,
-- when there are more: nobody needs it to the step then, and to count ten thousand users takes too long.
-- Who waits in a lane is looked at once for all of the jobs, in the order of turns, and no further than they need.
WITH mine AS MATERIALIZED (
    SELECT
        j.id,
        j.lane,
        j.user_id,
        greatest(t.turn, l.turn) AS turn,
        own.ahead
    FROM rekkrd.jobs AS j
    INNER JOIN rekkrd.turns AS t ON j.lane = t.lane AND j.user_id = t.user_id
    INNER JOIN rekkrd.lanes AS l ON j.lane = l.lane
    CROSS JOIN LATERAL (
        SELECT count(*) AS ahead
        FROM (
            SELECT 1
            FROM rekkrd.jobs AS o
            WHERE
                o.lane = j.lane AND o.user_id = j.user_id AND o.state IN ('pending', 'running', 'retrying')
                AND o.due_at <= now()
                AND (o.priority > j.priority OR (o.priority = j.priority AND (o.due_at, o.id) < (j.due_at, j.id)))
            LIMIT :most
        ) AS older
    ) AS own
    WHERE j.id = ANY(:ids)
),

others AS MATERIALIZED (
    SELECT
        looked.lane,
        first.user_id,
        first.turn,
        first.steps
    FROM (
        SELECT
            lane,
            max(turn + ahead) AS last_turn,
            least(100, max(ahead) + 1) AS most_steps
        FROM mine
        GROUP BY lane
    ) AS looked
    CROSS JOIN LATERAL (
        SELECT
            t.user_id,
            t.turn,
            waiting.steps
        FROM rekkrd.turns AS t
        CROSS JOIN LATERAL (
            SELECT count(*) AS steps
            FROM (
                SELECT 1
                FROM rekkrd.jobs AS j
                WHERE
                    j.lane = t.lane AND j.user_id = t.user_id AND j.state IN ('pending', 'running', 'retrying')
                    AND j.due_at <= now()
                LIMIT looked.most_steps
            ) AS counted
        ) AS waiting
        WHERE t.lane = looked.lane AND t.turn <= looked.last_turn AND waiting.steps > 0
        ORDER BY t.turn, t.user_id
        LIMIT :most + 1
    ) AS first
)

SELECT
    mine.id,
    mine.ahead + coalesce(earlier.steps, 0) AS ahead
FROM mine
CROSS JOIN LATERAL (
    SELECT sum(least(o.steps, mine.ahead + 1)) AS steps
    FROM others AS o
    WHERE
        o.lane = mine.lane AND o.user_id <> mine.user_id
        AND (o.turn, o.user_id) < (mine.turn + mine.ahead, mine.user_id)
) AS earlier;

-- name: hold_idle_turns(room)
-- Some turns of users without live work in the lane, save those that a job being enqueued holds.
SELECT
    t.lane,
    t.user_id
FROM rekkrd.turns AS t
WHERE NOT EXISTS (
    SELECT 1
    FROM rekkrd.jobs AS j
    WHERE j.lane = t.lane AND j.user_id = t.user_id AND j.state IN ('pending', 'running', 'retrying')
)
LIMIT :room
FOR UPDATE SKIP LOCKED;

-- name: forget_turns(lanes, user_ids)!
-- Clear these turns if they still are idle: a statement after they were held sees the jobs committed before that.
DELETE FROM rekkrd.turns AS t
USING unnest(:lanes::text [], :user_ids::uuid []) AS held (lane, user_id)
WHERE
    t.lane = held.lane AND t.user_id = held.user_id
    AND NOT EXISTS (
        SELECT 1
        FROM rekkrd.jobs AS j
        WHERE j.lane = t.lane AND j.user_id = t.user_id AND j.state IN ('pending', 'running', 'retrying')
    );
