-- What the market says, when it says something odd.

-- Which prices came lately: exchange rates are read off one of them, and blocked ones have none.
CREATE INDEX prices_answered ON rekkrd.prices (what, fetched_at) WHERE state = 'priced';

-- A record that only the app knows is somebody's, too: its price is kept, and asked for.
CREATE INDEX IF NOT EXISTS albums_of_release ON public.albums (discogs_release_id) WHERE discogs_release_id IS NOT NULL;

-- A mail of which no attempt can have arrived is tried for longer than Resend remembers a key.
ALTER TABLE rekkrd.mails ADD COLUMN may_have_arrived boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN rekkrd.mails.may_have_arrived IS
'Whether any attempt has no known end: then it is not sent again once its key is forgotten.';

UPDATE rekkrd.mails
SET may_have_arrived = true
WHERE attempts > 0;
