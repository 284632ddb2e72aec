-- What Discogs says a collector owns and wants, kept beside the app's albums, and what both sides last agreed on.

CREATE TABLE rekkrd.links (
    user_id uuid PRIMARY KEY REFERENCES public.profiles (id) ON DELETE CASCADE,
    state text NOT NULL DEFAULT 'connected',
    credentials text NOT NULL DEFAULT 'oauth',
    is_partial boolean NOT NULL DEFAULT false,
    curr_abbr text,
    num_collection integer,
    num_wantlist integer,
    identity_checked_at timestamptz,
    collection_complete_at timestamptz,
    wantlist_complete_at timestamptz,
    CONSTRAINT links_state_known CHECK (state IN ('connected', 'needs_reconnect', 'disconnected')),
    CONSTRAINT links_credentials_known CHECK (credentials IN ('oauth', 'personal'))
);

COMMENT ON TABLE rekkrd.links IS
'How the connection to an account stands. The tokens themselves are in profiles, encrypted.';

CREATE TABLE rekkrd.handshakes (
    request_token_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    request_token text NOT NULL,
    request_secret text NOT NULL,
    browser_hash bytea,
    return_to text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT handshakes_expire_later CHECK (expires_at > created_at)
);

COMMENT ON TABLE rekkrd.handshakes IS
'OAuth hand-shakes under way, one use each. Tokens are encrypted; the browser is known by the hash of its cookie.';

CREATE INDEX handshakes_of_user ON rekkrd.handshakes (user_id);

CREATE TABLE rekkrd.folders (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    folder_id bigint NOT NULL,
    name text NOT NULL,
    record_count integer NOT NULL,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, folder_id)
);

CREATE TABLE rekkrd.fields (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    field_id bigint NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    options text [] NOT NULL DEFAULT '{}',
    position integer NOT NULL DEFAULT 0,
    lines integer,
    is_public boolean NOT NULL DEFAULT false,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, field_id)
);

CREATE TABLE rekkrd.releases (
    release_id bigint PRIMARY KEY,
    master_id bigint,
    title text NOT NULL,
    artist text NOT NULL,
    year integer,
    artists jsonb NOT NULL DEFAULT '[]',
    labels jsonb NOT NULL DEFAULT '[]',
    formats jsonb NOT NULL DEFAULT '[]',
    genres text [] NOT NULL DEFAULT '{}',
    styles text [] NOT NULL DEFAULT '{}',
    thumb text NOT NULL DEFAULT '',
    cover_image text NOT NULL DEFAULT '',
    fetched_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE rekkrd.releases IS
'The list view of a release, as the API last gave it: one row for all copies of all collectors.';

CREATE TABLE rekkrd.sweeps (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id uuid NOT NULL REFERENCES rekkrd.jobs (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    list text NOT NULL,
    try smallint NOT NULL,
    sort text NOT NULL,
    sort_order text NOT NULL,
    items integer,
    is_whole boolean NOT NULL DEFAULT true,
    seen integer,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    outcome text,
    CONSTRAINT sweeps_list_known CHECK (list IN ('collection', 'wantlist')),
    CONSTRAINT sweeps_outcome_known CHECK (outcome IN ('complete', 'partial', 'changed', 'abandoned')),
    CONSTRAINT sweeps_finished_with_outcome CHECK ((finished_at IS NULL) = (outcome IS NULL)),
    CONSTRAINT sweeps_one_a_try UNIQUE (job_id, try)
);

COMMENT ON TABLE rekkrd.sweeps IS
'One walk over all pages. Only a sweep whose every page was whole and whose distinct records equal the count is '
'complete, and only a complete sweep may say that a record is missing.';

CREATE INDEX sweeps_of_user ON rekkrd.sweeps (user_id, started_at DESC);

CREATE TABLE rekkrd.instances (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    instance_id bigint NOT NULL,
    release_id bigint NOT NULL REFERENCES rekkrd.releases (release_id),
    folder_id bigint NOT NULL,
    rating smallint NOT NULL DEFAULT 0,
    date_added timestamptz,
    media_condition text,
    sleeve_condition text,
    notes text,
    fields jsonb NOT NULL DEFAULT '[]',
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    fetched_at timestamptz NOT NULL DEFAULT now(),
    seen_in uuid,
    missing_since timestamptz,
    PRIMARY KEY (user_id, instance_id),
    CONSTRAINT instances_rating_range CHECK (rating BETWEEN 0 AND 5)
);

COMMENT ON TABLE rekkrd.instances IS
'Every copy a collector owns on Discogs: two copies of one release are two rows. A missing copy is marked, never '
'removed.';
COMMENT ON COLUMN rekkrd.instances.fields IS
'All custom fields verbatim, as [{"field_id": 4, "value": "..."}]; grades and notes also stand in their own columns.';

CREATE INDEX instances_of_release ON rekkrd.instances (release_id, user_id);
CREATE INDEX instances_seen ON rekkrd.instances (user_id, seen_in);
CREATE INDEX instances_newest ON rekkrd.instances (user_id, date_added DESC, instance_id DESC);

CREATE TABLE rekkrd.wants (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    release_id bigint NOT NULL REFERENCES rekkrd.releases (release_id),
    rating smallint NOT NULL DEFAULT 0,
    notes text NOT NULL DEFAULT '',
    date_added timestamptz,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    fetched_at timestamptz NOT NULL DEFAULT now(),
    seen_in uuid,
    missing_since timestamptz,
    PRIMARY KEY (user_id, release_id),
    CONSTRAINT wants_rating_range CHECK (rating BETWEEN 0 AND 5)
);

CREATE INDEX wants_of_release ON rekkrd.wants (release_id);
CREATE INDEX wants_seen ON rekkrd.wants (user_id, seen_in);

CREATE TABLE rekkrd.agreed (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    instance_id bigint NOT NULL,
    album_id uuid REFERENCES public.albums (id) ON DELETE SET NULL,
    fields jsonb NOT NULL,
    agreed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, instance_id)
);

COMMENT ON TABLE rekkrd.agreed IS
'What the album and the copy on Discogs last agreed on. A local change is any difference between an album and this; '
'a local deletion is a row here without its album.';

CREATE UNIQUE INDEX agreed_one_per_album ON rekkrd.agreed (album_id) WHERE album_id IS NOT NULL;

CREATE TABLE rekkrd.questions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    kind text NOT NULL,
    subject text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    asked_at timestamptz NOT NULL DEFAULT now(),
    answered_at timestamptz,
    answer jsonb,
    CONSTRAINT questions_kind_known CHECK (kind IN ('duplicate', 'vanished')),
    CONSTRAINT questions_answered_with_answer CHECK ((answered_at IS NULL) = (answer IS NULL))
);

COMMENT ON TABLE rekkrd.questions IS
'What only the collector can decide: which album a copy is, whether so many records really went away.';

CREATE INDEX questions_of_user ON rekkrd.questions (user_id, asked_at DESC, id DESC);
CREATE UNIQUE INDEX questions_open_once ON rekkrd.questions (user_id, kind, subject) WHERE answered_at IS NULL;
