-- The people, through the one view that an app may replace.

-- name: find_by_id(user_id)^
-- One user by id.
SELECT id, handle, email, tier, currency, time_zone
FROM rekkrd.users
WHERE id = :user_id;

-- name: find_by_name(name)
-- Users with this handle or address; two rows are enough to know that the name is not clear.
SELECT id, handle, email, tier, currency, time_zone
FROM rekkrd.users
WHERE handle = :name OR lower(email) = lower(:name)
LIMIT 2;

-- name: find_many(user_ids)
-- Several users by id.
SELECT id, handle, email, tier, currency, time_zone
FROM rekkrd.users
WHERE id = ANY(:user_ids);

-- name: find_named(names)
-- Users with one of these handles or addresses, for many jobs at once.
SELECT id, handle, email, tier, currency, time_zone
FROM rekkrd.users
WHERE handle = ANY(:names) OR lower(email) = ANY(SELECT lower(n.name) FROM unnest(:names::text []) AS n (name));

-- name: list_page(after, page_size)
-- Users in the order of their ids, a page at a time.
SELECT id, handle, email, tier, currency, time_zone
FROM rekkrd.users
WHERE id > :after
ORDER BY id
LIMIT :page_size;

-- name: create(user_id, handle, email, tier)^
-- Make a user, on our own database only.
INSERT INTO public.profiles (id, handle, email, tier)
VALUES (coalesce(:user_id::uuid, gen_random_uuid()), :handle, :email, :tier)
ON CONFLICT (handle) DO NOTHING
RETURNING id;
