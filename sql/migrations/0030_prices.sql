-- Prices a release, once for everybody. The figures stand in public.discogs_price_cache; here is how fresh they are,
-- who asks at this moment, and when it is time again.

CREATE TABLE rekkrd.prices (
    release_id bigint NOT NULL,
    what text NOT NULL,
    state text,
    fetched_at timestamptz,
    looked_at timestamptz,
    amount numeric(12, 2),
    moved numeric(8, 4),
    every interval NOT NULL DEFAULT interval '7 days',
    due_at timestamptz NOT NULL DEFAULT now(),
    claim uuid,
    claimed_until timestamptz,
    failed text,
    CONSTRAINT prices_pkey PRIMARY KEY (release_id, what),
    CONSTRAINT prices_what_known CHECK (what IN ('suggestions', 'stats')),
    CONSTRAINT prices_state_known CHECK (state IN ('priced', 'no_price', 'blocked', 'gone')),
    CONSTRAINT prices_fetched_have_a_state CHECK ((state IS NULL) = (fetched_at IS NULL)),
    CONSTRAINT prices_claims_end CHECK (claim IS NULL OR claimed_until IS NOT NULL),
    CONSTRAINT prices_failed_wait CHECK (failed IS NULL OR claimed_until IS NOT NULL),
    CONSTRAINT prices_come_again CHECK (every > interval '0')
);

COMMENT ON TABLE rekkrd.prices IS
'How fresh the figures of a release are: suggestions by grade, and the market''s stats. A row for each that is known.';
COMMENT ON COLUMN rekkrd.prices.looked_at IS
'When a person looked last, to within an hour.';
COMMENT ON COLUMN rekkrd.prices.moved IS
'By which share the amount changed between the last two looks; null where they cannot be compared.';
COMMENT ON COLUMN rekkrd.prices.claimed_until IS
'Until then one asks and the others wait for its answer; with failed, until then nobody asks again.';

CREATE INDEX prices_due ON rekkrd.prices (what, due_at, release_id);

ALTER TABLE rekkrd.links ADD COLUMN has_seller_settings boolean;
ALTER TABLE rekkrd.links ADD COLUMN seller_settings_at timestamptz;

COMMENT ON COLUMN rekkrd.links.has_seller_settings IS
'Whether Discogs gives this account price suggestions; null before it was asked.';

INSERT INTO rekkrd.prices (release_id, what)
SELECT
    r.release_id,
    w.what
FROM rekkrd.releases AS r
CROSS JOIN (VALUES ('suggestions'), ('stats')) AS w (what)
ORDER BY r.release_id, w.what;
