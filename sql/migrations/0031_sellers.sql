-- Who is given price suggestions is found without a look at every account.

CREATE INDEX links_that_sell ON rekkrd.links (curr_abbr, user_id)
WHERE state = 'connected' AND has_seller_settings;
