-- The app's own wantlist beside what Discogs shows, and what both sides last agreed on: changes go both ways.

CREATE TABLE public.discogs_wantlist (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    discogs_release_id bigint NOT NULL,
    notes text NOT NULL DEFAULT '',
    rating smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT discogs_wantlist_once UNIQUE (user_id, discogs_release_id),
    CONSTRAINT discogs_wantlist_release_positive CHECK (discogs_release_id > 0),
    CONSTRAINT discogs_wantlist_rating_range CHECK (rating BETWEEN 0 AND 5)
);

COMMENT ON TABLE public.discogs_wantlist IS
'What a collector wants, as the app has it. The app writes here; what differs from what was agreed on goes to Discogs.';
COMMENT ON COLUMN public.discogs_wantlist.rating IS '1 to 5; 0 is none.';

CREATE INDEX discogs_wantlist_of_release ON public.discogs_wantlist (discogs_release_id);

ALTER TABLE public.discogs_wantlist ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON public.discogs_wantlist FROM public;

CREATE POLICY discogs_wantlist_own_rows ON public.discogs_wantlist FOR SELECT USING (
    user_id = (SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid)
);

DO $$
DECLARE
    stranger text;
BEGIN
    FOR stranger IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        EXECUTE format('REVOKE ALL ON public.discogs_wantlist FROM %I', stranger);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'authenticated') THEN
        GRANT SELECT ON public.discogs_wantlist TO authenticated;
    END IF;
END;
$$;

-- Null where nothing is agreed: the want is new here or there, or it is gone on both sides.
ALTER TABLE rekkrd.wants ADD COLUMN agreed jsonb;

COMMENT ON COLUMN rekkrd.wants.agreed IS
'What both sides last agreed on, as want_notes and want_rating. Without a row in discogs_wantlist it was removed here.';

INSERT INTO public.discogs_wantlist (user_id, discogs_release_id, notes, rating, created_at)
SELECT user_id, release_id, notes, rating, first_seen_at
FROM rekkrd.wants
WHERE missing_since IS NULL AND release_id > 0;

UPDATE rekkrd.wants
SET agreed = jsonb_build_object('want_notes', notes, 'want_rating', nullif(rating, 0))
WHERE missing_since IS NULL AND release_id > 0;

COMMENT ON COLUMN rekkrd.conflicts.instance_id IS
'The copy on Discogs; of a want, whose fields begin with want_, the release.';

-- A third kind of question: something wanted is owned by now.
ALTER TABLE rekkrd.questions DROP CONSTRAINT questions_kind_known;
ALTER TABLE rekkrd.questions ADD CONSTRAINT questions_kind_known
CHECK (kind IN ('duplicate', 'vanished', 'owned_want')) NOT VALID;
ALTER TABLE rekkrd.questions VALIDATE CONSTRAINT questions_kind_known;

-- What waits to go out of a wantlist: not on Discogs yet, edited here alone, or removed here alone. A want of which
-- Discogs says otherwise than was agreed is a conflict; one at which nobody looked since it was added is merged first.
CREATE FUNCTION rekkrd.wants_going_out(of_user uuid)
RETURNS TABLE (
    release_id bigint, is_here boolean, is_there boolean, agreed jsonb, want_notes text, want_rating smallint,
    their_notes text, their_rating smallint, looked_at timestamptz
)
LANGUAGE sql STABLE
AS $$
    SELECT
        mine.discogs_release_id, true, want.missing_since IS NULL AND want.release_id IS NOT NULL, want.agreed,
        mine.notes, nullif(mine.rating, 0::smallint), want.notes, nullif(want.rating, 0::smallint), want.fetched_at
    FROM public.discogs_wantlist AS mine
    LEFT JOIN rekkrd.wants AS want ON want.user_id = mine.user_id AND want.release_id = mine.discogs_release_id
    WHERE mine.user_id = of_user
        AND CASE
            WHEN want.release_id IS NULL OR want.missing_since IS NOT NULL THEN want.agreed IS NULL
            ELSE
                (
                    want.agreed ? 'want_notes' AND want.notes = want.agreed ->> 'want_notes'
                    AND mine.notes <> want.notes
                )
                OR (
                    want.agreed ? 'want_rating'
                    AND want.rating = coalesce((want.agreed ->> 'want_rating')::smallint, 0)
                    AND mine.rating <> want.rating
                )
        END
    UNION ALL
    SELECT
        want.release_id, false, true, want.agreed, NULL, NULL, want.notes, nullif(want.rating, 0::smallint),
        want.fetched_at
    FROM rekkrd.wants AS want
    WHERE want.user_id = of_user
        AND want.missing_since IS NULL
        AND want.notes = want.agreed ->> 'want_notes'
        AND want.rating = coalesce((want.agreed ->> 'want_rating')::smallint, 0)
        AND NOT EXISTS (
            SELECT FROM public.discogs_wantlist AS mine
            WHERE mine.user_id = want.user_id AND mine.discogs_release_id = want.release_id
        )
$$;

REVOKE ALL ON FUNCTION rekkrd.wants_going_out(uuid) FROM public;
