-- A change of the app, by whatever program, is noticed within minutes: who changed something is noted, and the clock
-- asks what of it waits to go out. Who is missed here, as by a transaction of half a minute, is found at night.

CREATE TABLE rekkrd.touched (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    touched_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE rekkrd.touched IS
'Users whose albums or wants were written a moment ago, by the app or by ourselves; the clock takes them out.';

CREATE INDEX touched_of_user ON rekkrd.touched (user_id, touched_at);
CREATE INDEX touched_in_order ON rekkrd.touched (touched_at);

-- Rows are only added here, and taken out when half a minute old: writers wait for nobody, and one that leaves its
-- row out relies on one that stays for a while.
CREATE FUNCTION rekkrd.note_touched() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = '' AS $$
BEGIN
    INSERT INTO rekkrd.touched (user_id)
    SELECT DISTINCT written.user_id
    FROM written
    WHERE EXISTS (SELECT FROM public.profiles AS someone WHERE someone.id = written.user_id)
        AND NOT EXISTS (
            SELECT FROM rekkrd.touched AS noted
            WHERE noted.user_id = written.user_id AND noted.touched_at > clock_timestamp() - interval '10 seconds'
        );
    RETURN NULL;
END;
$$;

REVOKE ALL ON rekkrd.touched FROM public;
REVOKE ALL ON FUNCTION rekkrd.note_touched() FROM public;

CREATE TRIGGER rekkrd_touched_by_insert AFTER INSERT ON public.albums
REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION rekkrd.note_touched();
CREATE TRIGGER rekkrd_touched_by_update AFTER UPDATE ON public.albums
REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION rekkrd.note_touched();
CREATE TRIGGER rekkrd_touched_by_delete AFTER DELETE ON public.albums
REFERENCING OLD TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION rekkrd.note_touched();

CREATE TRIGGER rekkrd_touched_by_insert AFTER INSERT ON public.discogs_wantlist
REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION rekkrd.note_touched();
CREATE TRIGGER rekkrd_touched_by_update AFTER UPDATE ON public.discogs_wantlist
REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION rekkrd.note_touched();
CREATE TRIGGER rekkrd_touched_by_delete AFTER DELETE ON public.discogs_wantlist
REFERENCING OLD TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION rekkrd.note_touched();
