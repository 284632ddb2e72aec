"""What Discogs answers, as frozen records: unknown keys are passed over, missing ones become empty or None."""
