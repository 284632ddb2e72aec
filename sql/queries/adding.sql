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

-- name: hold_turns(lanes, user_ids)$
-- Let users into the line of a lane each, and keep their turns from being cleared until this is committed.
SELECT rekkrd.hold_turns(:lanes::text [], :user_ids::uuid []);
