-- What changed here and on Discogs, and the rules by which a collector wants that decided.

CREATE TABLE rekkrd.conflicts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    instance_id bigint NOT NULL,
    release_id bigint NOT NULL,
    album_id uuid REFERENCES public.albums (id) ON DELETE SET NULL,
    field text NOT NULL,
    has_base boolean NOT NULL,
    base jsonb,
    ours jsonb,
    theirs jsonb,
    found_at timestamptz NOT NULL DEFAULT now(),
    ours_changed_at timestamptz,
    theirs_changed_after timestamptz,
    resolved_at timestamptz,
    resolution text,
    resolved_by text,
    CONSTRAINT conflicts_resolution_known CHECK (resolution IN ('ours', 'theirs', 'agreed', 'superseded')),
    CONSTRAINT conflicts_resolved_as_something
    CHECK ((resolved_at IS NULL) = (resolution IS NULL) AND (resolved_at IS NULL) = (resolved_by IS NULL)),
    CONSTRAINT conflicts_base_only_if_agreed CHECK (has_base OR base IS NULL)
);

COMMENT ON TABLE rekkrd.conflicts IS
'A field of a record that changed here and on Discogs, and not to the same; both values stay until somebody decides. '
'The field _record stands for the whole: deleted on one side, edited on the other.';
COMMENT ON COLUMN rekkrd.conflicts.has_base IS
'False where both sides never agreed on the field, as when an album that was there before was linked to a copy.';
COMMENT ON COLUMN rekkrd.conflicts.base IS
'What both sides agreed on last. Here and in ours and theirs NULL is an empty field, or a record that is gone.';
COMMENT ON COLUMN rekkrd.conflicts.ours_changed_at IS
'When the album was changed last, if the app keeps that in albums.updated_at.';
COMMENT ON COLUMN rekkrd.conflicts.theirs_changed_after IS
'The last look at the copy before the change was there. Discogs does not tell when a copy was changed.';

CREATE UNIQUE INDEX conflicts_open_once ON rekkrd.conflicts (user_id, instance_id, field) WHERE resolved_at IS NULL;
CREATE INDEX conflicts_open_in_order ON rekkrd.conflicts (user_id, id) WHERE resolved_at IS NULL;
CREATE INDEX conflicts_of_user ON rekkrd.conflicts (user_id, found_at DESC, id DESC);
CREATE INDEX conflicts_of_album ON rekkrd.conflicts (album_id) WHERE album_id IS NOT NULL;

CREATE TABLE rekkrd.rules (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    field text NOT NULL,
    rule text NOT NULL,
    PRIMARY KEY (user_id, field),
    CONSTRAINT rules_rule_known CHECK (rule IN ('ours', 'theirs', 'newest', 'ask'))
);

COMMENT ON TABLE rekkrd.rules IS
'What a collector wants done where a field changed on both sides; a field without a rule is asked about.';

REVOKE ALL ON rekkrd.conflicts, rekkrd.rules FROM public;
