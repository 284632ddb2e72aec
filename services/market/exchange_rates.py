"""Exchange rates on demand: the first price in a currency without a rate enqueues the job that requests one."""

from collections.abc import Collection
from datetime import timedelta

from db import Connection, enqueue, rates
from discogs.money import CURRENCIES

REFRESH_RATES = "refresh_rates"  # the job kind
QUIET = timedelta(minutes=10)  # a job that could not get a rate is not repeated for each price


def missing(conn: Connection, currencies: Collection[str]) -> list[str]:
    """Return those of these currencies that Discogs converts and that have no rate yet."""
    wanted = sorted(set(currencies) & set(CURRENCIES))
    if not wanted:
        return []
    known = {rate.currency for rate in rates.rates(conn)}
    return [currency for currency in wanted if currency not in known]


def request_missing(conn: Connection, currencies: Collection[str]) -> bool:
    """Enqueue the exchange-rate job if one of these currencies has no rate. Return whether a job is new.

    Rates are read off one release's lowest price: without any such price the job could do nothing yet.
    """
    if not missing(conn, currencies) or rates.liquid_release(conn) is None:
        return False
    return enqueue.request(conn, REFRESH_RATES, quiet=QUIET)
