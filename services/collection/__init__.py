"""Domain logic of collections: facts from Discogs, and names."""
