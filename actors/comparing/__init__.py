"""Both sides of a record brought together: what changed where, and who decides."""
