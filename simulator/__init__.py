"""Discogs offline: a real HTTP server for demo, development and tests."""
