"""The jobs: a page each, decide at the top, do at the bottom."""
