-- The door into the ledger: new jobs, and turns for those who brought them.

-- name: add(new_jobs)
-- Put jobs into the ledger; of each, the row that is there now, and whether it is new.
SELECT
    a.place,
    a.is_new,
    a.replaced,
    (a.job).*
FROM rekkrd.add_jobs(:new_jobs) AS a
ORDER BY a.place;

-- name: add_many(new_jobs)
-- The same without the rows.
SELECT
    (a.job).id,
    a.is_new,
    a.replaced
FROM rekkrd.add_jobs(:new_jobs) AS a
ORDER BY a.place;

-- name: request(kind, quiet)$
-- Enqueue a job that belongs to no user, unless one is live or was created within :quiet. Returns its ID. A job that
-- sent no request found nothing to do then: it counts for 30 s only.
SELECT (a.job).id
FROM rekkrd.kinds AS k
CROSS JOIN LATERAL rekkrd.add_jobs(
    jsonb_build_array(
        jsonb_build_object(
            'place', 0,
            'id', gen_random_uuid(),
            'kind', k.kind,
            'lane', k.lane,
            'user_id', '00000000-0000-0000-0000-000000000000',
            'args', '{}'::jsonb,
            'unique_key', k.unique_key,
            'priority', 0,
            'takes_token', k.takes_token,
            'speaks_for_user', k.speaks_for_user,
            'has_import_row', k.has_import_row,
            'run_at', NULL,
            'if_live', 'return'
        )
    )
) AS a
WHERE
    k.kind = :kind
    AND NOT EXISTS (
        SELECT FROM rekkrd.jobs AS j
        WHERE
            j.user_id = '00000000-0000-0000-0000-000000000000' AND j.unique_key = k.unique_key
            AND j.state IN ('pending', 'running', 'retrying')
    )
    AND NOT EXISTS (
        SELECT FROM rekkrd.jobs AS j
        WHERE
            j.kind = :kind AND j.created_at > now() - :quiet::interval
            AND (j.requests > 0 OR j.created_at > now() - interval '30 seconds')
    );

-- name: has_live(kind)$
-- Whether a job of this kind is unfinished.
SELECT EXISTS (
    SELECT FROM rekkrd.jobs AS j
    INNER JOIN rekkrd.kinds AS k ON j.kind = k.kind
    WHERE
        j.kind = :kind AND j.user_id = '00000000-0000-0000-0000-000000000000' AND j.unique_key = k.unique_key
        AND j.state IN ('pending', 'running', 'retrying')
);

-- name: hold_turns(lanes, user_ids)$
-- Let users into the line of a lane each, and keep their turns from being cleared until this is committed.
SELECT rekkrd.hold_turns(:lanes::text [], :user_ids::uuid []);
