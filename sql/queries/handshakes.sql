-- OAuth hand-shakes under way, each finished once at most.

-- name: begin(request_token_hash, user_id, request_token, request_secret, browser_hash, return_to, lifetime)!
-- Remember a request token until its user comes back.
INSERT INTO rekkrd.handshakes (
    request_token_hash, user_id, request_token, request_secret, browser_hash, return_to, expires_at
)
VALUES (
    :request_token_hash, :user_id, :request_token, :request_secret, :browser_hash, :return_to,
    now() + :lifetime::interval
);

-- name: look(request_token_hash)^
-- Why a hand-shake cannot be taken, or whose it is.
SELECT
    user_id,
    browser_hash,
    used_at IS NOT NULL AS is_used,
    expires_at <= now() AS is_over
FROM rekkrd.handshakes
WHERE request_token_hash = :request_token_hash;

-- name: take(request_token_hash)^
-- Use it up: the second caller gets no row.
UPDATE rekkrd.handshakes
SET used_at = now()
WHERE request_token_hash = :request_token_hash AND used_at IS NULL AND expires_at > now()
RETURNING user_id, request_token, request_secret, return_to;

-- name: forget_old(age)!
-- Clear what nobody can finish any more; kept for a while so that a late visitor hears "too late", not "unknown".
DELETE FROM rekkrd.handshakes
WHERE expires_at < now() - :age::interval;

-- name: look_for_browser(request_token_hash, browser_hash)^
-- Whose hand-shake a ticket begins, while it can still be begun.
SELECT user_id
FROM rekkrd.handshakes
WHERE request_token_hash = :request_token_hash
    AND browser_hash = :browser_hash
    AND used_at IS NULL
    AND expires_at > now();

-- name: hand_to_browser(request_token_hash, ticket_hash, browser_hash)!
-- Exchange the ticket for a browser's cookie: the second caller changes no row.
UPDATE rekkrd.handshakes
SET browser_hash = :browser_hash
WHERE request_token_hash = :request_token_hash
    AND browser_hash = :ticket_hash
    AND used_at IS NULL
    AND expires_at > now();

-- name: give_back(request_token_hash)!
-- Let a hand-shake be taken again: it was taken, and then Discogs did not trade it.
UPDATE rekkrd.handshakes
SET used_at = NULL
WHERE request_token_hash = :request_token_hash;
