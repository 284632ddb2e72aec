-- After an undo a connection is paused until its user says how to go on; a record can be kept local only.

ALTER TABLE rekkrd.links ADD COLUMN paused_reason text;
ALTER TABLE rekkrd.links ADD COLUMN paused_at timestamptz;
ALTER TABLE rekkrd.links ADD CONSTRAINT links_paused_reason_known CHECK (paused_reason IN ('undone'));
ALTER TABLE rekkrd.links ADD CONSTRAINT links_paused_with_time CHECK ((paused_reason IS NULL) = (paused_at IS NULL));
COMMENT ON COLUMN rekkrd.links.paused_reason IS
'Why no import and no push runs for this connection. undone: a sync was undone, and the user has not chosen yet.';

ALTER TABLE rekkrd.agreed ADD COLUMN is_local_only boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN rekkrd.agreed.is_local_only IS
'The user keeps this record as it is here and as it is on Discogs: imports and pushes leave it alone.';

ALTER TABLE rekkrd.wants ADD COLUMN is_local_only boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN rekkrd.wants.is_local_only IS
'The user keeps this want as it is here and as it is on Discogs: imports and pushes leave it alone.';

CREATE TABLE rekkrd.undone_records (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    is_want boolean NOT NULL,
    record_id bigint NOT NULL,
    act text NOT NULL,
    fields text [] NOT NULL DEFAULT '{}',
    CONSTRAINT undone_records_pkey PRIMARY KEY (user_id, is_want, record_id),
    CONSTRAINT undone_records_act_known CHECK (act IN ('put_back', 'drop', 'unmark'))
);

COMMENT ON TABLE rekkrd.undone_records IS
'Records that an undo changed here, until the user chooses: import again, push what is here, or neither.';
COMMENT ON COLUMN rekkrd.undone_records.record_id IS 'The instance id of a copy; of a want, its release id.';
COMMENT ON COLUMN rekkrd.undone_records.fields IS 'The fields that have their value from before the sync again.';

REVOKE ALL ON rekkrd.undone_records FROM public;

-- Fields of an album as a copy and its release show them on Discogs.
CREATE FUNCTION rekkrd.shown_fields(copy rekkrd.instances, release rekkrd.releases)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        jsonb_build_object(
            'artist', release.artist,
            'title', release.title,
            'year', release.year,
            'catalog_number', nullif(nullif(release.labels #>> '{0,catno}', ''), 'none'),
            'media_condition', copy.media_condition,
            'sleeve_condition', copy.sleeve_condition,
            'discogs_folder_id', copy.folder_id,
            'discogs_notes', copy.notes,
            'discogs_rating', nullif(copy.rating, 0)
        ) || coalesce(
            (
                SELECT jsonb_object_agg('field_' || (own.field ->> 'field_id'), own.field -> 'value')
                FROM jsonb_array_elements(copy.fields) AS own (field)
                WHERE (own.field ->> 'field_id')::bigint > 3
            ),
            '{}'
        )
$$;

REVOKE ALL ON FUNCTION rekkrd.shown_fields(rekkrd.instances, rekkrd.releases) FROM public;

CREATE OR REPLACE FUNCTION rekkrd.wants_going_out(of_user uuid)
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
        AND NOT coalesce(want.is_local_only, false)
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
        AND NOT want.is_local_only
        AND want.missing_since IS NULL
        AND want.notes = want.agreed ->> 'want_notes'
        AND want.rating = coalesce((want.agreed ->> 'want_rating')::smallint, 0)
        AND NOT EXISTS (
            SELECT FROM public.discogs_wantlist AS mine
            WHERE mine.user_id = want.user_id AND mine.discogs_release_id = want.release_id
        )
$$;

CREATE OR REPLACE FUNCTION rekkrd.enqueue(
    kind text, user_id uuid, arguments jsonb DEFAULT '{}', run_at timestamptz DEFAULT NULL, priority integer DEFAULT 0,
    if_live text DEFAULT 'return'
)
 RETURNS TABLE(job_id uuid, is_new boolean, state text, replaced uuid)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $$
#variable_conflict use_column
DECLARE
    known rekkrd.kinds;
    connection text;
    paused text;
    misfit text;
BEGIN
    SELECT k.* INTO known FROM rekkrd.kinds AS k WHERE k.kind = enqueue.kind AND k.speaks_for_user;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is no such kind of job: %', coalesce(enqueue.kind, 'NULL') USING
            ERRCODE = 'RK001',
            HINT = 'There are: ' || (
                SELECT coalesce(string_agg(k.kind, ', ' ORDER BY k.kind), 'none; run `rekkrd migrate`')
                FROM rekkrd.kinds AS k
                WHERE k.speaks_for_user
            );
    END IF;
    misfit := rekkrd.misfit(coalesce(enqueue.arguments, 'null'), known.arguments, known.arguments, '');
    IF misfit IS NOT NULL THEN
        RAISE EXCEPTION 'The arguments of % do not fit: %', enqueue.kind, misfit USING ERRCODE = 'RK002';
    END IF;
    IF NOT EXISTS (SELECT FROM rekkrd.users AS u WHERE u.id = enqueue.user_id) THEN
        RAISE EXCEPTION 'There is no user %', coalesce(enqueue.user_id::text, 'NULL') USING
            ERRCODE = 'RK003', HINT = 'The view rekkrd.users says who there is.';
    END IF;
    SELECT l.state, l.paused_reason INTO connection, paused FROM rekkrd.links AS l WHERE l.user_id = enqueue.user_id;
    IF connection IS DISTINCT FROM 'connected' THEN
        RAISE EXCEPTION 'The user % has no Discogs account connected', enqueue.user_id USING
            ERRCODE = 'RK004', HINT = 'Connect the account first, then ask again.';
    END IF;
    IF paused IS NOT NULL AND known.kind IN (
        'import_collection', 'import_wantlist', 'refresh_collection', 'push_collection', 'push_wantlist'
    ) THEN
        RAISE EXCEPTION 'The sync of user % is paused, because a sync was undone', enqueue.user_id USING
            ERRCODE = 'RK006',
            HINT = 'Choose how to go on: POST /api/discogs/sync/resume, or `rekkrd sync resume`.';
    END IF;
    IF enqueue.if_live IS NULL OR enqueue.if_live NOT IN ('return', 'replace') THEN
        RAISE EXCEPTION 'if_live must be return or replace' USING ERRCODE = 'RK005';
    ELSIF enqueue.priority IS NULL OR enqueue.priority NOT BETWEEN -100 AND 100 THEN
        RAISE EXCEPTION 'priority must lie between -100 and 100' USING ERRCODE = 'RK005';
    ELSIF enqueue.run_at > now() + interval '366 days' THEN
        RAISE EXCEPTION 'run_at must not be more than a year ahead' USING ERRCODE = 'RK005';
    END IF;
    RETURN QUERY
    SELECT (added.job).id, added.is_new, (added.job).state, added.replaced
    FROM rekkrd.add_jobs(jsonb_build_array(jsonb_build_object(
        'place', 0,
        'id', gen_random_uuid(),
        'kind', known.kind,
        'lane', known.lane,
        'user_id', enqueue.user_id,
        'args', enqueue.arguments,
        'unique_key', known.unique_key,
        'priority', enqueue.priority,
        'takes_token', known.takes_token,
        'speaks_for_user', known.speaks_for_user,
        'has_import_row', known.has_import_row,
        'run_at', enqueue.run_at,
        'if_live', enqueue.if_live
    ))) AS added;
END;
$$;
