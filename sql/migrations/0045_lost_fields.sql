-- Custom fields of copies that are added again: an album has no columns for them.

CREATE TABLE rekkrd.lost_fields (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    album_id uuid NOT NULL,
    field_id bigint NOT NULL,
    text text NOT NULL,
    CONSTRAINT lost_fields_pkey PRIMARY KEY (album_id, field_id)
);

COMMENT ON TABLE rekkrd.lost_fields IS
'What a copy that went on Discogs said in fields of its owner''s own: the push writes it once the copy is there again.';

CREATE INDEX lost_fields_of_user ON rekkrd.lost_fields (user_id);

REVOKE ALL ON rekkrd.lost_fields FROM public;
