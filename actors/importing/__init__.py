"""From Discogs to here: lists are walked page by page, and pages become records."""
