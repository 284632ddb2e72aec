"""From here to Discogs: what changed goes out, one request each."""
