-- The connection of a user: the plan's columns of profiles, and rekkrd.links beside them.

-- name: connect(user_id, username, discogs_user_id, token, secret)!
-- Store the tokens, unless the profile is bound to another Discogs account already.
UPDATE public.profiles
SET
    discogs_oauth_token = :token,
    discogs_oauth_secret = :secret,
    discogs_username = :username,
    discogs_user_id = :discogs_user_id,
    discogs_connected_at = now()
WHERE id = :user_id AND (discogs_user_id IS NULL OR discogs_user_id = :discogs_user_id);

-- name: connect_link(user_id, credentials)!
-- Say that the connection stands; what an earlier one had completed stays known.
INSERT INTO rekkrd.links (user_id, state, credentials, identity_checked_at)
VALUES (:user_id, 'connected', :credentials, now())
ON CONFLICT (user_id) DO UPDATE
    SET
        state = 'connected',
        credentials = excluded.credentials,
        identity_checked_at = excluded.identity_checked_at;

-- name: find(user_id)^
-- One user's connection with the sealed tokens.
SELECT
    l.user_id,
    p.discogs_username AS username,
    p.discogs_user_id,
    p.discogs_oauth_token,
    p.discogs_oauth_secret,
    l.credentials,
    l.state,
    l.is_partial,
    coalesce(u.tier, 'collector') AS tier,
    p.discogs_connected_at AS connected_at,
    l.curr_abbr,
    l.num_collection,
    l.num_wantlist,
    l.identity_checked_at,
    l.collection_complete_at,
    l.wantlist_complete_at,
    l.paused_reason
FROM rekkrd.links AS l
INNER JOIN public.profiles AS p ON p.id = l.user_id
LEFT JOIN rekkrd.users AS u ON u.id = l.user_id
WHERE l.user_id = :user_id;

-- name: find_many(user_ids)
-- The connections of several users, without tokens.
SELECT
    l.user_id,
    p.discogs_username AS username,
    p.discogs_user_id,
    l.credentials,
    l.state,
    l.is_partial,
    coalesce(u.tier, 'collector') AS tier,
    p.discogs_connected_at AS connected_at,
    l.curr_abbr,
    l.num_collection,
    l.num_wantlist,
    l.identity_checked_at,
    l.collection_complete_at,
    l.wantlist_complete_at,
    l.paused_reason
FROM rekkrd.links AS l
INNER JOIN public.profiles AS p ON p.id = l.user_id
LEFT JOIN rekkrd.users AS u ON u.id = l.user_id
WHERE l.user_id = ANY(:user_ids);

-- name: mark_needs_reconnect(user_id, connected_at)!
-- Note that Discogs refused the tokens, unless newer ones came meanwhile.
UPDATE rekkrd.links AS l
SET state = 'needs_reconnect'
FROM public.profiles AS p
WHERE l.user_id = :user_id
    AND p.id = l.user_id
    AND l.state = 'connected'
    AND p.discogs_connected_at = :connected_at;

-- name: disconnect(user_id)!
-- Mark the connection as ended by the user.
UPDATE rekkrd.links
SET state = 'disconnected'
WHERE user_id = :user_id AND state <> 'disconnected';

-- name: forget_tokens(user_id)!
-- Clear the tokens; name and number stay, so that nobody else's account is taken for this one later.
UPDATE public.profiles
SET discogs_oauth_token = NULL, discogs_oauth_secret = NULL, discogs_connected_at = NULL
WHERE id = :user_id;

-- name: rename(user_id, discogs_user_id, username)!
-- The same account under a new name.
UPDATE public.profiles
SET discogs_username = :username
WHERE id = :user_id AND discogs_user_id = :discogs_user_id;

-- name: check_identity(user_id)!
-- Discogs just said who we are, and it was right.
UPDATE rekkrd.links
SET identity_checked_at = now()
WHERE user_id = :user_id;

-- name: count(user_id, num_collection, num_wantlist, curr_abbr)!
-- Keep what the profile request said.
UPDATE rekkrd.links
SET
    num_collection = coalesce(:num_collection, num_collection),
    num_wantlist = coalesce(:num_wantlist, num_wantlist),
    curr_abbr = coalesce(:curr_abbr, curr_abbr)
WHERE user_id = :user_id;

-- name: set_partial(user_id, is_partial)!
-- A partial link saw the newest copies only, so nothing in it can be missing.
UPDATE rekkrd.links
SET is_partial = :is_partial
WHERE user_id = :user_id;

