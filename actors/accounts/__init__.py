"""A Discogs account from its connection to its removal."""
