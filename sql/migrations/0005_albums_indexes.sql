-- no transaction
-- Indexes on the app's own big table: made concurrently, so that the app goes on writing meanwhile.

-- Two albums for one copy would make every later question about it undecidable.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS albums_one_per_instance ON public.albums (user_id, discogs_instance_id)
WHERE discogs_instance_id IS NOT NULL;

-- Candidates for a copy that has no album yet: by pressing, then by the beginning of the name, since an index entry
-- holds 2,700 bytes and some titles are longer.
CREATE INDEX CONCURRENTLY IF NOT EXISTS albums_free_by_release ON public.albums (user_id, discogs_release_id)
WHERE discogs_instance_id IS NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS albums_free_by_name
ON public.albums (user_id, left(lower(artist), 100), left(lower(title), 100), year)
WHERE discogs_instance_id IS NULL;

-- All albums of a user, and the way of a deletion of the user.
CREATE INDEX CONCURRENTLY IF NOT EXISTS albums_of_user ON public.albums (user_id);
