-- What goes out to Discogs: what was intended before it was sent, and from when on it may.

ALTER TABLE rekkrd.links
ADD COLUMN collection_first_complete_at timestamptz,
ADD COLUMN push_confirmed_at timestamptz;

COMMENT ON COLUMN rekkrd.links.collection_first_complete_at IS
'Albums from before this were matched or asked about by that import; only later ones are added to Discogs.';
COMMENT ON COLUMN rekkrd.links.push_confirmed_at IS
'When the collector said yes to the first preview; before that nothing is ever changed on Discogs.';

UPDATE rekkrd.links SET collection_first_complete_at = collection_complete_at;

CREATE TABLE rekkrd.intents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    album_id uuid REFERENCES public.albums (id) ON DELETE SET NULL,
    release_id bigint NOT NULL,
    known bigint [] NOT NULL,
    state text NOT NULL DEFAULT 'open',
    intended_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    instance_id bigint,
    error text,
    CONSTRAINT intents_state_known CHECK (state IN ('open', 'confirmed', 'refused', 'unclear')),
    CONSTRAINT intents_ended_unless_open CHECK ((state = 'open') = (ended_at IS NULL)),
    CONSTRAINT intents_confirmed_by_number CHECK ((state = 'confirmed') = (instance_id IS NOT NULL))
);

COMMENT ON TABLE rekkrd.intents IS
'Copies that we meant to add on Discogs, stored before they were sent. An add repeated blindly is a second copy: while '
'an intent is open, nobody sends it again without a look.';
COMMENT ON COLUMN rekkrd.intents.known IS
'The copies of the release that were known then: after an uncertain end, exactly one other is ours.';

CREATE UNIQUE INDEX intents_one_open_per_album ON rekkrd.intents (album_id) WHERE state = 'open';
CREATE INDEX intents_of_album ON rekkrd.intents (album_id) WHERE album_id IS NOT NULL;
CREATE INDEX intents_of_user ON rekkrd.intents (user_id, intended_at DESC);

REVOKE ALL ON rekkrd.intents FROM public;

CREATE FUNCTION rekkrd.waits_to_go_out(agreed jsonb, album public.albums, copy rekkrd.instances) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT CASE
    WHEN album.id IS NULL
        THEN copy.media_condition IS NOT DISTINCT FROM agreed ->> 'media_condition'
            AND copy.sleeve_condition IS NOT DISTINCT FROM agreed ->> 'sleeve_condition'
            AND coalesce(copy.notes, '') = coalesce(agreed ->> 'discogs_notes', '')
    ELSE
        (
            agreed ? 'media_condition'
            AND album.media_condition IS DISTINCT FROM agreed ->> 'media_condition'
            AND copy.media_condition IS NOT DISTINCT FROM agreed ->> 'media_condition'
        )
        OR (
            agreed ? 'sleeve_condition'
            AND album.sleeve_condition IS DISTINCT FROM agreed ->> 'sleeve_condition'
            AND copy.sleeve_condition IS NOT DISTINCT FROM agreed ->> 'sleeve_condition'
        )
        OR (
            agreed ? 'discogs_folder_id'
            AND album.discogs_folder_id <> (agreed ->> 'discogs_folder_id')::bigint
            AND copy.folder_id IS NOT DISTINCT FROM (agreed ->> 'discogs_folder_id')::bigint
        )
        OR (
            agreed ? 'discogs_notes'
            AND coalesce(album.discogs_notes, '') <> coalesce(agreed ->> 'discogs_notes', '')
            AND coalesce(copy.notes, '') = coalesce(agreed ->> 'discogs_notes', '')
        )
END $$;

COMMENT ON FUNCTION rekkrd.waits_to_go_out IS
'Whether something changed here only: what changed on both sides is a conflict, and waits for an answer instead.';

REVOKE ALL ON FUNCTION rekkrd.waits_to_go_out FROM public;
