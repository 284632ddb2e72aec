-- OAuth hand-shakes under way, each finished once at most.

-- name: begin(request_token_hash, user_id, request_token, request_secret, browser_hash, return_to, lifetime)!
-- Remember a request token until its user comes back.
INSERT INTO rekkrd.handshakes (
    request_token_hash, user_id, request_token, request_secret, browser_hash, return_to, expires_at
)
VALUES (
    :request_token_hash, :user_id, :request_token, :request_secret, :browser_hash, :return_to, now() + :lifetime::interval
);

-- name: look(request_token_hash)^
-- Why a hand-shake cannot be taken, or whose it is.
SELECT user_id, browser_hash, used_at IS NOT NULL AS is_used, expires_at <= now() AS is_over
  FROM rekkrd.handshakes
 WHERE request_token_hash = :request_token_hash;

-- name: take(request_token_hash)^
-- Use it up: the second caller gets no row.
UPDATE rekkrd.handshakes
   SET used_at = now()
 WHERE request_token_hash = :request_token_hash
   AND used_at IS NULL AND expires_at > now()
RETURNING user_id, request_token, request_secret, return_to;

-- name: forget_old(age)!
-- Clear what nobody can finish any more; kept for a while so that a late visitor hears "too late", not "unknown".
DELETE FROM rekkrd.handshakes
 WHERE expires_at < now() - :age::interval;
