-- Sellers whom collectors watch: how far each shop was read, once for all who watch it, and what is on offer there.

CREATE TABLE rekkrd.sellers (
    seller text PRIMARY KEY,
    name text NOT NULL,
    state text NOT NULL DEFAULT 'new',
    currency text,
    offers integer,
    fetched_at timestamptz,
    swept_at timestamptz,
    due_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sellers_known_in_lower_case CHECK (seller = lower(name)),
    CONSTRAINT sellers_state_known CHECK (state IN ('new', 'open', 'gone', 'closed')),
    CONSTRAINT sellers_asked_are_not_new CHECK ((state = 'new') = (fetched_at IS NULL)),
    CONSTRAINT sellers_swept_were_asked CHECK (swept_at IS NULL OR fetched_at IS NOT NULL),
    CONSTRAINT sellers_currency_code CHECK (currency ~ '^[A-Z]{3}$')
);

COMMENT ON TABLE rekkrd.sellers IS
'Sellers at Discogs whom somebody watches, and when each shop is read next; Discogs lists no offers but by seller.';
COMMENT ON COLUMN rekkrd.sellers.offers IS
'How many Discogs counts; it shows the 10,000 newest to programs.';
COMMENT ON COLUMN rekkrd.sellers.swept_at IS
'When the whole shop was read last; between, only what is new is.';

CREATE INDEX sellers_due ON rekkrd.sellers (due_at, seller);

CREATE TABLE rekkrd.watched_sellers (
    user_id uuid NOT NULL REFERENCES public.profiles (id) ON DELETE CASCADE,
    seller text NOT NULL REFERENCES rekkrd.sellers (seller),
    added_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT watched_sellers_pkey PRIMARY KEY (user_id, seller)
);

COMMENT ON TABLE rekkrd.watched_sellers IS
'Whose shop a collector watches.';

CREATE INDEX watched_sellers_of_seller ON rekkrd.watched_sellers (seller);

CREATE TABLE rekkrd.listings (
    listing_id bigint PRIMARY KEY,
    seller text NOT NULL REFERENCES rekkrd.sellers (seller) ON DELETE CASCADE,
    release_id bigint NOT NULL,
    media text,
    sleeve text,
    price numeric(12, 2),
    currency text,
    ships_from text NOT NULL,
    posted_at timestamptz,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    seen_in uuid NOT NULL,
    CONSTRAINT listings_price_has_a_currency CHECK ((price IS NULL) = (currency IS NULL))
);

COMMENT ON TABLE rekkrd.listings IS
'Offers of watched sellers as their shops showed them; price in the seller''s currency, grades short, null when none.';
COMMENT ON COLUMN rekkrd.listings.seen_in IS
'The walk through the shop that saw it last: what a whole walk did not see was sold.';

CREATE INDEX listings_of_release ON rekkrd.listings (release_id, seller);
CREATE INDEX listings_of_seller ON rekkrd.listings (seller, seen_in);

REVOKE ALL ON rekkrd.sellers, rekkrd.watched_sellers, rekkrd.listings FROM public;
