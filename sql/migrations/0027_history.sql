-- The story of one record is asked for by its album or its release; the album's index is there.

CREATE INDEX discogs_sync_log_of_release ON public.discogs_sync_log (user_id, discogs_release_id)
WHERE discogs_release_id IS NOT NULL;
