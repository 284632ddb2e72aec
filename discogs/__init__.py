"""How we speak to Discogs: a client library that has never heard of our queue or database."""
