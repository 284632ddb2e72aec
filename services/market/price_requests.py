"""Releases that join the price plan: the first refresh starts with them, not with the schedule's next run."""

from collections.abc import Sequence

from db import Connection, enqueue, prices

REFRESH_PRICES = "refresh_prices"  # the job kind


def plan_releases(conn: Connection, release_ids: Sequence[int]) -> None:
    """Add releases to the price plan. If some are new, enqueue the refresh unless one is unfinished."""
    if prices.enrol(conn, release_ids):
        enqueue.request(conn, REFRESH_PRICES)
