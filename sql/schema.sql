-- What all migrations together make of an empty database: for reading. Migrations are for doing; a test proves that
-- both are the same, and `make fix` writes this file anew.

CREATE SCHEMA rekkrd;

CREATE TABLE public.albums (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    artist text,
    title text,
    year integer,
    discogs_release_id bigint,
    discogs_master_id bigint,
    media_condition text,
    sleeve_condition text,
    discogs_folder_id bigint,
    discogs_instance_id bigint,
    discogs_notes text,
    discogs_date_added timestamp with time zone,
    catalog_number text,
    matrix_number text,
    pressing_country text,
    discogs_rating smallint,
    discogs_fields jsonb,
    CONSTRAINT albums_pkey PRIMARY KEY (id),
    CONSTRAINT albums_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT albums_discogs_fields_are_texts CHECK (((jsonb_typeof(discogs_fields) = 'object'::text) AND (NOT jsonb_path_exists(discogs_fields, 'strict $.*?(@.type() != "string")'::jsonpath, '{}'::jsonb, silent => true)) AND (NOT jsonb_path_exists(discogs_fields, '$.keyvalue()?(!(@."key" like_regex "^field_([4-9]|[1-9][0-9]{1,17})$"))'::jsonpath))))
);
COMMENT ON COLUMN public.albums.discogs_rating IS
'1 to 5, as on Discogs; null is none.';
COMMENT ON COLUMN public.albums.discogs_fields IS
'What the copy says in its owner''s own fields, as {"field_4": "text"}: the number is the field''s on Discogs.';
CREATE INDEX albums_free_by_name ON public.albums USING btree (user_id, "left"(rekkrd.artist_key(artist), 100), "left"(rekkrd.title_key(title), 100)) WHERE ((discogs_instance_id IS NULL) AND (discogs_release_id IS NULL));
CREATE INDEX albums_free_by_release ON public.albums USING btree (user_id, discogs_release_id) WHERE (discogs_instance_id IS NULL);
CREATE INDEX albums_of_release ON public.albums USING btree (discogs_release_id) WHERE (discogs_release_id IS NOT NULL);
CREATE INDEX albums_of_user ON public.albums USING btree (user_id);
CREATE UNIQUE INDEX albums_one_per_instance ON public.albums USING btree (user_id, discogs_instance_id) WHERE (discogs_instance_id IS NOT NULL);
CREATE TRIGGER rekkrd_touched_by_delete AFTER DELETE ON public.albums REFERENCING OLD TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION rekkrd.note_touched();
CREATE TRIGGER rekkrd_touched_by_insert AFTER INSERT ON public.albums REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION rekkrd.note_touched();
CREATE TRIGGER rekkrd_touched_by_update AFTER UPDATE ON public.albums REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION rekkrd.note_touched();
ALTER TABLE public.albums ENABLE ROW LEVEL SECURITY;
CREATE POLICY albums_own_rows ON public.albums FOR SELECT USING ((user_id = ( SELECT (((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb ->> 'sub'::text))::uuid AS uuid)));

CREATE TABLE public.discogs_import_jobs (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    status text NOT NULL DEFAULT 'pending'::text,
    total_records integer,
    processed_records integer NOT NULL DEFAULT 0,
    skipped_records integer NOT NULL DEFAULT 0,
    current_page integer NOT NULL DEFAULT 0,
    error text,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    CONSTRAINT discogs_import_jobs_pkey PRIMARY KEY (id),
    CONSTRAINT discogs_import_jobs_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT discogs_import_jobs_counts_not_negative CHECK (((processed_records >= 0) AND (skipped_records >= 0) AND (current_page >= 0))),
    CONSTRAINT discogs_import_jobs_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])))
);
CREATE INDEX discogs_import_jobs_of_user ON public.discogs_import_jobs USING btree (user_id);
ALTER TABLE public.discogs_import_jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY discogs_import_jobs_own_rows ON public.discogs_import_jobs FOR SELECT USING ((user_id = ( SELECT (((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb ->> 'sub'::text))::uuid AS uuid)));

CREATE TABLE public.discogs_price_alerts (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    discogs_release_id bigint NOT NULL,
    target_price numeric(12,2) NOT NULL,
    currency text NOT NULL DEFAULT 'USD'::text,
    condition_minimum text,
    is_active boolean NOT NULL DEFAULT true,
    last_checked_at timestamp with time zone,
    triggered_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    triggered_price numeric(12,2),
    above_since timestamp with time zone,
    seen_floor numeric(12,2),
    CONSTRAINT discogs_price_alerts_pkey PRIMARY KEY (id),
    CONSTRAINT discogs_price_alerts_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT discogs_price_alerts_target_positive CHECK ((target_price > (0)::numeric))
);
COMMENT ON COLUMN public.discogs_price_alerts.triggered_at IS
'Since when it has fired; null while it is armed.';
COMMENT ON COLUMN public.discogs_price_alerts.above_since IS
'Of one that fired: since when the floor was seen 5 % above the target without a break. After a day it is armed again.';
COMMENT ON COLUMN public.discogs_price_alerts.seen_floor IS
'The floor that it saw last, in its own currency; null when nothing was on offer.';
CREATE INDEX discogs_price_alerts_active ON public.discogs_price_alerts USING btree (discogs_release_id) WHERE is_active;
CREATE INDEX discogs_price_alerts_currencies ON public.discogs_price_alerts USING btree (currency) WHERE is_active;
CREATE INDEX discogs_price_alerts_of_user ON public.discogs_price_alerts USING btree (user_id);
ALTER TABLE public.discogs_price_alerts ENABLE ROW LEVEL SECURITY;
CREATE POLICY discogs_price_alerts_own_rows ON public.discogs_price_alerts FOR SELECT USING ((user_id = ( SELECT (((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb ->> 'sub'::text))::uuid AS uuid)));

CREATE TABLE public.discogs_price_cache (
    discogs_release_id bigint NOT NULL,
    price_data jsonb,
    marketplace_stats jsonb,
    fetched_at timestamp with time zone NOT NULL DEFAULT now(),
    expires_at timestamp with time zone NOT NULL DEFAULT (now() + '24:00:00'::interval),
    CONSTRAINT discogs_price_cache_pkey PRIMARY KEY (discogs_release_id),
    CONSTRAINT discogs_price_cache_expires_later CHECK ((expires_at > fetched_at))
);
ALTER TABLE public.discogs_price_cache ENABLE ROW LEVEL SECURITY;
CREATE POLICY discogs_price_cache_of_users ON public.discogs_price_cache FOR SELECT USING (((expires_at > now()) AND (( SELECT ((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb ->> 'sub'::text)) IS NOT NULL)));

CREATE TABLE public.discogs_sync_log (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    action text NOT NULL,
    discogs_release_id bigint,
    album_id uuid,
    status text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'::jsonb,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT discogs_sync_log_pkey PRIMARY KEY (id),
    CONSTRAINT discogs_sync_log_album_id_fkey FOREIGN KEY (album_id) REFERENCES public.albums(id) ON DELETE SET NULL,
    CONSTRAINT discogs_sync_log_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT discogs_sync_log_action_known CHECK ((action = ANY (ARRAY['import'::text, 'export'::text, 'update'::text, 'delete'::text, 'conflict'::text]))),
    CONSTRAINT discogs_sync_log_status_known CHECK ((status = ANY (ARRAY['success'::text, 'failed'::text, 'skipped'::text, 'conflict'::text])))
);
CREATE INDEX discogs_sync_log_of_album ON public.discogs_sync_log USING btree (album_id) WHERE (album_id IS NOT NULL);
CREATE INDEX discogs_sync_log_of_release ON public.discogs_sync_log USING btree (user_id, discogs_release_id) WHERE (discogs_release_id IS NOT NULL);
CREATE INDEX discogs_sync_log_of_user ON public.discogs_sync_log USING btree (user_id, created_at DESC, id DESC);
ALTER TABLE public.discogs_sync_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY discogs_sync_log_own_rows ON public.discogs_sync_log FOR SELECT USING ((user_id = ( SELECT (((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb ->> 'sub'::text))::uuid AS uuid)));

CREATE TABLE public.discogs_usage (
    user_id uuid NOT NULL,
    month date NOT NULL,
    api_calls bigint NOT NULL DEFAULT 0,
    imports integer NOT NULL DEFAULT 0,
    syncs integer NOT NULL DEFAULT 0,
    CONSTRAINT discogs_usage_pkey PRIMARY KEY (user_id, month),
    CONSTRAINT discogs_usage_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT discogs_usage_first_of_month CHECK ((EXTRACT(day FROM month) = (1)::numeric)),
    CONSTRAINT discogs_usage_not_negative CHECK (((api_calls >= 0) AND (imports >= 0) AND (syncs >= 0)))
);
COMMENT ON TABLE public.discogs_usage IS
'A collector''s month, in UTC: requests to Discogs, imports that came to their end, syncs.';
ALTER TABLE public.discogs_usage ENABLE ROW LEVEL SECURITY;
CREATE POLICY discogs_usage_own_rows ON public.discogs_usage FOR SELECT USING ((user_id = ( SELECT (((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb ->> 'sub'::text))::uuid AS uuid)));

CREATE TABLE public.discogs_value_history (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    total_value_low numeric(14,2),
    total_value_median numeric(14,2),
    total_value_high numeric(14,2),
    currency text NOT NULL DEFAULT 'USD'::text,
    record_count integer NOT NULL DEFAULT 0,
    snapshot_date date NOT NULL DEFAULT CURRENT_DATE,
    CONSTRAINT discogs_value_history_pkey PRIMARY KEY (id),
    CONSTRAINT discogs_value_history_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT discogs_value_history_count_not_negative CHECK ((record_count >= 0))
);
CREATE UNIQUE INDEX discogs_value_history_one_a_day ON public.discogs_value_history USING btree (user_id, snapshot_date);
ALTER TABLE public.discogs_value_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY discogs_value_history_own_rows ON public.discogs_value_history FOR SELECT USING ((user_id = ( SELECT (((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb ->> 'sub'::text))::uuid AS uuid)));

CREATE TABLE public.discogs_wantlist (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    discogs_release_id bigint NOT NULL,
    notes text NOT NULL DEFAULT ''::text,
    rating smallint NOT NULL DEFAULT 0,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT discogs_wantlist_pkey PRIMARY KEY (id),
    CONSTRAINT discogs_wantlist_once UNIQUE (user_id, discogs_release_id),
    CONSTRAINT discogs_wantlist_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT discogs_wantlist_rating_range CHECK (((rating >= 0) AND (rating <= 5))),
    CONSTRAINT discogs_wantlist_release_positive CHECK ((discogs_release_id > 0))
);
COMMENT ON TABLE public.discogs_wantlist IS
'What a collector wants, as the app has it. The app writes here; what differs from what was agreed on goes to Discogs.';
COMMENT ON COLUMN public.discogs_wantlist.rating IS
'1 to 5; 0 is none.';
CREATE INDEX discogs_wantlist_of_release ON public.discogs_wantlist USING btree (discogs_release_id);
CREATE TRIGGER rekkrd_touched_by_delete AFTER DELETE ON public.discogs_wantlist REFERENCING OLD TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION rekkrd.note_touched();
CREATE TRIGGER rekkrd_touched_by_insert AFTER INSERT ON public.discogs_wantlist REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION rekkrd.note_touched();
CREATE TRIGGER rekkrd_touched_by_update AFTER UPDATE ON public.discogs_wantlist REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION rekkrd.note_touched();
ALTER TABLE public.discogs_wantlist ENABLE ROW LEVEL SECURITY;
CREATE POLICY discogs_wantlist_own_rows ON public.discogs_wantlist FOR SELECT USING ((user_id = ( SELECT (((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb ->> 'sub'::text))::uuid AS uuid)));

CREATE TABLE public.profiles (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    handle text,
    email text,
    tier text NOT NULL DEFAULT 'collector'::text,
    currency text NOT NULL DEFAULT 'USD'::text,
    time_zone text NOT NULL DEFAULT 'UTC'::text,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    discogs_oauth_token text,
    discogs_oauth_secret text,
    discogs_username text,
    discogs_user_id bigint,
    discogs_connected_at timestamp with time zone,
    CONSTRAINT profiles_pkey PRIMARY KEY (id),
    CONSTRAINT profiles_handle_key UNIQUE (handle),
    CONSTRAINT profiles_tier_known CHECK ((tier = ANY (ARRAY['collector'::text, 'curator'::text, 'archivist'::text])))
);
ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY profiles_own_row ON public.profiles FOR SELECT USING ((id = ( SELECT (((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb ->> 'sub'::text))::uuid AS uuid)));

CREATE TABLE rekkrd.agreed (
    user_id uuid NOT NULL,
    instance_id bigint NOT NULL,
    album_id uuid,
    fields jsonb NOT NULL,
    agreed_at timestamp with time zone NOT NULL DEFAULT now(),
    is_local_only boolean NOT NULL DEFAULT false,
    CONSTRAINT agreed_pkey PRIMARY KEY (user_id, instance_id),
    CONSTRAINT agreed_album_id_fkey FOREIGN KEY (album_id) REFERENCES public.albums(id) ON DELETE SET NULL,
    CONSTRAINT agreed_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE
);
COMMENT ON TABLE rekkrd.agreed IS
'What the album and the copy on Discogs last agreed on. A local change is any difference between an album and this; a local deletion is a row here without its album.';
COMMENT ON COLUMN rekkrd.agreed.is_local_only IS
'The user keeps this record as it is here and as it is on Discogs: imports and pushes leave it alone.';
CREATE UNIQUE INDEX agreed_one_per_album ON rekkrd.agreed USING btree (album_id) WHERE (album_id IS NOT NULL);

CREATE TABLE rekkrd.alarms (
    name text NOT NULL,
    sentence text NOT NULL,
    raised_at timestamp with time zone NOT NULL DEFAULT now(),
    seen_at timestamp with time zone NOT NULL DEFAULT now(),
    told_at timestamp with time zone,
    telling_until timestamp with time zone,
    CONSTRAINT alarms_pkey PRIMARY KEY (name)
);
COMMENT ON TABLE rekkrd.alarms IS
'Troubles that last, and when operators were told of each last; a row goes when its trouble is over.';
COMMENT ON COLUMN rekkrd.alarms.telling_until IS
'While somebody tells of it, no other scheduler does; if that one died, the next look after this tells.';

CREATE TABLE rekkrd.attempts (
    job_id uuid NOT NULL,
    fence bigint NOT NULL,
    step integer NOT NULL,
    nth integer NOT NULL,
    began_at timestamp with time zone,
    ended_at timestamp with time zone NOT NULL DEFAULT now(),
    worker text,
    ended_as text NOT NULL,
    error_class text,
    error text,
    error_detail text,
    requests integer,
    CONSTRAINT attempts_pkey PRIMARY KEY (job_id, fence),
    CONSTRAINT attempts_job_id_fkey FOREIGN KEY (job_id) REFERENCES rekkrd.jobs(id) ON DELETE CASCADE,
    CONSTRAINT attempts_counts_sensible CHECK (((step > 0) AND (nth > 0) AND (requests >= 0))),
    CONSTRAINT attempts_end_known CHECK ((ended_as = ANY (ARRAY['retried'::text, 'crashed'::text, 'left'::text, 'completed'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT attempts_failed_say_why CHECK (((ended_as <> ALL (ARRAY['retried'::text, 'failed'::text])) OR (error IS NOT NULL)))
);
COMMENT ON TABLE rekkrd.attempts IS
'A row for each attempt at a step after which the job did not simply go on, and for its last one; the newest 200 a job. Crashed: its worker died executing it. Left: its worker died before it began.';
COMMENT ON COLUMN rekkrd.attempts.fence IS
'The claim: attempts of a job in their order. A job that is given up between two claims has one more, of no worker.';
COMMENT ON COLUMN rekkrd.attempts.requests IS
'What was sent to Discogs; null when its worker took the number along.';

CREATE TABLE rekkrd.audit (
    id bigint NOT NULL,
    made_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    made_by text NOT NULL,
    action text NOT NULL,
    target jsonb NOT NULL,
    jobs integer NOT NULL,
    CONSTRAINT audit_pkey PRIMARY KEY (id),
    CONSTRAINT audit_is_printable CHECK (rekkrd.is_printable(made_by)) NOT VALID,
    CONSTRAINT audit_jobs_not_negative CHECK ((jobs >= 0))
);
COMMENT ON TABLE rekkrd.audit IS
'One row for each thing that an operator did to the ledger: who, when, to which jobs, and how many these were.';

CREATE TABLE rekkrd.conflicts (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    instance_id bigint NOT NULL,
    release_id bigint NOT NULL,
    album_id uuid,
    field text NOT NULL,
    has_base boolean NOT NULL,
    base jsonb,
    ours jsonb,
    theirs jsonb,
    found_at timestamp with time zone NOT NULL DEFAULT now(),
    ours_changed_at timestamp with time zone,
    theirs_changed_after timestamp with time zone,
    resolved_at timestamp with time zone,
    resolution text,
    resolved_by text,
    CONSTRAINT conflicts_pkey PRIMARY KEY (id),
    CONSTRAINT conflicts_album_id_fkey FOREIGN KEY (album_id) REFERENCES public.albums(id) ON DELETE SET NULL,
    CONSTRAINT conflicts_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT conflicts_base_only_if_agreed CHECK ((has_base OR (base IS NULL))),
    CONSTRAINT conflicts_resolution_known CHECK ((resolution = ANY (ARRAY['ours'::text, 'theirs'::text, 'agreed'::text, 'superseded'::text]))),
    CONSTRAINT conflicts_resolved_as_something CHECK ((((resolved_at IS NULL) = (resolution IS NULL)) AND ((resolved_at IS NULL) = (resolved_by IS NULL))))
);
COMMENT ON TABLE rekkrd.conflicts IS
'A field of a record that changed here and on Discogs, and not to the same; both values stay until somebody decides. The field _record stands for the whole: deleted on one side, edited on the other.';
COMMENT ON COLUMN rekkrd.conflicts.instance_id IS
'The copy on Discogs; of a want, whose fields begin with want_, the release.';
COMMENT ON COLUMN rekkrd.conflicts.has_base IS
'False where both sides never agreed on the field, as when an album that was there before was linked to a copy.';
COMMENT ON COLUMN rekkrd.conflicts.base IS
'What both sides agreed on last. Here and in ours and theirs NULL is an empty field, or a record that is gone.';
COMMENT ON COLUMN rekkrd.conflicts.ours_changed_at IS
'When the album was changed last, if the app keeps that in albums.updated_at.';
COMMENT ON COLUMN rekkrd.conflicts.theirs_changed_after IS
'The last look at the copy before the change was there. Discogs does not tell when a copy was changed.';
CREATE INDEX conflicts_of_album ON rekkrd.conflicts USING btree (album_id) WHERE (album_id IS NOT NULL);
CREATE INDEX conflicts_of_user ON rekkrd.conflicts USING btree (user_id, found_at DESC, id DESC);
CREATE INDEX conflicts_open_in_order ON rekkrd.conflicts USING btree (user_id, id) WHERE (resolved_at IS NULL);
CREATE UNIQUE INDEX conflicts_open_once ON rekkrd.conflicts USING btree (user_id, instance_id, field) WHERE (resolved_at IS NULL);

CREATE TABLE rekkrd.deliveries (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    job_id uuid NOT NULL,
    event text NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    body text NOT NULL,
    due_at timestamp with time zone NOT NULL DEFAULT now(),
    gives_up_at timestamp with time zone NOT NULL DEFAULT (now() + '24:00:00'::interval),
    attempts integer NOT NULL DEFAULT 0,
    delivered_at timestamp with time zone,
    given_up_at timestamp with time zone,
    status integer,
    error text,
    CONSTRAINT deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT deliveries_one_per_end UNIQUE (job_id, ended_at),
    CONSTRAINT deliveries_job_id_fkey FOREIGN KEY (job_id) REFERENCES rekkrd.jobs(id) ON DELETE CASCADE,
    CONSTRAINT deliveries_end_once CHECK (((delivered_at IS NULL) OR (given_up_at IS NULL)))
);
COMMENT ON TABLE rekkrd.deliveries IS
'A row for each end of a job that the app is told by webhook, written in the transaction that ends it; it goes with its job. The id is the webhook''s, the same however often it is sent.';
COMMENT ON COLUMN rekkrd.deliveries.due_at IS
'When it is sent next. Whoever sends it puts this ahead first: if that process dies, another sends it then.';
CREATE INDEX deliveries_due ON rekkrd.deliveries USING btree (due_at) WHERE ((delivered_at IS NULL) AND (given_up_at IS NULL));
CREATE INDEX deliveries_given_up ON rekkrd.deliveries USING btree (given_up_at) WHERE (given_up_at IS NOT NULL);

CREATE TABLE rekkrd.discogs_values (
    user_id uuid NOT NULL,
    minimum numeric(14,2),
    median numeric(14,2),
    maximum numeric(14,2),
    currency text,
    fetched_at timestamp with time zone,
    asked_until timestamp with time zone,
    CONSTRAINT discogs_values_pkey PRIMARY KEY (user_id),
    CONSTRAINT discogs_values_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE
);
COMMENT ON TABLE rekkrd.discogs_values IS
'What Discogs itself says a collection is worth, shown beside our figure. Until asked_until one asks and nobody else.';

CREATE TABLE rekkrd.entry_pauses (
    entry text NOT NULL,
    paused_at timestamp with time zone NOT NULL DEFAULT now(),
    paused_until timestamp with time zone NOT NULL,
    reason text NOT NULL,
    made_by text NOT NULL,
    CONSTRAINT entry_pauses_pkey PRIMARY KEY (entry),
    CONSTRAINT entry_pauses_are_printable CHECK ((rekkrd.is_printable(reason) AND rekkrd.is_printable(made_by))) NOT VALID,
    CONSTRAINT entry_pauses_in_order CHECK ((paused_until > paused_at))
);
COMMENT ON TABLE rekkrd.entry_pauses IS
'Entries of the timetable of which no scheduler makes a tick until a time. It is compared with now: nothing needs to be undone.';

CREATE TABLE rekkrd.exchange_rates (
    currency text NOT NULL,
    source text NOT NULL,
    per_dollar numeric(20,10) NOT NULL,
    as_of timestamp with time zone NOT NULL DEFAULT now(),
    noted_by text,
    CONSTRAINT exchange_rates_pkey PRIMARY KEY (currency, source),
    CONSTRAINT exchange_rates_currency_code CHECK (((currency ~ '^[A-Z]{3}$'::text) AND (currency <> 'USD'::text))),
    CONSTRAINT exchange_rates_positive CHECK ((per_dollar > (0)::numeric)),
    CONSTRAINT exchange_rates_source_known CHECK ((source = ANY (ARRAY['discogs'::text, 'operator'::text])))
);
COMMENT ON TABLE rekkrd.exchange_rates IS
'How much of a currency a US dollar is: what Discogs converted by last, and what an operator set, which goes first.';

CREATE TABLE rekkrd.fields (
    user_id uuid NOT NULL,
    field_id bigint NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    options text[] NOT NULL DEFAULT '{}'::text[],
    "position" integer NOT NULL DEFAULT 0,
    lines integer,
    is_public boolean NOT NULL DEFAULT false,
    fetched_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT fields_pkey PRIMARY KEY (user_id, field_id),
    CONSTRAINT fields_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE
);

CREATE TABLE rekkrd.firings (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    mail_id uuid NOT NULL,
    user_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    fired_at timestamp with time zone NOT NULL DEFAULT now(),
    release_id bigint NOT NULL,
    artist text,
    title text,
    target numeric(12,2) NOT NULL,
    currency text NOT NULL,
    minimum_grade text,
    was numeric(12,2),
    floor numeric(12,2) NOT NULL,
    floor_said numeric(12,2) NOT NULL,
    floor_currency text NOT NULL,
    rate numeric NOT NULL,
    rate_as_of timestamp with time zone NOT NULL,
    floor_at timestamp with time zone NOT NULL,
    suggestion numeric(12,2),
    owned_since timestamp with time zone,
    CONSTRAINT firings_pkey PRIMARY KEY (id),
    CONSTRAINT firings_mail_id_fkey FOREIGN KEY (mail_id) REFERENCES rekkrd.mails(id) ON DELETE CASCADE,
    CONSTRAINT firings_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE
);
COMMENT ON TABLE rekkrd.firings IS
'What each alert saw when it fired, as its mail tells it. No foreign key to alerts: what was told stays.';
COMMENT ON COLUMN rekkrd.firings.owned_since IS
'When the user''s first copy of the release was added, null if none is owned: the e-mail begins with it.';
CREATE INDEX firings_of_mail ON rekkrd.firings USING btree (mail_id);
CREATE INDEX firings_of_user ON rekkrd.firings USING btree (user_id);

CREATE TABLE rekkrd.floor_days (
    release_id bigint NOT NULL,
    day date NOT NULL,
    currency text,
    lowest numeric(12,2),
    lowest_at timestamp with time zone NOT NULL,
    latest numeric(12,2),
    latest_at timestamp with time zone NOT NULL,
    CONSTRAINT floor_days_pkey PRIMARY KEY (release_id, day),
    CONSTRAINT floor_days_amounts_have_a_currency CHECK (((lowest IS NULL) = (currency IS NULL))),
    CONSTRAINT floor_days_latest_is_last CHECK ((lowest_at <= latest_at)),
    CONSTRAINT floor_days_lowest_is_least CHECK (((latest IS NULL) OR COALESCE((lowest <= latest), false)))
);
COMMENT ON TABLE rekkrd.floor_days IS
'The floor of a release on each day (UTC) on which Discogs told it: the lowest and the last one seen, null while nothing was on offer. Only of releases that somebody owns, wants or has an alert on.';
COMMENT ON COLUMN rekkrd.floor_days.lowest_at IS
'When the lowest was seen first; where nothing was on offer all day, when that was seen first.';
CREATE INDEX floor_days_old ON rekkrd.floor_days USING btree (day);

CREATE TABLE rekkrd.folders (
    user_id uuid NOT NULL,
    folder_id bigint NOT NULL,
    name text NOT NULL,
    record_count integer NOT NULL,
    fetched_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT folders_pkey PRIMARY KEY (user_id, folder_id),
    CONSTRAINT folders_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE
);

CREATE TABLE rekkrd.functions (
    name text NOT NULL,
    checksum text NOT NULL,
    replaced_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT functions_pkey PRIMARY KEY (name)
);

CREATE TABLE rekkrd.gates (
    budget text NOT NULL,
    cause text NOT NULL,
    reason text NOT NULL,
    closed_at timestamp with time zone NOT NULL DEFAULT now(),
    closed_until timestamp with time zone NOT NULL,
    share double precision NOT NULL DEFAULT 0,
    closed_by text,
    probed_at timestamp with time zone,
    CONSTRAINT gates_pkey PRIMARY KEY (budget, cause),
    CONSTRAINT gates_are_printable CHECK (rekkrd.is_printable(reason)) NOT VALID,
    CONSTRAINT gates_cause_known CHECK ((cause = ANY (ARRAY['throttled'::text, 'blocked'::text, 'rejected'::text, 'operator'::text]))),
    CONSTRAINT gates_in_order CHECK ((closed_until > closed_at)),
    CONSTRAINT gates_share_is_a_part CHECK (((share >= (0)::double precision) AND (share < (1)::double precision))),
    CONSTRAINT gates_share_is_the_operators CHECK (((share = (0)::double precision) OR (cause = 'operator'::text)))
);
COMMENT ON TABLE rekkrd.gates IS
'Why and until when the fleet sends nothing, or at most a share of the budget. A stored time compared with now: nothing needs to be undone. One row a cause, so that Discogs'' minute does not end an operator''s pause.';
COMMENT ON COLUMN rekkrd.gates.probed_at IS
'When an operator last sent a probe while the circuit breaker was open.';

CREATE TABLE rekkrd.handshakes (
    request_token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    request_token text NOT NULL,
    request_secret text NOT NULL,
    browser_hash bytea,
    return_to text,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT handshakes_pkey PRIMARY KEY (request_token_hash),
    CONSTRAINT handshakes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT handshakes_expire_later CHECK ((expires_at > created_at))
);
COMMENT ON TABLE rekkrd.handshakes IS
'OAuth hand-shakes under way, one use each. Tokens are encrypted; the browser is known by the hash of its cookie.';
CREATE INDEX handshakes_of_user ON rekkrd.handshakes USING btree (user_id);

CREATE TABLE rekkrd.hooks (
    url text NOT NULL,
    wanted_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT hooks_pkey PRIMARY KEY (url)
);
COMMENT ON TABLE rekkrd.hooks IS
'A row while REKKRD_WEBHOOK_URL is set, kept by the workers: without one, ends of jobs leave no delivery.';

CREATE TABLE rekkrd.idempotency (
    scope text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    made_at timestamp with time zone NOT NULL DEFAULT now(),
    job_ids uuid[] NOT NULL DEFAULT '{}'::uuid[],
    are_new boolean[] NOT NULL DEFAULT '{}'::boolean[],
    CONSTRAINT idempotency_pkey PRIMARY KEY (scope, key),
    CONSTRAINT idempotency_says_of_each_job CHECK ((cardinality(job_ids) = cardinality(are_new)))
);
COMMENT ON TABLE rekkrd.idempotency IS
'A row for each Idempotency-Key of a day, written in the transaction that enqueues; upkeep clears it afterwards.';
COMMENT ON COLUMN rekkrd.idempotency.scope IS
'Whose key it is: the role, and the user for whom it spoke. Two callers may use one key and know nothing of it.';
COMMENT ON COLUMN rekkrd.idempotency.body_hash IS
'SHA-256 of what was asked for: the same key with another body is a mistake, and is told.';
CREATE INDEX idempotency_by_age ON rekkrd.idempotency USING btree (made_at);

CREATE TABLE rekkrd.instances (
    user_id uuid NOT NULL,
    instance_id bigint NOT NULL,
    release_id bigint NOT NULL,
    folder_id bigint NOT NULL,
    rating smallint NOT NULL DEFAULT 0,
    date_added timestamp with time zone,
    media_condition text,
    sleeve_condition text,
    notes text,
    fields jsonb NOT NULL DEFAULT '[]'::jsonb,
    first_seen_at timestamp with time zone NOT NULL DEFAULT now(),
    fetched_at timestamp with time zone NOT NULL DEFAULT now(),
    seen_in uuid,
    missing_since timestamp with time zone,
    CONSTRAINT instances_pkey PRIMARY KEY (user_id, instance_id),
    CONSTRAINT instances_release_id_fkey FOREIGN KEY (release_id) REFERENCES rekkrd.releases(release_id),
    CONSTRAINT instances_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT instances_rating_range CHECK (((rating >= 0) AND (rating <= 5)))
);
COMMENT ON TABLE rekkrd.instances IS
'Every copy a collector owns on Discogs: two copies of one release are two rows. A missing copy is marked, never removed.';
COMMENT ON COLUMN rekkrd.instances.fields IS
'All custom fields verbatim, as [{"field_id": 4, "value": "..."}]; grades and notes also stand in their own columns.';
CREATE INDEX instances_newest ON rekkrd.instances USING btree (user_id, date_added DESC, instance_id DESC);
CREATE INDEX instances_of_release ON rekkrd.instances USING btree (release_id, user_id);
CREATE INDEX instances_seen ON rekkrd.instances USING btree (user_id, seen_in);

CREATE TABLE rekkrd.intents (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    album_id uuid,
    release_id bigint NOT NULL,
    known bigint[] NOT NULL,
    state text NOT NULL DEFAULT 'open'::text,
    intended_at timestamp with time zone NOT NULL DEFAULT now(),
    ended_at timestamp with time zone,
    instance_id bigint,
    error text,
    CONSTRAINT intents_pkey PRIMARY KEY (id),
    CONSTRAINT intents_album_id_fkey FOREIGN KEY (album_id) REFERENCES public.albums(id) ON DELETE SET NULL,
    CONSTRAINT intents_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT intents_confirmed_by_number CHECK (((state = 'confirmed'::text) = (instance_id IS NOT NULL))),
    CONSTRAINT intents_ended_unless_open CHECK (((state = 'open'::text) = (ended_at IS NULL))),
    CONSTRAINT intents_state_known CHECK ((state = ANY (ARRAY['open'::text, 'confirmed'::text, 'refused'::text, 'unclear'::text])))
);
COMMENT ON TABLE rekkrd.intents IS
'Copies that we meant to add on Discogs, stored before they were sent. An add repeated blindly is a second copy: while an intent is open, nobody sends it again without a look.';
COMMENT ON COLUMN rekkrd.intents.known IS
'The copies of the release that were known then: after an uncertain end, exactly one other is ours.';
CREATE INDEX intents_of_album ON rekkrd.intents USING btree (album_id) WHERE (album_id IS NOT NULL);
CREATE INDEX intents_of_user ON rekkrd.intents USING btree (user_id, intended_at DESC);
CREATE UNIQUE INDEX intents_one_open_per_album ON rekkrd.intents USING btree (album_id) WHERE (state = 'open'::text);

CREATE TABLE rekkrd.job_log (
    job_id uuid NOT NULL,
    fence bigint NOT NULL,
    line integer NOT NULL,
    step integer NOT NULL,
    logged_at timestamp with time zone NOT NULL,
    level text NOT NULL,
    event text NOT NULL,
    worker text,
    facts jsonb NOT NULL DEFAULT '{}'::jsonb,
    CONSTRAINT job_log_pkey PRIMARY KEY (job_id, fence, line),
    CONSTRAINT job_log_job_id_fkey FOREIGN KEY (job_id) REFERENCES rekkrd.jobs(id) ON DELETE CASCADE,
    CONSTRAINT job_log_level_known CHECK ((level = ANY (ARRAY['info'::text, 'warning'::text, 'error'::text, 'critical'::text])))
);
COMMENT ON TABLE rekkrd.job_log IS
'What was logged in a job''s steps, the newest 500 lines a job. Written when a step ends, with it: a step that was lost took its lines along, and they are in its worker''s own log only.';

CREATE TABLE rekkrd.job_requests (
    job_id uuid NOT NULL,
    endpoint text NOT NULL,
    status integer NOT NULL,
    requests integer NOT NULL,
    seconds double precision NOT NULL,
    CONSTRAINT job_requests_pkey PRIMARY KEY (job_id, endpoint, status),
    CONSTRAINT job_requests_job_id_fkey FOREIGN KEY (job_id) REFERENCES rekkrd.jobs(id) ON DELETE CASCADE,
    CONSTRAINT job_requests_some CHECK ((requests > 0))
);
COMMENT ON TABLE rekkrd.job_requests IS
'What a job asked of Discogs, by endpoint and answer; status 0 when none came. seconds is the sum of the waits.';

CREATE TABLE rekkrd.jobs (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    kind text NOT NULL,
    lane text NOT NULL,
    queue text NOT NULL,
    user_id uuid NOT NULL,
    args jsonb NOT NULL DEFAULT '{}'::jsonb,
    unique_key text,
    priority smallint NOT NULL DEFAULT 0,
    takes_token boolean NOT NULL,
    speaks_for_user boolean NOT NULL,
    state text NOT NULL DEFAULT 'pending'::text,
    created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    due_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    cancel_requested_at timestamp with time zone,
    called_until timestamp with time zone,
    leased_until timestamp with time zone,
    leased_by text,
    fence bigint NOT NULL DEFAULT 0,
    is_executing boolean NOT NULL DEFAULT false,
    attempts integer NOT NULL DEFAULT 0,
    crashes integer NOT NULL DEFAULT 0,
    steps integer NOT NULL DEFAULT 0,
    requests integer NOT NULL DEFAULT 0,
    checkpoint jsonb NOT NULL DEFAULT '{}'::jsonb,
    total_records integer,
    processed_records integer NOT NULL DEFAULT 0,
    skipped_records integer NOT NULL DEFAULT 0,
    waits_for text,
    outcome text,
    error_class text,
    error text,
    error_detail text,
    follows uuid,
    awaited_key text,
    claimed_at timestamp with time zone,
    dispatched_by text,
    CONSTRAINT jobs_pkey PRIMARY KEY (id),
    CONSTRAINT jobs_follows_fkey FOREIGN KEY (follows) REFERENCES rekkrd.jobs(id) ON DELETE SET NULL,
    CONSTRAINT jobs_lane_fkey FOREIGN KEY (lane) REFERENCES rekkrd.lanes(lane),
    CONSTRAINT jobs_await_or_hold_a_key CHECK (((awaited_key IS NULL) OR (unique_key IS NULL))),
    CONSTRAINT jobs_called_only_when_live CHECK (((called_until IS NULL) OR (state = ANY (ARRAY['pending'::text, 'running'::text, 'retrying'::text])))),
    CONSTRAINT jobs_called_or_leased CHECK (((called_until IS NULL) OR (leased_until IS NULL))),
    CONSTRAINT jobs_claimed_have_begun CHECK (((claimed_at IS NULL) OR (started_at IS NOT NULL))),
    CONSTRAINT jobs_counts_not_negative CHECK (((attempts >= 0) AND (crashes >= 0) AND (steps >= 0) AND (requests >= 0) AND (processed_records >= 0) AND (skipped_records >= 0) AND ((total_records IS NULL) OR (total_records >= 0)))),
    CONSTRAINT jobs_executing_only_when_leased CHECK (((NOT is_executing) OR (leased_until IS NOT NULL))),
    CONSTRAINT jobs_failed_says_why CHECK (((state <> 'failed'::text) OR ((error_class IS NOT NULL) AND (error IS NOT NULL)))),
    CONSTRAINT jobs_finished_when_terminal CHECK (((state = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT jobs_follow_before_they_begin CHECK (((follows IS NULL) OR (state = ANY (ARRAY['pending'::text, 'cancelled'::text])))),
    CONSTRAINT jobs_lease_whole CHECK (((leased_until IS NULL) = (leased_by IS NULL))),
    CONSTRAINT jobs_leased_only_when_running CHECK (((leased_until IS NULL) OR (state = 'running'::text))),
    CONSTRAINT jobs_retrying_says_why CHECK (((state <> 'retrying'::text) OR (error IS NOT NULL))),
    CONSTRAINT jobs_started_when_past_pending CHECK (((state = ANY (ARRAY['pending'::text, 'cancelled'::text, 'failed'::text])) OR (started_at IS NOT NULL))),
    CONSTRAINT jobs_state_known CHECK ((state = ANY (ARRAY['pending'::text, 'running'::text, 'retrying'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])))
);
COMMENT ON TABLE rekkrd.jobs IS
'The truth about every job. Redis holds wake-up calls only. Work of no user stands under the nil uuid.';
COMMENT ON COLUMN rekkrd.jobs.due_at IS
'When the next step may run. It keeps its value from step to step, so it is also the job''s age in the line.';
COMMENT ON COLUMN rekkrd.jobs.called_until IS
'A message for the next step was sent; until then nobody sends another.';
COMMENT ON COLUMN rekkrd.jobs.fence IS
'Grows with each claim. Every write of a step names its fence, so a worker that slept through its lease changes nothing.';
COMMENT ON COLUMN rekkrd.jobs.is_executing IS
'The step holds its token or needs none: a crash from here on counts against the job.';
COMMENT ON COLUMN rekkrd.jobs.crashes IS
'Workers that died executing this job since its checkpoint last moved.';
COMMENT ON COLUMN rekkrd.jobs.follows IS
'The job that this one replaces, while a step of that one is still under way: until then nobody calls this one up.';
COMMENT ON COLUMN rekkrd.jobs.awaited_key IS
'The key that it takes then. Not in unique_key before: a release that knows nothing of this would find two holders.';
COMMENT ON COLUMN rekkrd.jobs.claimed_at IS
'When the step under way was claimed; without a lease it says nothing. Not bound to the lease by a constraint: a release that does not know it ends leases, and claims, without it.';
COMMENT ON COLUMN rekkrd.jobs.dispatched_by IS
'The worker process whose dispatcher sent the message of called_until; without that it says nothing.';
CREATE INDEX jobs_by_age ON rekkrd.jobs USING btree (created_at DESC, id DESC);
CREATE INDEX jobs_by_state ON rekkrd.jobs USING btree (state, created_at DESC, id DESC);
CREATE INDEX jobs_ended ON rekkrd.jobs USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX jobs_failed_alike ON rekkrd.jobs USING btree (error_class, kind, created_at DESC, id DESC) WHERE (state = 'failed'::text);
CREATE INDEX jobs_failed_by_lane ON rekkrd.jobs USING btree (lane) WHERE (state = 'failed'::text);
CREATE INDEX jobs_follow ON rekkrd.jobs USING btree (follows) WHERE (follows IS NOT NULL);
CREATE INDEX jobs_in_line ON rekkrd.jobs USING btree (lane, user_id, priority DESC, due_at, id) WHERE (state = ANY (ARRAY['pending'::text, 'running'::text, 'retrying'::text]));
CREATE INDEX jobs_of_kind ON rekkrd.jobs USING btree (kind, created_at DESC, id DESC);
CREATE INDEX jobs_of_user ON rekkrd.jobs USING btree (user_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX jobs_one_conversation ON rekkrd.jobs USING btree (user_id) WHERE ((leased_until IS NOT NULL) AND speaks_for_user);
CREATE UNIQUE INDEX jobs_one_follower ON rekkrd.jobs USING btree (follows) WHERE ((follows IS NOT NULL) AND (state = 'pending'::text));
CREATE UNIQUE INDEX jobs_one_live ON rekkrd.jobs USING btree (user_id, unique_key) WHERE ((unique_key IS NOT NULL) AND (state = ANY (ARRAY['pending'::text, 'running'::text, 'retrying'::text])));
CREATE INDEX jobs_ready ON rekkrd.jobs USING btree (lane, takes_token, due_at) WHERE (state = ANY (ARRAY['pending'::text, 'running'::text, 'retrying'::text]));
CREATE INDEX jobs_taken ON rekkrd.jobs USING btree (lane, user_id) WHERE ((called_until IS NOT NULL) OR (leased_until IS NOT NULL));

CREATE TABLE rekkrd.kinds (
    kind text NOT NULL,
    sentence text NOT NULL,
    lane text NOT NULL,
    unique_key text,
    takes_token boolean NOT NULL,
    speaks_for_user boolean NOT NULL,
    has_import_row boolean NOT NULL,
    arguments jsonb NOT NULL,
    CONSTRAINT kinds_pkey PRIMARY KEY (kind),
    CONSTRAINT kinds_lane_fkey FOREIGN KEY (lane) REFERENCES rekkrd.lanes(lane)
);
COMMENT ON TABLE rekkrd.kinds IS
'The catalogue of jobs, as the newest release that migrated knows it. arguments is a JSON Schema.';

CREATE TABLE rekkrd.lanes (
    lane text NOT NULL,
    turn bigint NOT NULL DEFAULT 0,
    CONSTRAINT lanes_pkey PRIMARY KEY (lane),
    CONSTRAINT lanes_known CHECK ((lane = ANY (ARRAY['interactive'::text, 'import'::text, 'background'::text])))
);
COMMENT ON TABLE rekkrd.lanes IS
'One row a lane. turn is the turn of the step called up last: whoever comes into the line now starts there.';

CREATE TABLE rekkrd.lease_extensions (
    job_id uuid NOT NULL,
    worker text NOT NULL,
    fence bigint NOT NULL,
    leased_until timestamp with time zone NOT NULL,
    CONSTRAINT lease_extensions_pkey PRIMARY KEY (job_id)
);
COMMENT ON TABLE rekkrd.lease_extensions IS
'Ends of leases whose job row was locked by another transaction at the last renewal.';

CREATE TABLE rekkrd.links (
    user_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'connected'::text,
    credentials text NOT NULL DEFAULT 'oauth'::text,
    is_partial boolean NOT NULL DEFAULT false,
    curr_abbr text,
    num_collection integer,
    num_wantlist integer,
    identity_checked_at timestamp with time zone,
    collection_complete_at timestamp with time zone,
    wantlist_complete_at timestamp with time zone,
    collection_known_to timestamp with time zone,
    collection_first_complete_at timestamp with time zone,
    push_confirmed_at timestamp with time zone,
    has_seller_settings boolean,
    seller_settings_at timestamp with time zone,
    paused_reason text,
    paused_at timestamp with time zone,
    CONSTRAINT links_pkey PRIMARY KEY (user_id),
    CONSTRAINT links_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT links_credentials_known CHECK ((credentials = ANY (ARRAY['oauth'::text, 'personal'::text]))),
    CONSTRAINT links_paused_reason_known CHECK ((paused_reason = 'undone'::text)),
    CONSTRAINT links_paused_with_time CHECK (((paused_reason IS NULL) = (paused_at IS NULL))),
    CONSTRAINT links_state_known CHECK ((state = ANY (ARRAY['connected'::text, 'needs_reconnect'::text, 'disconnected'::text])))
);
COMMENT ON TABLE rekkrd.links IS
'How the connection to an account stands. The tokens themselves are in profiles, encrypted.';
COMMENT ON COLUMN rekkrd.links.collection_known_to IS
'Every copy that was added before this has been read. It moves only when a walk came to its end without a gap.';
COMMENT ON COLUMN rekkrd.links.collection_first_complete_at IS
'Albums from before this were matched or asked about by that import; only later ones are added to Discogs.';
COMMENT ON COLUMN rekkrd.links.push_confirmed_at IS
'When the collector said yes to the first preview; before that nothing is ever changed on Discogs.';
COMMENT ON COLUMN rekkrd.links.has_seller_settings IS
'Whether Discogs gives this account price suggestions; null before it was asked.';
COMMENT ON COLUMN rekkrd.links.paused_reason IS
'Why no import and no push runs for this connection. undone: a sync was undone, and the user has not chosen yet.';
CREATE INDEX links_that_sell ON rekkrd.links USING btree (curr_abbr, user_id) WHERE ((state = 'connected'::text) AND has_seller_settings);

CREATE TABLE rekkrd.listings (
    listing_id bigint NOT NULL,
    seller text NOT NULL,
    release_id bigint NOT NULL,
    media text,
    sleeve text,
    price numeric(12,2),
    currency text,
    ships_from text NOT NULL,
    posted_at timestamp with time zone,
    fetched_at timestamp with time zone NOT NULL DEFAULT now(),
    seen_in uuid NOT NULL,
    looked_at timestamp with time zone,
    CONSTRAINT listings_pkey PRIMARY KEY (listing_id),
    CONSTRAINT listings_seller_fkey FOREIGN KEY (seller) REFERENCES rekkrd.sellers(seller) ON DELETE CASCADE,
    CONSTRAINT listings_price_has_a_currency CHECK (((price IS NULL) = (currency IS NULL)))
);
COMMENT ON TABLE rekkrd.listings IS
'Offers of watched sellers as their shops showed them; price in the seller''s currency, grades short, null when none.';
COMMENT ON COLUMN rekkrd.listings.seen_in IS
'The walk through the shop that saw it last: what a whole walk did not see was sold.';
COMMENT ON COLUMN rekkrd.listings.looked_at IS
'Since when somebody waits for this offer alone to be asked for anew; null when nobody does.';
CREATE INDEX listings_looked_at ON rekkrd.listings USING btree (looked_at, listing_id) WHERE (looked_at IS NOT NULL);
CREATE INDEX listings_of_release ON rekkrd.listings USING btree (release_id, seller);
CREATE INDEX listings_of_seller ON rekkrd.listings USING btree (seller, seen_in);

CREATE TABLE rekkrd.mails (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    due_at timestamp with time zone NOT NULL,
    content jsonb,
    first_sent_at timestamp with time zone,
    attempts integer NOT NULL DEFAULT 0,
    sent_at timestamp with time zone,
    given_up_at timestamp with time zone,
    error text,
    may_have_arrived boolean NOT NULL DEFAULT false,
    CONSTRAINT mails_pkey PRIMARY KEY (id),
    CONSTRAINT mails_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT mails_end_once CHECK (((sent_at IS NULL) OR (given_up_at IS NULL))),
    CONSTRAINT mails_say_what_they_say CHECK (((content IS NULL) = (first_sent_at IS NULL))),
    CONSTRAINT mails_tried_before_they_end CHECK (((first_sent_at IS NOT NULL) OR ((sent_at IS NULL) AND (given_up_at IS NULL))))
);
COMMENT ON TABLE rekkrd.mails IS
'The outbox of alerts, filled in the transaction that fires. The id is the key under which the other side takes one once; content is fixed at the first attempt.';
COMMENT ON COLUMN rekkrd.mails.may_have_arrived IS
'Whether any attempt has no known end: then it is not sent again once its key is forgotten.';
CREATE INDEX mails_due ON rekkrd.mails USING btree (due_at) WHERE ((sent_at IS NULL) AND (given_up_at IS NULL));
CREATE INDEX mails_given_up ON rekkrd.mails USING btree (given_up_at) WHERE (given_up_at IS NOT NULL);
CREATE INDEX mails_of_user ON rekkrd.mails USING btree (user_id);
CREATE UNIQUE INDEX mails_one_gathering ON rekkrd.mails USING btree (user_id) WHERE ((first_sent_at IS NULL) AND (given_up_at IS NULL));
CREATE INDEX mails_over ON rekkrd.mails USING btree (COALESCE(sent_at, given_up_at));

CREATE TABLE rekkrd.migrations (
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT migrations_pkey PRIMARY KEY (name)
);

CREATE TABLE rekkrd.nights (
    user_id uuid NOT NULL,
    night date NOT NULL,
    begun_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT nights_pkey PRIMARY KEY (user_id),
    CONSTRAINT nights_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE
);
COMMENT ON TABLE rekkrd.nights IS
'The last night, by the date of the user''s own zone, for which a user''s sync was enqueued. It only moves forward, so no date comes twice, whatever clocks and zones do.';

CREATE TABLE rekkrd.operator_account (
    is_only boolean NOT NULL DEFAULT true,
    has_seller_settings boolean NOT NULL,
    checked_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT operator_account_pkey PRIMARY KEY (is_only),
    CONSTRAINT operator_account_is_one_row CHECK (is_only)
);
COMMENT ON TABLE rekkrd.operator_account IS
'Whether the account of DISCOGS_PERSONAL_TOKEN gets price suggestions. Empty until Discogs first answered it.';
COMMENT ON COLUMN rekkrd.operator_account.checked_at IS
'The time of the last answer to this account.';

CREATE TABLE rekkrd.pauses (
    lane text NOT NULL,
    paused_at timestamp with time zone NOT NULL DEFAULT now(),
    paused_until timestamp with time zone NOT NULL,
    reason text NOT NULL,
    made_by text NOT NULL,
    CONSTRAINT pauses_pkey PRIMARY KEY (lane),
    CONSTRAINT pauses_lane_fkey FOREIGN KEY (lane) REFERENCES rekkrd.lanes(lane),
    CONSTRAINT pauses_are_printable CHECK ((rekkrd.is_printable(reason) AND rekkrd.is_printable(made_by))) NOT VALID,
    CONSTRAINT pauses_in_order CHECK ((paused_until > paused_at))
);
COMMENT ON TABLE rekkrd.pauses IS
'Lanes from which nothing is called up until a time. It is compared with now: nothing needs to be undone.';

CREATE TABLE rekkrd.presence_sessions (
    worker text NOT NULL,
    backend_pid integer NOT NULL,
    backend_started_at timestamp with time zone NOT NULL,
    server_started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT presence_sessions_pkey PRIMARY KEY (worker)
);
COMMENT ON TABLE rekkrd.presence_sessions IS
'The direct database session of each worker process. A row that is missing means that only leases count.';
COMMENT ON COLUMN rekkrd.presence_sessions.ended_at IS
'When a dispatcher found the session gone, and shortened the leases of the worker.';

CREATE TABLE rekkrd.preview_items (
    user_id uuid NOT NULL,
    number bigint NOT NULL,
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
    CONSTRAINT preview_items_user_id_fkey FOREIGN KEY (user_id) REFERENCES rekkrd.previews(user_id) ON DELETE CASCADE,
    CONSTRAINT preview_items_way_known CHECK ((way = ANY (ARRAY['comes_in'::text, 'conflicts'::text, 'vanishes'::text])))
);
COMMENT ON TABLE rekkrd.preview_items IS
'What a sync would bring over, a row a record or a field of one; before is what stands here, after what Discogs says.';
CREATE UNIQUE INDEX preview_items_once ON rekkrd.preview_items USING btree (user_id, is_want, release_id, COALESCE(instance_id, (0)::bigint), COALESCE(field, ''::text), way);

CREATE TABLE rekkrd.preview_pages (
    user_id uuid NOT NULL,
    is_want boolean NOT NULL,
    page integer NOT NULL,
    numbers bigint[] NOT NULL,
    CONSTRAINT preview_pages_pkey PRIMARY KEY (user_id, is_want, page),
    CONSTRAINT preview_pages_user_id_fkey FOREIGN KEY (user_id) REFERENCES rekkrd.previews(user_id) ON DELETE CASCADE
);
COMMENT ON TABLE rekkrd.preview_pages IS
'Which copies and wants a look has seen so far; gone when it is over.';

CREATE TABLE rekkrd.previews (
    user_id uuid NOT NULL,
    job_id uuid NOT NULL,
    began_at timestamp with time zone NOT NULL DEFAULT now(),
    looked_at timestamp with time zone,
    requests integer NOT NULL DEFAULT 0,
    is_whole boolean NOT NULL DEFAULT false,
    asks_about_vanished boolean NOT NULL DEFAULT false,
    CONSTRAINT previews_pkey PRIMARY KEY (user_id),
    CONSTRAINT previews_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT previews_requests_not_negative CHECK ((requests >= 0)),
    CONSTRAINT previews_whole_when_looked CHECK (((looked_at IS NOT NULL) OR (NOT is_whole)))
);
COMMENT ON TABLE rekkrd.previews IS
'The last look at Discogs that a collector asked for before a sync. looked_at is null while it is under way.';
COMMENT ON COLUMN rekkrd.previews.is_whole IS
'Whether all of both lists was seen while they did not change; only then it is told what would vanish.';

CREATE TABLE rekkrd.prices (
    release_id bigint NOT NULL,
    what text NOT NULL,
    state text,
    fetched_at timestamp with time zone,
    looked_at timestamp with time zone,
    amount numeric(12,2),
    moved numeric(8,4),
    every interval NOT NULL DEFAULT '1 day'::interval,
    due_at timestamp with time zone NOT NULL DEFAULT now(),
    claim uuid,
    claimed_until timestamp with time zone,
    failed text,
    is_alerted boolean NOT NULL DEFAULT false,
    CONSTRAINT prices_pkey PRIMARY KEY (release_id, what),
    CONSTRAINT prices_claims_end CHECK (((claim IS NULL) OR (claimed_until IS NOT NULL))),
    CONSTRAINT prices_come_again CHECK ((every > '00:00:00'::interval)),
    CONSTRAINT prices_failed_wait CHECK (((failed IS NULL) OR (claimed_until IS NOT NULL))),
    CONSTRAINT prices_fetched_have_a_state CHECK (((state IS NULL) = (fetched_at IS NULL))),
    CONSTRAINT prices_state_known CHECK ((state = ANY (ARRAY['priced'::text, 'no_price'::text, 'blocked'::text, 'gone'::text]))),
    CONSTRAINT prices_what_known CHECK ((what = ANY (ARRAY['suggestions'::text, 'stats'::text])))
);
COMMENT ON TABLE rekkrd.prices IS
'How fresh the figures of a release are: suggestions by grade, and the market''s stats. A row for each that is known.';
COMMENT ON COLUMN rekkrd.prices.looked_at IS
'When a person looked last, to within an hour.';
COMMENT ON COLUMN rekkrd.prices.moved IS
'By which share the amount changed between the last two looks; null where they cannot be compared.';
COMMENT ON COLUMN rekkrd.prices.claimed_until IS
'Until then one asks and the others wait for its answer; with failed, until then nobody asks again.';
COMMENT ON COLUMN rekkrd.prices.is_alerted IS
'Whether an active alert waited when this lowest price was stored or the alert was set: check_alerts requests it.';
CREATE INDEX prices_alerted ON rekkrd.prices USING btree (every, due_at) WHERE is_alerted;
CREATE INDEX prices_answered ON rekkrd.prices USING btree (what, fetched_at) WHERE (state = 'priced'::text);
CREATE INDEX prices_due ON rekkrd.prices USING btree (what, is_alerted, every, due_at, release_id);

CREATE TABLE rekkrd.questions (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'::jsonb,
    asked_at timestamp with time zone NOT NULL DEFAULT now(),
    answered_at timestamp with time zone,
    answer jsonb,
    CONSTRAINT questions_pkey PRIMARY KEY (id),
    CONSTRAINT questions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT questions_answered_with_answer CHECK (((answered_at IS NULL) = (answer IS NULL))),
    CONSTRAINT questions_kind_known CHECK ((kind = ANY (ARRAY['duplicate'::text, 'vanished'::text, 'owned_want'::text, 'removed_want'::text])))
);
COMMENT ON TABLE rekkrd.questions IS
'What only the collector can decide: which album a copy is, whether so many records really went away.';
CREATE INDEX questions_of_user ON rekkrd.questions USING btree (user_id, asked_at DESC, id DESC);
CREATE UNIQUE INDEX questions_open_once ON rekkrd.questions USING btree (user_id, kind, subject) WHERE (answered_at IS NULL);

CREATE TABLE rekkrd.rate_days (
    currency text NOT NULL,
    day date NOT NULL,
    per_dollar numeric(20,10) NOT NULL,
    CONSTRAINT rate_days_pkey PRIMARY KEY (currency, day),
    CONSTRAINT rate_days_never_of_the_dollar CHECK ((currency <> 'USD'::text)),
    CONSTRAINT rate_days_positive CHECK ((per_dollar > (0)::numeric))
);
COMMENT ON TABLE rekkrd.rate_days IS
'How much of a currency a US dollar was: the rate that counted last on each day (UTC) on which one was noted.';

CREATE TABLE rekkrd.releases (
    release_id bigint NOT NULL,
    master_id bigint,
    title text NOT NULL,
    artist text NOT NULL,
    year integer,
    artists jsonb NOT NULL DEFAULT '[]'::jsonb,
    labels jsonb NOT NULL DEFAULT '[]'::jsonb,
    formats jsonb NOT NULL DEFAULT '[]'::jsonb,
    genres text[] NOT NULL DEFAULT '{}'::text[],
    styles text[] NOT NULL DEFAULT '{}'::text[],
    thumb text NOT NULL DEFAULT ''::text,
    cover_image text NOT NULL DEFAULT ''::text,
    fetched_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT releases_pkey PRIMARY KEY (release_id)
);
COMMENT ON TABLE rekkrd.releases IS
'The list view of a release, as the API last gave it: one row for all copies of all collectors.';

CREATE TABLE rekkrd.restores (
    id bigint NOT NULL,
    noted_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    noted_by text NOT NULL,
    body text NOT NULL,
    known_until timestamp with time zone,
    fence bigint NOT NULL,
    leases integer NOT NULL,
    walks integer NOT NULL,
    jobs integer NOT NULL,
    CONSTRAINT restores_pkey PRIMARY KEY (id),
    CONSTRAINT restores_counts_not_negative CHECK (((leases >= 0) AND (walks >= 0) AND (jobs >= 0)))
);
COMMENT ON TABLE rekkrd.restores IS
'A row for each restore from a backup that an operator noted, and what was done about it: leases were taken away, and walks over pages began anew.';
COMMENT ON COLUMN rekkrd.restores.body IS
'Which files these are: server, timeline and tables. Another body is another restore; the same one may be one too, if files were put back as they lay.';
COMMENT ON COLUMN rekkrd.restores.known_until IS
'The newest trace in the ledger when the restore was noted: what happened after it and before the restore is unknown.';
COMMENT ON COLUMN rekkrd.restores.fence IS
'Steps that were under way got this fence, and the next claim of any job gets it or a higher one: a step of before the restore writes nothing.';

CREATE TABLE rekkrd.rules (
    user_id uuid NOT NULL,
    field text NOT NULL,
    rule text NOT NULL,
    CONSTRAINT rules_pkey PRIMARY KEY (user_id, field),
    CONSTRAINT rules_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT rules_rule_known CHECK ((rule = ANY (ARRAY['ours'::text, 'theirs'::text, 'newest'::text, 'ask'::text])))
);
COMMENT ON TABLE rekkrd.rules IS
'What a collector wants done where a field changed on both sides; a field without a rule is asked about.';

CREATE TABLE rekkrd.sellers (
    seller text NOT NULL,
    name text NOT NULL,
    state text NOT NULL DEFAULT 'new'::text,
    currency text,
    offers integer,
    fetched_at timestamp with time zone,
    swept_at timestamp with time zone,
    due_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT sellers_pkey PRIMARY KEY (seller),
    CONSTRAINT sellers_asked_are_not_new CHECK (((state = 'new'::text) = (fetched_at IS NULL))),
    CONSTRAINT sellers_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT sellers_known_in_lower_case CHECK ((seller = lower(name))),
    CONSTRAINT sellers_state_known CHECK ((state = ANY (ARRAY['new'::text, 'open'::text, 'gone'::text, 'closed'::text]))),
    CONSTRAINT sellers_swept_were_asked CHECK (((swept_at IS NULL) OR (fetched_at IS NOT NULL)))
);
COMMENT ON TABLE rekkrd.sellers IS
'Sellers at Discogs whom somebody watches, and when each shop is read next; Discogs lists no offers but by seller.';
COMMENT ON COLUMN rekkrd.sellers.offers IS
'How many Discogs counts; it shows the 10,000 newest to programs.';
COMMENT ON COLUMN rekkrd.sellers.swept_at IS
'When the whole shop was read last; between, only what is new is.';
CREATE INDEX sellers_due ON rekkrd.sellers USING btree (due_at, seller);

CREATE TABLE rekkrd.sweeps (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    job_id uuid NOT NULL,
    user_id uuid NOT NULL,
    list text NOT NULL,
    try smallint NOT NULL,
    sort text NOT NULL,
    sort_order text NOT NULL,
    items integer,
    is_whole boolean NOT NULL DEFAULT true,
    seen integer,
    started_at timestamp with time zone NOT NULL DEFAULT now(),
    finished_at timestamp with time zone,
    outcome text,
    unreadable text[] NOT NULL DEFAULT '{}'::text[],
    CONSTRAINT sweeps_pkey PRIMARY KEY (id),
    CONSTRAINT sweeps_one_a_try UNIQUE (job_id, try),
    CONSTRAINT sweeps_job_id_fkey FOREIGN KEY (job_id) REFERENCES rekkrd.jobs(id) ON DELETE CASCADE,
    CONSTRAINT sweeps_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT sweeps_finished_with_outcome CHECK (((finished_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT sweeps_list_known CHECK ((list = ANY (ARRAY['collection'::text, 'wantlist'::text]))),
    CONSTRAINT sweeps_outcome_known CHECK ((outcome = ANY (ARRAY['complete'::text, 'caught_up'::text, 'partial'::text, 'changed'::text, 'unreadable'::text, 'abandoned'::text]))) NOT VALID
);
COMMENT ON TABLE rekkrd.sweeps IS
'One walk over all pages. Only a sweep whose every page was whole and whose distinct records equal the count is complete, and only a complete sweep may say that a record is missing.';
CREATE INDEX sweeps_of_user ON rekkrd.sweeps USING btree (user_id, started_at DESC);

CREATE TABLE rekkrd.sync_settings (
    user_id uuid NOT NULL,
    is_auto boolean NOT NULL DEFAULT true,
    direction text NOT NULL DEFAULT 'in'::text,
    frequency text NOT NULL DEFAULT 'nightly'::text,
    changed_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT sync_settings_pkey PRIMARY KEY (user_id),
    CONSTRAINT sync_settings_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT sync_settings_direction_known CHECK ((direction = ANY (ARRAY['in'::text, 'out'::text, 'both'::text]))),
    CONSTRAINT sync_settings_frequency_known CHECK ((frequency = ANY (ARRAY['nightly'::text, 'weekly'::text])))
);
COMMENT ON TABLE rekkrd.sync_settings IS
'What a collector chose: whether the sync comes of its own, in which direction, and how often. Without a row the defaults of these columns hold.';

CREATE TABLE rekkrd.tallies (
    name text NOT NULL,
    labels jsonb NOT NULL,
    value double precision NOT NULL,
    CONSTRAINT tallies_pkey PRIMARY KEY (name, labels)
);
COMMENT ON TABLE rekkrd.tallies IS
'What workers counted since the ledger began, for Prometheus; they have no door of their own. No user stands here.';

CREATE TABLE rekkrd.ticks (
    entry text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    job_id uuid,
    made_at timestamp with time zone NOT NULL DEFAULT now(),
    made_by text,
    enqueued integer NOT NULL DEFAULT 0,
    missed integer NOT NULL DEFAULT 0,
    skipped integer NOT NULL DEFAULT 0,
    CONSTRAINT ticks_pkey PRIMARY KEY (entry, due_at),
    CONSTRAINT ticks_counts_in_order CHECK (((enqueued >= 0) AND (skipped >= 0) AND (skipped <= missed)))
);
COMMENT ON TABLE rekkrd.ticks IS
'One row for each time that an entry of the timetable came due. The second scheduler meets the first one''s row and stops.';
COMMENT ON COLUMN rekkrd.ticks.made_by IS
'The operator who ran the entry by hand at that moment; NULL for the clock.';
COMMENT ON COLUMN rekkrd.ticks.enqueued IS
'New jobs that came of it: its own, and those that this one enqueued for users.';
COMMENT ON COLUMN rekkrd.ticks.missed IS
'Times since the tick before, at which no scheduler ran or the entry was paused.';
COMMENT ON COLUMN rekkrd.ticks.skipped IS
'Those of them that lay too far back for this tick to make up for.';

CREATE TABLE rekkrd.touched (
    user_id uuid NOT NULL,
    touched_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT touched_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE
);
COMMENT ON TABLE rekkrd.touched IS
'Users whose albums or wants were written a moment ago, by the app or by ourselves; the clock takes them out.';
CREATE INDEX touched_in_order ON rekkrd.touched USING btree (touched_at);
CREATE INDEX touched_of_user ON rekkrd.touched USING btree (user_id, touched_at);

CREATE TABLE rekkrd.turns (
    lane text NOT NULL,
    user_id uuid NOT NULL,
    turn bigint NOT NULL,
    CONSTRAINT turns_pkey PRIMARY KEY (lane, user_id),
    CONSTRAINT turns_lane_fkey FOREIGN KEY (lane) REFERENCES rekkrd.lanes(lane)
);
COMMENT ON TABLE rekkrd.turns IS
'Whose turn it is: the user with the lowest turn is called up next, and each call-up moves that user one turn back. Work of no user stands under the nil uuid.';
CREATE INDEX turns_in_order ON rekkrd.turns USING btree (lane, turn, user_id);

CREATE TABLE rekkrd.undone_records (
    user_id uuid NOT NULL,
    is_want boolean NOT NULL,
    record_id bigint NOT NULL,
    act text NOT NULL,
    fields text[] NOT NULL DEFAULT '{}'::text[],
    CONSTRAINT undone_records_pkey PRIMARY KEY (user_id, is_want, record_id),
    CONSTRAINT undone_records_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT undone_records_act_known CHECK ((act = ANY (ARRAY['put_back'::text, 'drop'::text, 'unmark'::text])))
);
COMMENT ON TABLE rekkrd.undone_records IS
'Records that an undo changed here, until the user chooses: import again, push what is here, or neither.';
COMMENT ON COLUMN rekkrd.undone_records.record_id IS
'The instance id of a copy; of a want, its release id.';
COMMENT ON COLUMN rekkrd.undone_records.fields IS
'The fields that have their value from before the sync again.';

CREATE TABLE rekkrd.undos (
    user_id uuid NOT NULL,
    synced_until timestamp with time zone NOT NULL,
    synced_from timestamp with time zone NOT NULL,
    job_id uuid NOT NULL,
    began_at timestamp with time zone NOT NULL DEFAULT now(),
    ended_at timestamp with time zone,
    reached_at timestamp with time zone,
    reached_id uuid,
    undone integer NOT NULL DEFAULT 0,
    kept integer NOT NULL DEFAULT 0,
    CONSTRAINT undos_pkey PRIMARY KEY (user_id, synced_until),
    CONSTRAINT undos_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT undos_counts_not_negative CHECK (((undone >= 0) AND (kept >= 0))),
    CONSTRAINT undos_reached_a_line CHECK (((reached_at IS NULL) = (reached_id IS NULL))),
    CONSTRAINT undos_sync_in_order CHECK ((synced_from <= synced_until))
);
COMMENT ON TABLE rekkrd.undos IS
'Syncs that a collector took back. ended_at is null while that is under way, and where it stopped half-way.';
COMMENT ON COLUMN rekkrd.undos.reached_id IS
'The line of discogs_sync_log that was taken back last: they go from the last to the first, and each once.';
COMMENT ON COLUMN rekkrd.undos.kept IS
'What was left alone, because it changed since.';

CREATE TABLE rekkrd.usage_flushes (
    id uuid NOT NULL,
    flushed_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT usage_flushes_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE rekkrd.usage_flushes IS
'What processes added lately. One that did not hear whether it was stored says it again, and is counted once.';

CREATE TABLE rekkrd.usage_minutes (
    minute timestamp with time zone NOT NULL,
    user_id uuid,
    lane text NOT NULL,
    kind text NOT NULL,
    endpoint text NOT NULL,
    requests bigint NOT NULL,
    failed bigint NOT NULL DEFAULT 0,
    CONSTRAINT usage_minutes_once UNIQUE NULLS NOT DISTINCT (minute, user_id, lane, kind, endpoint),
    CONSTRAINT usage_minutes_counts CHECK ((requests > 0)),
    CONSTRAINT usage_minutes_failed CHECK (((failed >= 0) AND (failed <= requests))),
    CONSTRAINT usage_minutes_whole CHECK ((EXTRACT(second FROM minute) = (0)::numeric))
);
COMMENT ON TABLE rekkrd.usage_minutes IS
'Requests to Discogs in each minute; upkeep clears old ones. user_id is null for what nobody asked for.';
COMMENT ON COLUMN rekkrd.usage_minutes.failed IS
'Requests answered with 5xx or not at all, part of requests.';

CREATE TABLE rekkrd.usage_months (
    month date NOT NULL,
    user_id uuid,
    lane text NOT NULL,
    kind text NOT NULL,
    endpoint text NOT NULL,
    requests bigint NOT NULL,
    CONSTRAINT usage_months_once UNIQUE NULLS NOT DISTINCT (month, user_id, lane, kind, endpoint),
    CONSTRAINT usage_months_counts CHECK ((requests > 0)),
    CONSTRAINT usage_months_first CHECK ((EXTRACT(day FROM month) = (1)::numeric))
);
COMMENT ON TABLE rekkrd.usage_months IS
'Requests to Discogs in each month of UTC: the minutes added up, kept when they are cleared.';

CREATE TABLE rekkrd.value_copies (
    user_id uuid NOT NULL,
    album_id uuid NOT NULL,
    release_id bigint,
    grade text NOT NULL,
    price numeric(12,2),
    price_currency text,
    median numeric(12,2),
    new_since date,
    CONSTRAINT value_copies_pkey PRIMARY KEY (user_id, album_id),
    CONSTRAINT value_copies_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE
);
COMMENT ON TABLE rekkrd.value_copies IS
'What each copy was worth at its owner''s last snapshot: what the next one is compared with. No foreign key to albums: a copy that is gone was sold.';
COMMENT ON COLUMN rekkrd.value_copies.new_since IS
'The day of the snapshot that met it first, until it is valued: then it counts as bought, not as better known.';

CREATE TABLE rekkrd.value_days (
    user_id uuid NOT NULL,
    day date NOT NULL,
    currency text NOT NULL,
    copies integer NOT NULL,
    assumed integer NOT NULL,
    oldest_price_at timestamp with time zone,
    mean_price_age interval,
    since date,
    bought numeric(14,2),
    sold numeric(14,2),
    market numeric(14,2),
    exchange numeric(14,2),
    better_data numeric(14,2),
    CONSTRAINT value_days_pkey PRIMARY KEY (user_id, day),
    CONSTRAINT value_days_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT value_days_split_whole CHECK ((num_nulls(since, bought, sold, market, exchange, better_data) = ANY (ARRAY[0, 6])))
);
COMMENT ON TABLE rekkrd.value_days IS
'Beside the plan''s row in discogs_value_history: how much of a collection the value covers, how old the prices were, and what the change since the snapshot before came from; null at the first, and after a change of currency.';

CREATE TABLE rekkrd.wants (
    user_id uuid NOT NULL,
    release_id bigint NOT NULL,
    rating smallint NOT NULL DEFAULT 0,
    notes text NOT NULL DEFAULT ''::text,
    date_added timestamp with time zone,
    first_seen_at timestamp with time zone NOT NULL DEFAULT now(),
    fetched_at timestamp with time zone NOT NULL DEFAULT now(),
    seen_in uuid,
    missing_since timestamp with time zone,
    agreed jsonb,
    is_local_only boolean NOT NULL DEFAULT false,
    CONSTRAINT wants_pkey PRIMARY KEY (user_id, release_id),
    CONSTRAINT wants_release_id_fkey FOREIGN KEY (release_id) REFERENCES rekkrd.releases(release_id),
    CONSTRAINT wants_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE,
    CONSTRAINT wants_rating_range CHECK (((rating >= 0) AND (rating <= 5)))
);
COMMENT ON COLUMN rekkrd.wants.agreed IS
'What both sides last agreed on, as want_notes and want_rating. Without a row in discogs_wantlist it was removed here.';
COMMENT ON COLUMN rekkrd.wants.is_local_only IS
'The user keeps this want as it is here and as it is on Discogs: imports and pushes leave it alone.';
CREATE INDEX wants_of_release ON rekkrd.wants USING btree (release_id);
CREATE INDEX wants_seen ON rekkrd.wants USING btree (user_id, seen_in);

CREATE TABLE rekkrd.watched_sellers (
    user_id uuid NOT NULL,
    seller text NOT NULL,
    added_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT watched_sellers_pkey PRIMARY KEY (user_id, seller),
    CONSTRAINT watched_sellers_seller_fkey FOREIGN KEY (seller) REFERENCES rekkrd.sellers(seller),
    CONSTRAINT watched_sellers_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE
);
COMMENT ON TABLE rekkrd.watched_sellers IS
'Whose shop a collector watches.';
CREATE INDEX watched_sellers_of_seller ON rekkrd.watched_sellers USING btree (seller);

CREATE TABLE rekkrd.workers (
    name text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    version text NOT NULL,
    lanes text[] NOT NULL,
    kinds text[] NOT NULL,
    threads integer NOT NULL,
    busy integer NOT NULL,
    stuck integer NOT NULL,
    started_at timestamp with time zone NOT NULL DEFAULT now(),
    seen_at timestamp with time zone NOT NULL DEFAULT now(),
    looked_at timestamp with time zone,
    asked_at timestamp with time zone,
    took_at timestamp with time zone,
    store_error text,
    CONSTRAINT workers_pkey PRIMARY KEY (name),
    CONSTRAINT workers_counts_not_negative CHECK (((busy >= 0) AND (stuck >= 0))),
    CONSTRAINT workers_threads_some CHECK ((threads > 0))
);
COMMENT ON TABLE rekkrd.workers IS
'A row a worker process, from its start to its clean end. One that was killed leaves its row, which upkeep clears.';
COMMENT ON COLUMN rekkrd.workers.version IS
'The release, and behind the + what kinds of jobs it knows and how their arguments and checkpoints look.';
COMMENT ON COLUMN rekkrd.workers.stuck IS
'Threads whose step is past its deadline: nobody waits for these any more.';
COMMENT ON COLUMN rekkrd.workers.looked_at IS
'When its dispatcher looked at the line last.';
COMMENT ON COLUMN rekkrd.workers.asked_at IS
'When its consumers asked Redis for calls last: the one that did so longest ago, of all its lanes.';
COMMENT ON COLUMN rekkrd.workers.took_at IS
'When it got a call last.';

CREATE TABLE rekkrd.write_probe (
    id smallint NOT NULL DEFAULT 1,
    probed_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT write_probe_pkey PRIMARY KEY (id),
    CONSTRAINT write_probe_is_one_row CHECK ((id = 1))
);

CREATE VIEW rekkrd.alerts_now AS
 SELECT a.id,
    a.user_id,
    a.discogs_release_id AS release_id,
    n.artist,
    n.title,
    a.target_price AS target,
    a.currency,
    a.condition_minimum AS minimum_grade,
    a.is_active,
    a.created_at,
    a.last_checked_at,
    a.triggered_at,
    a.triggered_price,
    a.above_since,
    a.seen_floor,
    p.state AS floor_state,
    p.fetched_at AS floor_at,
    (((c.marketplace_stats -> 'lowest_price'::text) ->> 'value'::text))::numeric AS floor_said,
    ((c.marketplace_stats -> 'lowest_price'::text) ->> 'currency'::text) AS floor_currency,
    ((c.marketplace_stats ->> 'num_for_sale'::text))::integer AS num_for_sale,
    (mine.per_dollar / floors.per_dollar) AS rate,
    LEAST(mine.as_of, floors.as_of) AS rate_as_of,
    round(((((c.marketplace_stats -> 'lowest_price'::text) ->> 'value'::text))::numeric * (mine.per_dollar / floors.per_dollar)), 2) AS floor,
    round(((((c.price_data -> a.condition_minimum) ->> 'value'::text))::numeric * (mine.per_dollar / theirs.per_dollar)), 2) AS suggestion,
    s.fetched_at AS suggested_at,
    ( SELECT min(COALESCE(i.date_added, i.first_seen_at)) AS min
           FROM rekkrd.instances i
          WHERE ((i.user_id = a.user_id) AND (i.release_id = a.discogs_release_id) AND (i.missing_since IS NULL))) AS owned_since,
    ( SELECT min(q.kind) AS min
           FROM rekkrd.questions q
          WHERE ((q.user_id = a.user_id) AND (q.kind = ANY (ARRAY['owned_want'::text, 'removed_want'::text])) AND (q.subject = (a.discogs_release_id)::text) AND (q.answered_at IS NULL))) AS review,
    p.every AS check_every
   FROM (((((((public.discogs_price_alerts a
     LEFT JOIN LATERAL ( SELECT r.artist,
            r.title
           FROM rekkrd.release_names r
          WHERE (r.release_id = a.discogs_release_id)
         LIMIT 1) n ON (true))
     LEFT JOIN rekkrd.prices p ON (((p.release_id = a.discogs_release_id) AND (p.what = 'stats'::text))))
     LEFT JOIN rekkrd.prices s ON (((s.release_id = a.discogs_release_id) AND (s.what = 'suggestions'::text))))
     LEFT JOIN public.discogs_price_cache c ON ((c.discogs_release_id = a.discogs_release_id)))
     LEFT JOIN rekkrd.rates_now mine ON ((mine.currency = a.currency)))
     LEFT JOIN rekkrd.rates_now floors ON ((floors.currency = ((c.marketplace_stats -> 'lowest_price'::text) ->> 'currency'::text))))
     LEFT JOIN rekkrd.rates_now theirs ON ((theirs.currency = ((c.price_data -> a.condition_minimum) ->> 'currency'::text))));
COMMENT ON VIEW rekkrd.alerts_now IS
'Each alert beside the floor of its release, in the alert''s own currency, and beside what Discogs suggests for the minimum grade; null where nothing is known or no exchange rate is.';

CREATE VIEW rekkrd.live_jobs AS
 SELECT id,
    kind,
    lane,
    queue,
    user_id,
    state,
    priority,
    due_at,
    takes_token,
    speaks_for_user,
    crashes,
    called_until,
    leased_until,
    COALESCE((called_until > now()), false) AS is_called,
    ((due_at <= now()) AND (leased_until IS NULL) AND ((called_until IS NULL) OR (called_until <= now())) AND (follows IS NULL)) AS is_ready
   FROM rekkrd.jobs
  WHERE (state = ANY (ARRAY['pending'::text, 'running'::text, 'retrying'::text]));
COMMENT ON VIEW rekkrd.live_jobs IS
'Jobs that are not over. Ready are those that may be called up now: due, in nobody''s hand, and behind no other job.';

CREATE VIEW rekkrd.rates_now AS
 SELECT DISTINCT ON (currency) currency,
    per_dollar,
    as_of,
    source
   FROM ( SELECT e.currency,
            e.per_dollar,
            e.as_of,
            e.source
           FROM rekkrd.exchange_rates e
        UNION ALL
         SELECT 'USD'::text AS currency,
            1 AS per_dollar,
            now() AS as_of,
            'discogs'::text AS source) r
  ORDER BY currency, source DESC;
COMMENT ON VIEW rekkrd.rates_now IS
'The rate that counts for each currency; the dollar''s own is 1.';

CREATE VIEW rekkrd.release_names AS
 SELECT r.release_id,
    r.artist,
    r.title
   FROM rekkrd.releases r
UNION ALL
 SELECT a.discogs_release_id AS release_id,
    min(a.artist) AS artist,
    min(a.title) AS title
   FROM public.albums a
  WHERE ((a.discogs_release_id > 0) AND (NOT (EXISTS ( SELECT
           FROM rekkrd.releases r
          WHERE (r.release_id = a.discogs_release_id)))))
  GROUP BY a.discogs_release_id;
COMMENT ON VIEW rekkrd.release_names IS
'Artist and title of each release that any table knows, one row a release.';

CREATE VIEW rekkrd.users AS
 SELECT p.id,
    COALESCE(("row".value ->> 'handle'::text), ("row".value ->> 'username'::text), (p.id)::text) AS handle,
    ("row".value ->> 'email'::text) AS email,
    COALESCE(("row".value ->> 'tier'::text), 'collector'::text) AS tier,
    COALESCE(("row".value ->> 'currency'::text), 'USD'::text) AS currency,
    COALESCE(("row".value ->> 'time_zone'::text), 'UTC'::text) AS time_zone
   FROM (public.profiles p
     CROSS JOIN LATERAL ( SELECT ((to_jsonb(p.*) - 'discogs_oauth_token'::text) - 'discogs_oauth_secret'::text) AS value) "row");

CREATE OR REPLACE FUNCTION rekkrd.add_jobs(new_jobs jsonb)
 RETURNS TABLE(place integer, is_new boolean, replaced uuid, job rekkrd.jobs)
 LANGUAGE plpgsql
 SET search_path TO ''
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
#variable_conflict use_column
DECLARE
    -- Two jobs of one transaction keep their order: their times are those of the clock, not of the transaction.
    asked_at CONSTANT timestamptz := clock_timestamp();
    wanted record;
    holder rekkrd.jobs;
    ended_id uuid;
    behind jsonb := '{}';
    instead_of jsonb := '{}';
    unresolved uuid[];
    brought_forward text[];
BEGIN
    PERFORM rekkrd.hold_turns(array_agg(n.lane), array_agg(n.user_id))
    FROM (
        SELECT DISTINCT one.lane, one.user_id
        FROM jsonb_to_recordset(new_jobs) AS one (lane text, user_id uuid)
    ) AS n;

    SELECT array_agg(n.id) INTO unresolved FROM jsonb_to_recordset(new_jobs) AS n (id uuid);
    LOOP
        FOR wanted IN
            SELECT n.id, n.user_id, n.unique_key
            FROM jsonb_to_recordset(new_jobs) AS n (place integer, id uuid, user_id uuid, unique_key text, if_live text)
            WHERE n.if_live = 'replace' AND n.unique_key IS NOT NULL AND n.id = ANY(unresolved)
            ORDER BY n.user_id, n.unique_key, n.place
        LOOP
            behind := behind - wanted.id::text;
            -- Without a lock: the holder may have a step under way, and its worker must not wait for our commit.
            SELECT j.* INTO holder
            FROM rekkrd.jobs AS j
            WHERE
                j.user_id = wanted.user_id AND j.unique_key = wanted.unique_key
                AND j.state IN ('pending', 'running', 'retrying');
            CONTINUE WHEN NOT FOUND;
            instead_of := instead_of || jsonb_build_object(wanted.id, holder.id);
            SELECT j.id INTO ended_id
            FROM rekkrd.jobs AS j
            WHERE j.follows = holder.id AND j.state = 'pending'
            FOR NO KEY UPDATE;
            IF FOUND THEN
                PERFORM rekkrd.end_replaced(ended_id);
            END IF;
            -- A job that waits ends at once. If another session has its row, release_followers ends it later.
            SELECT j.id INTO ended_id
            FROM rekkrd.jobs AS j
            WHERE j.id = holder.id AND j.state IN ('pending', 'running', 'retrying') AND j.leased_until IS NULL
            FOR NO KEY UPDATE SKIP LOCKED;
            IF FOUND THEN
                PERFORM rekkrd.end_replaced(ended_id);
            ELSE
                behind := behind || jsonb_build_object(wanted.id, holder.id);
            END IF;
        END LOOP;

        WITH added AS (
            INSERT INTO rekkrd.jobs (
                id, kind, lane, queue, user_id, args, unique_key, awaited_key, follows, priority, takes_token,
                speaks_for_user, created_at, due_at
            )
            SELECT
                n.id, n.kind, n.lane, n.lane, n.user_id, n.args,
                CASE WHEN behind ? n.id::text THEN NULL ELSE n.unique_key END,
                CASE WHEN behind ? n.id::text THEN n.unique_key END,
                (behind ->> n.id::text)::uuid,
                n.priority, n.takes_token, n.speaks_for_user,
                asked_at + n.place * interval '1 microsecond',
                greatest(n.run_at, asked_at + n.place * interval '1 microsecond')
            FROM jsonb_to_recordset(new_jobs) AS n (
                place integer, id uuid, kind text, lane text, user_id uuid, args jsonb, unique_key text,
                priority smallint, takes_token boolean, speaks_for_user boolean, run_at timestamptz
            )
            WHERE NOT EXISTS (SELECT FROM rekkrd.jobs AS j WHERE j.id = n.id)
            -- Two sessions that add the same jobs in different orders would deadlock.
            ORDER BY n.user_id, n.unique_key, n.place
            -- Conflicts: a live job has the key, or another request stands behind the same job.
            ON CONFLICT DO NOTHING
            RETURNING id, user_id
        )

        INSERT INTO public.discogs_import_jobs (id, user_id)
        SELECT a.id, a.user_id
        FROM jsonb_to_recordset(new_jobs) AS n (id uuid, has_import_row boolean)
        INNER JOIN added AS a ON a.id = n.id
        WHERE n.has_import_row;

        -- Again for a key whose live job ended between the two statements, and for a job whose place was taken.
        SELECT array_agg(n.id) INTO unresolved
        FROM jsonb_to_recordset(new_jobs) AS n (id uuid, user_id uuid, unique_key text)
        LEFT JOIN LATERAL (
            SELECT j.id
            FROM rekkrd.jobs AS j
            WHERE
                j.user_id = n.user_id AND j.unique_key = n.unique_key
                AND j.state IN ('pending', 'running', 'retrying')
            LIMIT 1
        ) AS live ON true
        WHERE
            NOT EXISTS (SELECT FROM rekkrd.jobs AS j WHERE j.id = n.id)
            AND (live.id IS NULL OR behind ? n.id::text);
        EXIT WHEN unresolved IS NULL;
    END LOOP;

    -- A live job that waits for a later time and has not begun takes the time and arguments of this request. A user's
    -- request for now also ends a back-off; checkpoint and arguments stay. One failed attempt stays counted, because
    -- an interrupted step must check first what it had sent.
    WITH asked AS (
        SELECT DISTINCT ON (n.user_id, n.unique_key)
            n.user_id, n.unique_key, n.args, n.priority,
            greatest(n.run_at, asked_at) AS due_at,
            n.is_request AND coalesce(n.run_at <= asked_at, true) AS ends_backoff
        FROM jsonb_to_recordset(new_jobs) AS n (
            place integer, id uuid, user_id uuid, unique_key text, args jsonb, priority smallint, run_at timestamptz,
            is_request boolean
        )
        WHERE n.unique_key IS NOT NULL AND NOT EXISTS (SELECT FROM rekkrd.jobs AS mine WHERE mine.id = n.id)
        ORDER BY n.user_id, n.unique_key, n.run_at NULLS FIRST, n.place
    ),

    later AS (
        SELECT live.id, asked.args, asked.priority, asked.due_at
        FROM asked
        CROSS JOIN LATERAL (
            SELECT j.id
            FROM rekkrd.jobs AS j
            WHERE
                j.user_id = asked.user_id AND j.unique_key = asked.unique_key
                AND j.state IN ('pending', 'running', 'retrying')
                AND j.due_at > asked.due_at
                AND (
                    (j.state = 'pending' AND j.steps = 0 AND j.waits_for IS NULL)
                    OR (j.state = 'retrying' AND asked.ends_backoff)
                )
            FOR NO KEY UPDATE
        ) AS live
    ),

    sooner AS (
        UPDATE rekkrd.jobs AS live
        SET
            due_at = later.due_at,
            args = CASE live.state WHEN 'pending' THEN later.args ELSE live.args END,
            priority = greatest(live.priority, later.priority),
            attempts = least(live.attempts, 1)
        FROM later
        -- The array: a join alone may read all of jobs and look for each in the list.
        WHERE live.id = ANY(ARRAY(SELECT one.id FROM later AS one)) AND live.id = later.id
        RETURNING live.lane
    )

    SELECT array_agg(DISTINCT sooner.lane) INTO brought_forward FROM sooner;

    PERFORM pg_notify('rekkrd_line', woken.lane)
    FROM (
        SELECT n.lane
        FROM jsonb_to_recordset(new_jobs) AS n (id uuid, lane text)
        WHERE EXISTS (SELECT FROM rekkrd.jobs AS j WHERE j.id = n.id)
        UNION
        SELECT unnest(brought_forward)
    ) AS woken;

    RETURN QUERY
    SELECT
        n.place,
        own.id IS NOT NULL,
        CASE WHEN own.id IS NOT NULL THEN (instead_of ->> n.id::text)::uuid END,
        coalesce(own.mine, other.live)
    FROM jsonb_to_recordset(new_jobs) AS n (place integer, id uuid, user_id uuid, unique_key text)
    LEFT JOIN LATERAL (SELECT j.id, j FROM rekkrd.jobs AS j WHERE j.id = n.id) AS own (id, mine) ON true
    LEFT JOIN LATERAL (
        SELECT j
        FROM rekkrd.jobs AS j
        WHERE
            own.id IS NULL AND j.user_id = n.user_id AND j.unique_key = n.unique_key
            AND j.state IN ('pending', 'running', 'retrying')
        LIMIT 1
    ) AS other (live) ON true
    ORDER BY n.place;
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.album_defaults()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
DECLARE
    one record;
    given jsonb;
    defaults jsonb := '{}';
BEGIN
    FOR one IN
        SELECT a.attname AS name, pg_get_expr(d.adbin, d.adrelid) AS expression
        FROM pg_attrdef AS d
        INNER JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        -- A constant says the same each time; a sequence would be moved by asking.
        WHERE d.adrelid = 'public.albums'::regclass AND NOT a.attisdropped AND d.adbin::text LIKE '{CONST %'
    LOOP
        EXECUTE 'SELECT to_jsonb(' || one.expression || ')' INTO given;
        defaults := defaults || jsonb_build_object(one.name, given);
    END LOOP;
    RETURN defaults;
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.albums_in_use(album_ids uuid[])
 RETURNS uuid[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
DECLARE
    one record;
    found uuid [];
    used uuid [] := '{}';
BEGIN
    FOR one IN
        SELECT n.nspname AS schema_name, c.relname AS table_name, a.attname AS column_name
        FROM pg_constraint AS k
        INNER JOIN pg_class AS c ON c.oid = k.conrelid
        INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        INNER JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        WHERE
            k.contype = 'f' AND k.confrelid = 'public.albums'::regclass AND cardinality(k.conkey) = 1
            AND n.nspname <> 'rekkrd' AND c.relname <> 'discogs_sync_log'
    LOOP
        EXECUTE format(
            'SELECT array_agg(DISTINCT %I) FROM %I.%I WHERE %I = ANY($1)',
            one.column_name, one.schema_name, one.table_name, one.column_name
        ) INTO found USING album_ids;
        used := used || coalesce(found, '{}');
    END LOOP;
    RETURN used;
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.alert_stretch()
 RETURNS double precision
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
    -- All alerted prices wait equally long beside their own intervals, so the longest wait tells the real interval.
    SELECT 1 + greatest(
        0,
        coalesce(max((extract(EPOCH FROM now() - f.due_at) / extract(EPOCH FROM f.every))::float8), 0)
    )
    FROM (
        SELECT
            p.every,
            min(p.due_at) AS due_at
        FROM rekkrd.prices AS p
        WHERE p.is_alerted
        GROUP BY p.every
    ) AS f;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.announce(job_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
    PERFORM rekkrd.announce_many(ARRAY[job_id]);
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.announce_many(job_ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
DECLARE
    follower record;
BEGIN
    UPDATE public.discogs_import_jobs AS i
    SET
        status = CASE j.state WHEN 'retrying' THEN 'running' ELSE j.state END,
        total_records = j.total_records,
        processed_records = j.processed_records,
        skipped_records = j.skipped_records,
        current_page = coalesce((j.checkpoint ->> 'current_page')::integer, 0),
        error = j.error,
        started_at = j.started_at,
        completed_at = j.finished_at
    FROM rekkrd.jobs AS j
    WHERE j.id = ANY(job_ids) AND i.id = ANY(job_ids) AND i.id = j.id;

    -- Not the ones that another session has: it may be an application that replaces them, and the worker that ends a
    -- step must not wait for its commit. release_followers enqueues them later, also those whose key is taken.
    FOR follower IN
        SELECT f.id, f.lane
        FROM rekkrd.jobs AS f
        WHERE
            f.follows = ANY(job_ids) AND f.state = 'pending'
            AND EXISTS (SELECT FROM rekkrd.jobs AS j WHERE j.id = f.follows AND j.finished_at IS NOT NULL)
            AND NOT EXISTS (
                SELECT FROM rekkrd.jobs AS o
                WHERE
                    o.user_id = f.user_id AND o.unique_key = f.awaited_key
                    AND o.state IN ('pending', 'running', 'retrying')
            )
        FOR NO KEY UPDATE OF f SKIP LOCKED
    LOOP
        UPDATE rekkrd.jobs AS f
        SET follows = NULL, unique_key = f.awaited_key, awaited_key = NULL
        WHERE f.id = follower.id;
        PERFORM pg_notify('rekkrd_line', follower.lane);
    END LOOP;

    -- Applications get no webhook for jobs without a user.
    INSERT INTO rekkrd.deliveries (job_id, event, ended_at, body)
    SELECT
        j.id,
        'job.' || j.state,
        j.finished_at,
        json_build_object(
            'type', 'job.' || j.state,
            'timestamp', to_char(j.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'data', json_build_object(
                'id', j.id,
                'kind', j.kind,
                'user_id', j.user_id,
                'state', j.state,
                'outcome', j.outcome,
                'error_class', j.error_class,
                'error', j.error,
                'total_records', j.total_records,
                'processed_records', j.processed_records,
                'requests', j.requests,
                'created_at', to_char(j.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
            )
        )::text
    FROM rekkrd.jobs AS j
    WHERE
        j.id = ANY(job_ids) AND j.finished_at IS NOT NULL
        AND j.user_id <> '00000000-0000-0000-0000-000000000000' AND EXISTS (SELECT 1 FROM rekkrd.hooks)
    ON CONFLICT (job_id, ended_at) DO NOTHING;

    PERFORM pg_notify('rekkrd_job', j.id::text) FROM rekkrd.jobs AS j WHERE j.id = ANY(job_ids);
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.artist_key(artist text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN rekkrd.title_key(regexp_replace(artist, '[ \t\n\r\u00a0\u2009\u202f]+\([0-9]+\)[ \t\n\r\u00a0\u2009\u202f]*$'::text, ''::text));

CREATE OR REPLACE FUNCTION rekkrd.better_offers(owner uuid, unit text, wanted bigint)
 RETURNS TABLE(listing_id bigint, release_id bigint, seller text, media text, sleeve text, price numeric, currency text, own_price numeric, rate numeric, rate_as_of timestamp with time zone, ships_from text, posted_at timestamp with time zone, fetched_at timestamp with time zone, artist text, title text, owned_grade text, is_assumed boolean, worth numeric, worth_at timestamp with time zone, saving numeric)
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
WITH ladder (grade, place) AS (
    VALUES ('M', 1), ('NM', 2), ('VG+', 3), ('VG', 4), ('G+', 5), ('G', 6), ('F', 7), ('P', 8)
),

owned AS (
    SELECT DISTINCT ON (a.discogs_release_id)
        a.discogs_release_id AS release_id,
        a.artist,
        a.title,
        coalesce(g.grade, 'VG') AS grade,
        g.grade IS NULL AS is_assumed,
        coalesce(g.place, 4) AS place
    FROM public.albums AS a
    LEFT JOIN ladder AS g ON g.grade = a.media_condition
    WHERE
        a.user_id = owner AND a.discogs_release_id IS NOT NULL
        AND (wanted IS NULL OR a.discogs_release_id = wanted)
    ORDER BY a.discogs_release_id, coalesce(g.place, 4), g.grade IS NULL, a.id
),

offers AS (
    SELECT
        l.*,
        s.name,
        coalesce(o.artist, r.artist, '') AS artist,
        coalesce(o.title, r.title, '') AS title,
        o.grade,
        o.is_assumed,
        mine.per_dollar / theirs.per_dollar AS rate,
        least(mine.as_of, theirs.as_of) AS rate_as_of,
        round(l.price * (mine.per_dollar / theirs.per_dollar), 2) AS own_price,
        round((c.price_data -> l.media ->> 'value')::numeric * (mine.per_dollar / told.per_dollar), 2) AS worth,
        p.fetched_at AS worth_at
    FROM owned AS o
    INNER JOIN rekkrd.listings AS l ON l.release_id = o.release_id
    INNER JOIN rekkrd.watched_sellers AS w ON w.seller = l.seller AND w.user_id = owner
    INNER JOIN rekkrd.sellers AS s ON s.seller = l.seller
    INNER JOIN ladder AS b ON b.grade = l.media AND b.place < o.place
    LEFT JOIN rekkrd.releases AS r ON r.release_id = o.release_id
    LEFT JOIN public.discogs_price_cache AS c ON c.discogs_release_id = o.release_id
    LEFT JOIN rekkrd.prices AS p ON p.release_id = o.release_id AND p.what = 'suggestions'
    LEFT JOIN rekkrd.rates_now AS mine ON mine.currency = unit
    LEFT JOIN rekkrd.rates_now AS theirs ON theirs.currency = l.currency
    LEFT JOIN rekkrd.rates_now AS told ON told.currency = c.price_data -> l.media ->> 'currency'
)

SELECT
    f.listing_id,
    f.release_id,
    f.name AS seller,
    f.media,
    f.sleeve,
    f.price,
    f.currency,
    f.own_price,
    f.rate,
    f.rate_as_of,
    f.ships_from,
    f.posted_at,
    f.fetched_at,
    f.artist,
    f.title,
    f.grade AS owned_grade,
    f.is_assumed,
    f.worth,
    f.worth_at,
    f.worth - f.own_price AS saving
FROM offers AS f
$function$;

CREATE OR REPLACE FUNCTION rekkrd.cancel(job_id uuid)
 RETURNS SETOF rekkrd.jobs
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
    RETURN QUERY SELECT * FROM rekkrd.cancel_many(ARRAY[job_id]);
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.cancel_many(job_ids uuid[])
 RETURNS SETOF rekkrd.jobs
 LANGUAGE plpgsql
 SET search_path TO ''
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
DECLARE
    cancelled uuid[];
    replaced CONSTANT uuid[] := ARRAY(
        SELECT j.follows
        FROM rekkrd.jobs AS j
        WHERE j.id = ANY(job_ids) AND j.follows IS NOT NULL AND j.state = 'pending'
    );
BEGIN
    -- In one order, so that two sessions never deadlock: a job that waits to replace another one comes after it.
    PERFORM 1
    FROM rekkrd.jobs AS j
    WHERE j.id = ANY(job_ids || replaced) AND j.state IN ('pending', 'running', 'retrying')
    ORDER BY j.follows IS NOT NULL, j.id
    FOR NO KEY UPDATE;

    -- The job that was to be replaced ends all the same: until now only the waiting job said so.
    UPDATE rekkrd.jobs AS j
    SET cancel_requested_at = coalesce(j.cancel_requested_at, now())
    WHERE j.id = ANY(replaced) AND j.state IN ('pending', 'running', 'retrying');

    WITH ended AS (
        UPDATE rekkrd.jobs AS j
        SET
            state = CASE WHEN j.leased_until IS NULL THEN 'cancelled' ELSE j.state END,
            finished_at = CASE WHEN j.leased_until IS NULL THEN now() END,
            cancel_requested_at = coalesce(j.cancel_requested_at, now()),
            called_until = NULL,
            waits_for = NULL,
            follows = NULL,
            unique_key = coalesce(j.unique_key, j.awaited_key),
            awaited_key = NULL
        WHERE j.id = ANY(job_ids) AND j.state IN ('pending', 'running', 'retrying')
        RETURNING j.id
    )

    SELECT array_agg(ended.id) INTO cancelled FROM ended;

    PERFORM rekkrd.announce_many(cancelled);
    RETURN QUERY SELECT * FROM rekkrd.jobs AS j WHERE j.id = ANY(cancelled);
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.end_replaced(job_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
BEGIN
    UPDATE rekkrd.jobs AS j
    SET
        state = 'cancelled',
        finished_at = now(),
        cancel_requested_at = coalesce(j.cancel_requested_at, now()),
        called_until = NULL,
        waits_for = NULL,
        outcome = 'Replaced by a newer request.',
        follows = NULL,
        unique_key = coalesce(j.unique_key, j.awaited_key),
        awaited_key = NULL
    WHERE j.id = end_replaced.job_id AND j.leased_until IS NULL AND j.finished_at IS NULL;
    PERFORM rekkrd.announce(end_replaced.job_id);
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.enqueue(kind text, user_id uuid, arguments jsonb DEFAULT '{}'::jsonb, run_at timestamp with time zone DEFAULT NULL::timestamp with time zone, priority integer DEFAULT 0, if_live text DEFAULT 'return'::text)
 RETURNS TABLE(job_id uuid, is_new boolean, state text, replaced uuid)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
    SELECT e.job_id, e.is_new, e.state, e.replaced
    FROM rekkrd.enqueue_jobs(
        jsonb_build_array(
            jsonb_build_object(
                'kind', enqueue.kind,
                'user_id', enqueue.user_id,
                'arguments', enqueue.arguments,
                'run_at', enqueue.run_at,
                'priority', enqueue.priority,
                'if_live', enqueue.if_live
            )
        ),
        'request'
    ) AS e;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.enqueue_jobs(jobs jsonb, origin text)
 RETURNS TABLE(place integer, job_id uuid, is_new boolean, state text, replaced uuid)
 LANGUAGE plpgsql
 SET search_path TO ''
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
#variable_conflict use_column
DECLARE
    refused jsonb;
    left_out integer[];
    new_jobs jsonb;
BEGIN
    IF jsonb_typeof(jobs) IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'jobs must be an array of objects, not %', coalesce(jsonb_typeof(jobs), 'null')
            USING ERRCODE = 'RK005';
    END IF;
    -- Our own automatic jobs leave out users who disconnected, or whose sync was paused, in the meantime.
    SELECT
        jsonb_agg(to_jsonb(r) ORDER BY r.place) FILTER (WHERE NOT r.is_left_out),
        array_agg(r.place) FILTER (WHERE r.is_left_out)
    INTO refused, left_out
    FROM (
        SELECT one.*, origin = 'automatic' AND one.code IN ('RK003', 'RK004', 'RK006') AS is_left_out
        FROM rekkrd.refused_jobs(jobs, origin) AS one
    ) AS r;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = refused -> 0 ->> 'code',
            HINT = refused -> 0 ->> 'hint',
            MESSAGE = CASE
                WHEN jsonb_array_length(jobs) = 1 THEN refused -> 0 ->> 'message'
                ELSE (
                    SELECT
                        string_agg(
                            format('jobs.%s: %s', one.r ->> 'place', one.r ->> 'message'), '; ' ORDER BY one.nth
                        )
                    FROM jsonb_array_elements(refused) WITH ORDINALITY AS one (r, nth)
                    WHERE one.nth <= 20
                ) || CASE
                    WHEN jsonb_array_length(refused) > 20
                    THEN format('; and %s more', jsonb_array_length(refused) - 20)
                    ELSE ''
                END
            END;
    END IF;

    SELECT
        jsonb_agg(
            jsonb_build_object(
                'place', asked.nth - 1,
                'id', gen_random_uuid(),
                'kind', k.kind,
                'lane', k.lane,
                'user_id', coalesce(asked.job ->> 'user_id', '00000000-0000-0000-0000-000000000000'),
                'args', coalesce(asked.job -> 'arguments', '{}'),
                'unique_key', k.unique_key,
                'priority', coalesce(asked.job -> 'priority', '0'),
                'takes_token', k.takes_token,
                'speaks_for_user', k.speaks_for_user,
                'has_import_row', k.has_import_row,
                'run_at', asked.job -> 'run_at',
                'if_live', coalesce(asked.job ->> 'if_live', 'return'),
                'is_request', origin = 'request'
            )
            ORDER BY asked.nth
        ) INTO new_jobs
    FROM jsonb_array_elements(jobs) WITH ORDINALITY AS asked (job, nth)
    CROSS JOIN LATERAL (SELECT * FROM rekkrd.kinds AS known WHERE known.kind = asked.job ->> 'kind') AS k
    WHERE left_out IS NULL OR asked.nth - 1 <> ALL(left_out);
    IF new_jobs IS NULL THEN
        RETURN;
    END IF;

    RETURN QUERY
    SELECT added.place, (added.job).id, added.is_new, (added.job).state, added.replaced
    FROM rekkrd.add_jobs(new_jobs) AS added;
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.enqueue_many(jobs jsonb)
 RETURNS TABLE(place integer, job_id uuid, is_new boolean, state text, replaced uuid)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
    SELECT e.place, e.job_id, e.is_new, e.state, e.replaced
    FROM rekkrd.enqueue_jobs(enqueue_many.jobs, 'request') AS e
    ORDER BY e.place;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.hold_turns(lanes text[], user_ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
DECLARE
    missing integer;
BEGIN
    LOOP
        INSERT INTO rekkrd.turns AS t (lane, user_id, turn)
        SELECT l.lane, g.user_id, l.turn
        FROM unnest(lanes, user_ids) AS g (lane, user_id)
        INNER JOIN rekkrd.lanes AS l ON l.lane = g.lane
        ORDER BY l.lane, g.user_id
        ON CONFLICT (lane, user_id) DO NOTHING;

        -- KEY SHARE: dispatching a step of the user, which only moves the turn, does not wait for it.
        PERFORM 1
        FROM (
            SELECT DISTINCT g.lane, g.user_id
            FROM unnest(lanes, user_ids) AS g (lane, user_id)
            ORDER BY g.lane, g.user_id
        ) AS g
        CROSS JOIN LATERAL (
            SELECT t.lane
            FROM rekkrd.turns AS t
            WHERE t.lane = g.lane AND t.user_id = g.user_id
            FOR KEY SHARE
        ) AS held;

        -- Maintenance may have removed one between the two statements.
        SELECT count(*) INTO missing
        FROM unnest(lanes, user_ids) AS g (lane, user_id)
        WHERE
            EXISTS (SELECT FROM rekkrd.lanes AS l WHERE l.lane = g.lane)
            AND NOT EXISTS (SELECT FROM rekkrd.turns AS t WHERE t.lane = g.lane AND t.user_id = g.user_id);
        EXIT WHEN missing = 0;
    END LOOP;
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.is_ending(job rekkrd.jobs)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
AS $function$
    SELECT job.cancel_requested_at IS NOT NULL OR EXISTS (
        SELECT FROM rekkrd.jobs AS f WHERE f.follows = job.id AND f.state = 'pending'
    );
$function$;

CREATE OR REPLACE FUNCTION rekkrd.is_printable(given text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
RETURN (given !~ '[\u0001-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]'::text);

CREATE OR REPLACE FUNCTION rekkrd.misfit(given jsonb, wanted jsonb, root jsonb, place text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
DECLARE
    found CONSTANT text := jsonb_typeof(given);
    called CONSTANT text := CASE WHEN place = '' THEN 'arguments' ELSE place END;
    kind jsonb;
    said text;
    first_said text;
    key text;
    value jsonb;
BEGIN
    IF wanted ? '$ref' THEN
        RETURN rekkrd.misfit(given, root #> (string_to_array(wanted ->> '$ref', '/'))[2:], root, place);
    END IF;
    IF wanted ? 'anyOf' THEN
        FOR kind IN SELECT jsonb_array_elements(wanted -> 'anyOf') LOOP
            said := rekkrd.misfit(given, kind, root, place);
            IF said IS NULL THEN
                RETURN NULL;
            END IF;
            first_said := coalesce(first_said, said);
        END LOOP;
        RETURN first_said;
    END IF;
    IF wanted ? 'type' AND NOT (
        wanted ->> 'type' = found
        OR (wanted ->> 'type' = 'integer' AND found = 'number' AND given::numeric % 1 = 0)
    ) THEN
        RETURN format('%s must be of type %s, not %s', called, wanted ->> 'type', found);
    END IF;
    IF (wanted ? 'enum' AND NOT wanted -> 'enum' @> jsonb_build_array(given))
        OR (wanted ? 'const' AND wanted -> 'const' <> given) THEN
        RETURN format('%s must be %s', called, coalesce(wanted ->> 'const', 'one of ' || (wanted ->> 'enum')));
    END IF;
    CASE found
        WHEN 'number' THEN
            IF given::numeric < (wanted ->> 'minimum')::numeric
                OR given::numeric <= (wanted ->> 'exclusiveMinimum')::numeric THEN
                RETURN format('%s is too small', called);
            ELSIF given::numeric > (wanted ->> 'maximum')::numeric
                OR given::numeric >= (wanted ->> 'exclusiveMaximum')::numeric THEN
                RETURN format('%s is too large', called);
            END IF;
        WHEN 'string' THEN
            IF length(given #>> '{}') < (wanted ->> 'minLength')::integer THEN
                RETURN format('%s is too short', called);
            ELSIF length(given #>> '{}') > (wanted ->> 'maxLength')::integer THEN
                RETURN format('%s is too long', called);
            ELSIF given #>> '{}' !~ (wanted ->> 'pattern')
                OR (
                    wanted ->> 'format' = 'uuid'
                    AND given #>> '{}' !~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
                ) THEN
                RETURN format('%s does not look as it should', called);
            END IF;
        WHEN 'array' THEN
            IF jsonb_array_length(given) < (wanted ->> 'minItems')::integer THEN
                RETURN format('%s has too few items', called);
            ELSIF jsonb_array_length(given) > (wanted ->> 'maxItems')::integer THEN
                RETURN format('%s has too many items', called);
            END IF;
            FOR key, value IN
                SELECT (e.nth - 1)::text, e.one FROM jsonb_array_elements(given) WITH ORDINALITY AS e (one, nth)
            LOOP
                said := rekkrd.misfit(
                    value, coalesce(wanted -> 'items', '{}'), root, concat_ws('.', nullif(place, ''), key)
                );
                IF said IS NOT NULL THEN
                    RETURN said;
                END IF;
            END LOOP;
        WHEN 'object' THEN
            FOR key IN SELECT jsonb_array_elements_text(coalesce(wanted -> 'required', '[]')) LOOP
                IF NOT given ? key THEN
                    RETURN format('%s is missing', concat_ws('.', nullif(place, ''), key));
                END IF;
            END LOOP;
            FOR key, value IN SELECT * FROM jsonb_each(given) LOOP
                IF wanted -> 'properties' ? key THEN
                    said := rekkrd.misfit(
                        value, wanted -> 'properties' -> key, root, concat_ws('.', nullif(place, ''), key)
                    );
                ELSIF wanted -> 'additionalProperties' = 'false' THEN
                    said := format('%s is not known', concat_ws('.', nullif(place, ''), key));
                END IF;
                IF said IS NOT NULL THEN
                    RETURN said;
                END IF;
            END LOOP;
        ELSE
    END CASE;
    RETURN NULL;
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.note_touched()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION rekkrd.own_fields_moved(agreed jsonb, theirs jsonb)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ SELECT EXISTS (
    SELECT FROM (
        SELECT jsonb_object_keys(agreed) AS name
        UNION ALL
        SELECT 'field_' || (said ->> 'field_id') FROM jsonb_array_elements(theirs) AS said
        WHERE (said ->> 'field_id')::bigint > 3
    ) AS named
    WHERE starts_with(name, 'field_')
        AND coalesce(
            (
                SELECT max(said ->> 'value') FROM jsonb_array_elements(theirs) AS said
                WHERE 'field_' || (said ->> 'field_id') = name
            ),
            ''
        ) <> coalesce(agreed ->> name, '')
) $function$;

CREATE OR REPLACE FUNCTION rekkrd.own_fields_wait(agreed jsonb, ours jsonb, theirs jsonb)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ SELECT EXISTS (
    SELECT FROM jsonb_object_keys(agreed || coalesce(ours, '{}')) AS name
    WHERE starts_with(name, 'field_')
        AND coalesce(ours ->> name, '') <> coalesce(agreed ->> name, '')
        AND coalesce(
            (
                SELECT max(said ->> 'value') FROM jsonb_array_elements(theirs) AS said
                WHERE 'field_' || (said ->> 'field_id') = name
            ),
            ''
        ) = coalesce(agreed ->> name, '')
) $function$;

CREATE OR REPLACE FUNCTION rekkrd.refusal_of_run_at(run_at text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
BEGIN
    IF run_at IS NULL THEN
        RETURN NULL;
    ELSIF run_at !~ '^\d{4,}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d(:\d\d)?)?)$' THEN
        RETURN 'run_at must be a time in ISO 8601 with a time zone';
    ELSIF run_at::timestamptz > now() + interval '366 days' THEN
        RETURN 'run_at must not be more than a year ahead';
    END IF;
    RETURN NULL;
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format OR invalid_time_zone_displacement_value THEN
    RETURN 'run_at must be a time in ISO 8601 with a time zone';
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.refused_jobs(jobs jsonb, origin text)
 RETURNS TABLE(place integer, code text, message text, hint text)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
#variable_conflict use_column
DECLARE
    known_kinds CONSTANT text := coalesce(
        (
            SELECT string_agg(k.kind, ', ' ORDER BY k.kind)
            FROM rekkrd.kinds AS k
            WHERE k.speaks_for_user OR origin <> 'request'
        ),
        'none; run `rekkrd migrate`'
    );
BEGIN
    RETURN QUERY
    SELECT (checked.nth - 1)::integer, wrong.code, wrong.message, wrong.hint
    FROM (
        SELECT
            asked.nth,
            CASE jsonb_typeof(asked.job) WHEN 'object' THEN asked.job END AS job,
            k.kind,
            k.speaks_for_user,
            coalesce(asked.job -> 'arguments', '{}') AS given,
            k.arguments AS wanted,
            CASE
                WHEN asked.job ->> 'user_id' ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
                THEN (asked.job ->> 'user_id')::uuid
            END AS user_id,
            asked.job -> 'priority' AS priority,
            asked.job ->> 'run_at' AS run_at,
            asked.job -> 'if_live' AS if_live
        FROM jsonb_array_elements(jobs) WITH ORDINALITY AS asked (job, nth)
        LEFT JOIN LATERAL (
            SELECT *
            FROM rekkrd.kinds AS known
            WHERE known.kind = asked.job ->> 'kind' AND (known.speaks_for_user OR origin <> 'request')
        ) AS k ON true
    ) AS checked
    CROSS JOIN LATERAL (
        SELECT 'RK005' AS code, 'a job must be an object' AS message, 'Its keys are those of rekkrd.enqueue.' AS hint
        WHERE checked.job IS NULL
        UNION ALL
        SELECT
            'RK005',
            format('%s is not known', key.name),
            'Keys are kind, user_id, arguments, run_at, priority and if_live.'
        FROM jsonb_object_keys(checked.job) AS key (name)
        WHERE key.name NOT IN ('kind', 'user_id', 'arguments', 'run_at', 'priority', 'if_live')
        UNION ALL
        SELECT
            'RK001',
            'There is no such kind of job: ' || coalesce(checked.job ->> 'kind', 'NULL'),
            'There are: ' || known_kinds
        WHERE checked.kind IS NULL
        UNION ALL
        SELECT
            'RK002',
            format('The arguments of %s do not fit: %s', checked.kind, fits.why),
            'The table rekkrd.kinds has the JSON Schema of the arguments.'
        FROM (SELECT rekkrd.misfit(checked.given, checked.wanted, checked.wanted, '') AS why) AS fits
        WHERE fits.why IS NOT NULL
        UNION ALL
        SELECT
            'RK003',
            'There is no user ' || coalesce(checked.job ->> 'user_id', 'NULL'),
            'The view rekkrd.users lists all users.'
        WHERE
            (checked.speaks_for_user OR checked.job ->> 'user_id' IS NOT NULL)
            AND NOT EXISTS (SELECT FROM rekkrd.users AS u WHERE u.id = checked.user_id)
        UNION ALL
        SELECT 'RK004', connection.message, connection.hint
        FROM (
            SELECT
                CASE coalesce((SELECT l.state FROM rekkrd.links AS l WHERE l.user_id = checked.user_id), 'disconnected')
                    WHEN 'disconnected' THEN format('The user %s has no Discogs account connected', checked.user_id)
                    WHEN 'needs_reconnect'
                    THEN format('Discogs no longer accepts the token of the user %s', checked.user_id)
                END AS message,
                'Connect the account, then try again.' AS hint
            WHERE checked.speaks_for_user
        ) AS connection
        WHERE connection.message IS NOT NULL
        UNION ALL
        SELECT
            'RK006',
            format('The sync of user %s is paused, because a sync was undone', checked.user_id),
            'Choose how to go on: POST /api/discogs/sync/resume, or `rekkrd sync resume`.'
        FROM rekkrd.links AS l
        WHERE
            l.user_id = checked.user_id AND l.paused_reason IS NOT NULL
            AND checked.kind IN (
                'import_collection', 'import_wantlist', 'refresh_collection', 'push_collection', 'push_wantlist'
            )
        UNION ALL
        SELECT 'RK005', 'if_live must be return or replace', 'Leave it out for return.'
        WHERE checked.if_live NOT IN ('"return"', '"replace"')
        UNION ALL
        SELECT 'RK005', 'priority must be an integer from -100 to 100', 'Leave it out for 0.'
        WHERE
            CASE jsonb_typeof(checked.priority)
                WHEN 'number'
                THEN checked.priority::numeric NOT BETWEEN -100 AND 100 OR checked.priority::numeric % 1 <> 0
                ELSE checked.priority IS NOT NULL
            END
        UNION ALL
        SELECT 'RK005', refusal.message, 'Leave it out to start the job at once.'
        FROM (SELECT rekkrd.refusal_of_run_at(checked.run_at) AS message) AS refusal
        WHERE refusal.message IS NOT NULL
        LIMIT 1
    ) AS wrong
    ORDER BY checked.nth;
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.release_followers()
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
DECLARE
    pair record;
    holder_id uuid;
    released integer := 0;
BEGIN
    FOR pair IN
        SELECT f.id, f.user_id, f.awaited_key, h.id AS old_id, h.finished_at IS NULL AS is_live
        FROM rekkrd.jobs AS f
        CROSS JOIN LATERAL (
            SELECT j.id, j.finished_at
            FROM rekkrd.jobs AS j
            WHERE j.id = f.follows AND j.leased_until IS NULL
            FOR NO KEY UPDATE SKIP LOCKED
        ) AS h
        WHERE f.follows IS NOT NULL AND f.state = 'pending'
        ORDER BY f.id
        FOR NO KEY UPDATE OF f SKIP LOCKED
    LOOP
        released := released + 1;
        IF pair.is_live THEN
            PERFORM rekkrd.end_replaced(pair.old_id);
            CONTINUE;
        END IF;
        SELECT j.id INTO holder_id
        FROM rekkrd.jobs AS j
        WHERE
            j.user_id = pair.user_id AND j.unique_key = pair.awaited_key
            AND j.state IN ('pending', 'running', 'retrying');
        IF NOT FOUND THEN
            PERFORM rekkrd.announce(pair.old_id);
        ELSIF EXISTS (SELECT FROM rekkrd.jobs AS f WHERE f.follows = holder_id AND f.state = 'pending') THEN
            PERFORM rekkrd.end_replaced(pair.id);
        ELSE
            UPDATE rekkrd.jobs SET follows = holder_id WHERE id = pair.id;
        END IF;
    END LOOP;
    RETURN released;
END;
$function$;

CREATE OR REPLACE FUNCTION rekkrd.shown_fields(copy rekkrd.instances, release rekkrd.releases)
 RETURNS jsonb
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION rekkrd.title_key(title text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN COALESCE(NULLIF(regexp_replace(replace(regexp_replace(lower(NORMALIZE(title)), '^[ \t\n\r\u00a0\u2009\u202f]*the[ \t\n\r\u00a0\u2009\u202f]+'::text, ''::text), '&'::text, 'and'::text), '[]!"#$%''()*+,./:;<=>?@[\\^_`{|}~\u00a1\u00b4\u00b7\u00bf\u2010\u2011\u2012\u2013\u2014\u2018\u2019\u201c\u201d\u2026 \t\n\r\u00a0\u2009\u202f-]'::text, ''::text, 'g'::text), ''::text), regexp_replace(lower(NORMALIZE(title)), '^[ \t\n\r\u00a0\u2009\u202f]+|[ \t\n\r\u00a0\u2009\u202f]+$'::text, ''::text, 'g'::text));

CREATE OR REPLACE FUNCTION rekkrd.waits_to_go_out(agreed jsonb, album public.albums, copy rekkrd.instances)
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ SELECT CASE
    WHEN album.id IS NULL
        THEN copy.media_condition IS NOT DISTINCT FROM agreed ->> 'media_condition'
            AND copy.sleeve_condition IS NOT DISTINCT FROM agreed ->> 'sleeve_condition'
            AND copy.folder_id IS NOT DISTINCT FROM (agreed ->> 'discogs_folder_id')::bigint
            AND copy.rating = coalesce((agreed ->> 'discogs_rating')::smallint, 0)
            AND coalesce(copy.notes, '') = coalesce(agreed ->> 'discogs_notes', '')
            AND NOT rekkrd.own_fields_moved(agreed, copy.fields)
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
        OR (
            agreed ? 'discogs_rating'
            AND coalesce(album.discogs_rating, 0) <> coalesce((agreed ->> 'discogs_rating')::smallint, 0)
            AND copy.rating = coalesce((agreed ->> 'discogs_rating')::smallint, 0)
        )
        OR (
            coalesce(album.discogs_fields, '{}') <> jsonb_strip_nulls(
                agreed - '{
                    artist, title, year, discogs_release_id, discogs_master_id, media_condition, sleeve_condition,
                    discogs_folder_id, discogs_notes, discogs_date_added, catalog_number, discogs_rating
                }'::text []
            )
            AND rekkrd.own_fields_wait(agreed, album.discogs_fields, copy.fields)
        )
END $function$;

CREATE OR REPLACE FUNCTION rekkrd.wants_going_out(of_user uuid)
 RETURNS TABLE(release_id bigint, is_here boolean, is_there boolean, agreed jsonb, want_notes text, want_rating smallint, their_notes text, their_rating smallint, looked_at timestamp with time zone)
 LANGUAGE sql
 STABLE
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION rekkrd.worth_of(owner uuid, unit text)
 RETURNS TABLE(album_id uuid, release_id bigint, artist text, title text, year integer, genre text, label text, grade text, is_assumed boolean, price numeric, price_currency text, rate numeric, low numeric, median numeric, high numeric, priced_at timestamp with time zone, lack text)
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
WITH ladder (grade, better, worse) AS (
    VALUES
    ('M', 'M', 'NM'), ('NM', 'M', 'VG+'), ('VG+', 'NM', 'VG'), ('VG', 'VG+', 'G+'),
    ('G+', 'VG', 'G'), ('G', 'G+', 'F'), ('F', 'G', 'P'), ('P', 'F', 'P')
),

copies AS (
    SELECT
        a.id AS album_id,
        a.discogs_release_id AS release_id,
        coalesce(a.artist, r.artist, '') AS artist,
        coalesce(a.title, r.title, '') AS title,
        coalesce(nullif(a.year, 0), nullif(r.year, 0)) AS year,
        r.genres[1] AS genre,
        r.labels -> 0 ->> 'name' AS label,
        coalesce(own.grade, 'VG') AS grade,
        own.grade IS NULL AS is_assumed,
        p.fetched_at AS priced_at,
        (c.price_data -> coalesce(own.grade, 'VG') ->> 'value')::numeric AS price,
        c.price_data -> coalesce(own.grade, 'VG') ->> 'currency' AS price_currency,
        (c.price_data -> coalesce(own.better, 'VG+') ->> 'value')::numeric AS better,
        (c.price_data -> coalesce(own.worse, 'G+') ->> 'value')::numeric AS worse,
        (c.marketplace_stats -> 'lowest_price' ->> 'value')::numeric AS floor,
        c.marketplace_stats -> 'lowest_price' ->> 'currency' AS floor_currency
    FROM public.albums AS a
    LEFT JOIN ladder AS own ON own.grade = a.media_condition
    LEFT JOIN rekkrd.releases AS r ON r.release_id = a.discogs_release_id
    LEFT JOIN public.discogs_price_cache AS c ON c.discogs_release_id = a.discogs_release_id
    LEFT JOIN rekkrd.prices AS p ON p.release_id = a.discogs_release_id AND p.what = 'suggestions'
    WHERE a.user_id = owner
),

rated AS (
    SELECT
        k.*,
        mine.per_dollar / theirs.per_dollar AS rate,
        mine.per_dollar / floors.per_dollar AS floor_rate,
        CASE
            WHEN k.release_id IS NULL THEN 'no_release'
            WHEN k.priced_at IS NULL THEN 'not_asked'
            WHEN k.price IS NULL THEN 'no_price'
            WHEN mine.per_dollar / theirs.per_dollar IS NULL THEN 'no_rate'
        END AS lack
    FROM copies AS k
    LEFT JOIN rekkrd.rates_now AS mine ON mine.currency = unit
    LEFT JOIN rekkrd.rates_now AS theirs ON theirs.currency = k.price_currency
    LEFT JOIN rekkrd.rates_now AS floors ON floors.currency = k.floor_currency
)

SELECT
    t.album_id,
    t.release_id,
    t.artist,
    t.title,
    t.year,
    t.genre,
    t.label,
    t.grade,
    t.is_assumed,
    t.price,
    t.price_currency,
    t.rate,
    CASE
        WHEN t.lack IS NULL THEN round(least(t.price * t.rate, t.worse * t.rate, t.floor * t.floor_rate), 2)
    END AS low,
    round(t.price * t.rate, 2) AS median,
    CASE WHEN t.lack IS NULL THEN round(greatest(t.price * t.rate, t.better * t.rate), 2) END AS high,
    t.priced_at,
    t.lack
FROM rated AS t
$function$;
