"""Alert checks: the lowest prices that alerts wait for, each at its own interval, beside the price refresh.

Both jobs send one request at a time and take turns in the background queue, so alerts get up to half of its share and
all of what the refresh leaves (services/market/planner.py). A price that a user requests at this moment is left to that
request. Due times are spread by when each price was stored last: checks come evenly, not all at once.
"""

from actors.catalog import CHECK_ALERTS
from actors.checkpoints import PriceCheckpoint
from actors.market import refresh_prices
from actors.market.refresh_prices import MOST, Fetched, PriceStep
from db import Connection, price_plan
from workers.kinds import Job, NoArguments, Outcome


def store(conn: Connection, step: PriceStep, fetched: Fetched) -> Outcome:
    """Store a lowest price, which checks its alerts, and choose the next."""
    was = refresh_prices.store_answer(conn, step, fetched)
    if was.asked >= MOST:
        return refresh_prices.done(was, is_over=False)
    return refresh_prices.take_next(conn, was, lambda: (price_plan.next_due(conn, "stats", is_alerted=True), None))


JOB: Job[NoArguments, PriceCheckpoint, Fetched] = Job(CHECK_ALERTS, refresh_prices.fetch, store)
