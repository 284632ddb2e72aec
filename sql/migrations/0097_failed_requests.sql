-- Requests that Discogs did not answer, beside all requests of a minute: a health alert reads their share.

ALTER TABLE rekkrd.usage_minutes ADD COLUMN failed bigint NOT NULL DEFAULT 0;
ALTER TABLE rekkrd.usage_minutes ADD CONSTRAINT usage_minutes_failed CHECK (failed BETWEEN 0 AND requests);
COMMENT ON COLUMN rekkrd.usage_minutes.failed IS 'Requests answered with 5xx or not at all, part of requests.';
