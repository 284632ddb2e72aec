"""Sync of records and wants between an application and Discogs."""
