"""The invented catalogue: every release follows from the seed and its number, so nothing has to be stored."""
