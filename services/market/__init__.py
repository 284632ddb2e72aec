"""Prices of releases: their rules, who asks Discogs for one, and the alerts that see each lowest price."""
