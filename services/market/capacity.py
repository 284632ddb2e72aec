"""The capacity of the background queue for prices: what other work left of the rate limit."""

from db import Connection, price_plan
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings

MINUTES_A_DAY = 24 * 60
KINDS = ["refresh_prices", "check_alerts"]  # requests of these job kinds do not count as other work


def per_minute(conn: Connection, limits: LimiterSettings) -> float:
    """Return the requests a minute that the last 24 hours left for prices."""
    return left_over(price_plan.spent_otherwise(conn, KINDS), limits)


def left_over(spent: int, limits: LimiterSettings) -> float:
    """Return the requests a minute left for prices if other work sent ``spent`` requests in a day.

    At least the share of the background queue.
    """
    possible = limits.limit * 60 / limits.window_seconds
    return max(possible - spent / MINUTES_A_DAY, possible * limits.shares[Lane.BACKGROUND])
