-- What a sync would do, found by a look at Discogs that changes nothing: one preview a collector, the last.

CREATE TABLE rekkrd.previews (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    job_id uuid NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now(),
    looked_at timestamptz,
    requests integer NOT NULL DEFAULT 0,
    is_whole boolean NOT NULL DEFAULT FALSE,
    asks_about_vanished boolean NOT NULL DEFAULT FALSE,
    CONSTRAINT previews_pkey PRIMARY KEY (user_id),
    CONSTRAINT previews_requests_not_negative CHECK (requests >= 0),
    CONSTRAINT previews_whole_when_looked CHECK (looked_at IS NOT NULL OR NOT is_whole)
);

COMMENT ON TABLE rekkrd.previews IS
'The last look at Discogs that a collector asked for before a sync. looked_at is null while it is under way.';
COMMENT ON COLUMN rekkrd.previews.is_whole IS
'Whether all of both lists was seen while they did not change; only then it is told what would vanish.';

CREATE TABLE rekkrd.preview_items (
    user_id uuid NOT NULL REFERENCES rekkrd.previews (user_id) ON DELETE CASCADE,
    number bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    way text NOT NULL,
    change text NOT NULL,
    is_want boolean NOT NULL,
    release_id bigint NOT NULL,
    instance_id bigint,
    album_id uuid,
    artist text NOT NULL,
    title text NOT NULL,
    field text,
    base jsonb,
    before jsonb,
    after jsonb,
    CONSTRAINT preview_items_pkey PRIMARY KEY (user_id, number),
    CONSTRAINT preview_items_way_known CHECK (way IN ('comes_in', 'conflicts', 'vanishes'))
);

COMMENT ON TABLE rekkrd.preview_items IS
'What a sync would bring over, a row a record or a field of one; before is what stands here, after what Discogs says.';

CREATE TABLE rekkrd.preview_pages (
    user_id uuid NOT NULL REFERENCES rekkrd.previews (user_id) ON DELETE CASCADE,
    is_want boolean NOT NULL,
    page integer NOT NULL,
    numbers bigint [] NOT NULL,
    CONSTRAINT preview_pages_pkey PRIMARY KEY (user_id, is_want, page)
);

COMMENT ON TABLE rekkrd.preview_pages IS
'Which copies and wants a look has seen so far; gone when it is over.';

REVOKE ALL ON rekkrd.previews, rekkrd.preview_items, rekkrd.preview_pages FROM public;
