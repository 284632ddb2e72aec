-- What is on a collector's shelf, for people to look at.

-- name: sizes(user_ids)
-- How many copies and wants these users hold; who holds nothing shows zeros.
SELECT
    u.user_id,
    (
        SELECT count(*) FROM rekkrd.instances AS i
        WHERE i.user_id = u.user_id AND i.missing_since IS NULL
    ) AS copies,
    (
        SELECT count(*) FROM rekkrd.wants AS w
        WHERE w.user_id = u.user_id AND w.missing_since IS NULL
    ) AS wants
FROM unnest(:user_ids::uuid []) AS u (user_id);

-- name: newest(user_id, room)
-- The copies added last, as a shelf shows them.
SELECT
    r.artist,
    r.title,
    r.year,
    i.media_condition,
    i.sleeve_condition,
    coalesce(f.name, 'folder ' || i.folder_id) AS folder
FROM rekkrd.instances AS i
INNER JOIN rekkrd.releases AS r ON i.release_id = r.release_id
LEFT JOIN rekkrd.folders AS f ON i.user_id = f.user_id AND i.folder_id = f.folder_id
WHERE i.user_id = :user_id AND i.missing_since IS NULL
ORDER BY i.date_added DESC, i.instance_id DESC
LIMIT :room;

-- name: by_folder(user_id)
-- Copies in each folder, the fullest first.
SELECT coalesce(f.name, 'folder ' || i.folder_id) AS name, count(*) AS copies
FROM rekkrd.instances AS i
LEFT JOIN rekkrd.folders AS f ON i.user_id = f.user_id AND i.folder_id = f.folder_id
WHERE i.user_id = :user_id AND i.missing_since IS NULL
GROUP BY i.folder_id, f.name
ORDER BY copies DESC, name;

-- name: by_grade(user_id)
-- Copies of each grade of the medium; NULL where nobody graded it.
SELECT i.media_condition AS grade, count(*) AS copies
FROM rekkrd.instances AS i
WHERE i.user_id = :user_id AND i.missing_since IS NULL
GROUP BY i.media_condition;