-- name: set_collection_complete(user_id)!
-- A whole sweep of the collection ended now.
UPDATE rekkrd.links
SET collection_complete_at = now(), collection_first_complete_at = coalesce(collection_first_complete_at, now())
WHERE user_id = :user_id;

-- name: set_wantlist_complete(user_id)!
-- A whole sweep of the wantlist ended now.
UPDATE rekkrd.links
SET wantlist_complete_at = now()
WHERE user_id = :user_id;

-- name: find_sealed(after, page_size)
-- Sealed tokens in the order of their users, a page at a time.
SELECT id, discogs_oauth_token, discogs_oauth_secret
FROM public.profiles
WHERE discogs_oauth_token IS NOT NULL AND id > :after
ORDER BY id
LIMIT :page_size;

-- name: replace_sealed(user_id, was, token, secret)!
-- Store the same tokens under another key, unless the user connected anew meanwhile.
UPDATE public.profiles
SET discogs_oauth_token = :token, discogs_oauth_secret = :secret
WHERE id = :user_id AND discogs_oauth_token = :was;

-- name: unbind(user_id)!
-- Forget which account it was, so that another one can be connected.
UPDATE public.profiles
SET
    discogs_oauth_token = NULL,
    discogs_oauth_secret = NULL,
    discogs_connected_at = NULL,
    discogs_username = NULL,
    discogs_user_id = NULL
WHERE id = :user_id;

-- name: unbind_albums(user_id)!
-- Albums stay, without what tied them to the account: its copies, when they were added, and its folders. Of its fields
-- what Discogs has too goes with their numbers, which mean others in another account; what was only written here stays.
UPDATE public.albums AS album
SET
    discogs_instance_id = NULL,
    discogs_folder_id = NULL,
    discogs_date_added = NULL,
    discogs_fields = (
        SELECT jsonb_object_agg(own.name, own.value)
        FROM jsonb_each(album.discogs_fields) AS own (name, value)
        WHERE own.value IS DISTINCT FROM known.fields -> own.name
    )
FROM (
    SELECT one.id, pact.fields
    FROM public.albums AS one
    LEFT JOIN rekkrd.agreed AS pact ON one.id = pact.album_id
    WHERE one.user_id = :user_id
        AND (
            one.discogs_instance_id IS NOT NULL
            OR one.discogs_folder_id IS NOT NULL
            OR one.discogs_date_added IS NOT NULL
        )
) AS known
WHERE album.id = known.id;

-- name: forget_collected(user_id)!
-- Delete what is known of the account, and the link itself.
WITH
    gone_agreed AS (DELETE FROM rekkrd.agreed WHERE user_id = :user_id),
    gone_questions AS (DELETE FROM rekkrd.questions WHERE user_id = :user_id),
    gone_conflicts AS (DELETE FROM rekkrd.conflicts WHERE user_id = :user_id),
    gone_intents AS (DELETE FROM rekkrd.intents WHERE user_id = :user_id),
    gone_instances AS (DELETE FROM rekkrd.instances WHERE user_id = :user_id),
    gone_wants AS (DELETE FROM rekkrd.wants WHERE user_id = :user_id),
    gone_wantlist AS (
        DELETE FROM public.discogs_wantlist AS mine
        USING rekkrd.wants AS want
        WHERE mine.user_id = :user_id
            AND want.user_id = mine.user_id
            AND want.release_id = mine.discogs_release_id
            AND want.agreed IS NOT NULL
    ),
    gone_undos AS (DELETE FROM rekkrd.undos WHERE user_id = :user_id),
    gone_undone AS (DELETE FROM rekkrd.undone_records WHERE user_id = :user_id),
    gone_previews AS (DELETE FROM rekkrd.previews WHERE user_id = :user_id),
    gone_folders AS (DELETE FROM rekkrd.folders WHERE user_id = :user_id),
    gone_fields AS (DELETE FROM rekkrd.fields WHERE user_id = :user_id)
DELETE FROM rekkrd.links
WHERE user_id = :user_id;

-- name: collection_known_to(user_id)$
-- The time up to which every copy that was added has been read.
SELECT collection_known_to
FROM rekkrd.links
WHERE user_id = :user_id;

-- name: set_collection_known_to(user_id, sweep_id)!
-- Everything up to the newest copy that this walk saw has been read. What came by other ways says nothing of it.
UPDATE rekkrd.links
SET
    collection_known_to = (
        SELECT max(copy.date_added)
        FROM rekkrd.instances AS copy
        WHERE copy.user_id = :user_id AND copy.seen_in = :sweep_id
    )
WHERE user_id = :user_id;
