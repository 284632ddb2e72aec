"""What the simulated Discogs answers, one file for each family of endpoints."""
