-- Offers that somebody looked at and that were not fresh are asked for one by one, before the shop is read again.

ALTER TABLE rekkrd.listings ADD COLUMN looked_at timestamptz;

COMMENT ON COLUMN rekkrd.listings.looked_at IS
'Since when somebody waits for this offer alone to be asked for anew; null when nobody does.';

CREATE INDEX listings_looked_at ON rekkrd.listings (looked_at, listing_id)
WHERE looked_at IS NOT NULL;
