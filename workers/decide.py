"""What an error means for the job: the one table that the engine asks, and the back-off between attempts."""

import random
from dataclasses import dataclass
from typing import Literal

from db.errors import DatabaseAway, DatabaseFull, SealBroken, WrongKey
from discogs.errors import (
    ApplicationRejected,
    Blocked,
    Gone,
    Invalid,
    PastEnd,
    PermitExpired,
    SellerSettings,
    Throttled,
    Unauthorised,
)
from workers.errors import JobFailed, Misfit
from workers.limiter.errors import GateClosed, GaveUp, LimiterUnavailable, Stopped

GateCause = Literal["throttled", "blocked", "rejected"]

PROBE_SECONDS = 600.0  # one probe every ten minutes: probing more often keeps a shared address hot
CRASHES_BEFORE_ALONE = 2
CRASHES_BEFORE_FAILED = 3


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Not an attempt: the step goes back to its place, or waits a while."""

    after_seconds: float
    waits_for: str | None


@dataclass(frozen=True, slots=True)
class CloseGate:
    """Not an attempt, and nobody else should try either until the gate opens."""

    cause: GateCause
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RetryLater:
    """A failed attempt; the next one comes after the back-off."""

    after_seconds: float


@dataclass(frozen=True, slots=True)
class Fail:
    """The job ends here. ``needs_reconnect`` when the collector has to connect the account again."""

    needs_reconnect: bool = False


Decision = GiveBack | CloseGate | RetryLater | Fail


# Asked from top to bottom; the first line that fits an error is its meaning.
_MEANINGS: tuple[tuple[tuple[type[Exception], ...], Decision], ...] = (
    ((GaveUp, Stopped, PermitExpired), GiveBack(0.0, None)),
    ((GateClosed,), GiveBack(1.0, "Discogs asked us to wait")),
    ((LimiterUnavailable,), GiveBack(1.0, "the request budget (Redis) is out of reach")),
    ((DatabaseAway, DatabaseFull), GiveBack(5.0, "the ledger (PostgreSQL) was out of reach")),
    ((Misfit,), GiveBack(2.0, "This worker cannot read what the job has stored; one of another release can")),
    ((Throttled,), CloseGate("throttled", "Discogs asked us to wait", 0.0)),
    (
        (Blocked,),
        CloseGate(
            "blocked",
            "Discogs blocks our requests; a probe goes out every 10 minutes, `rekkrd limiter probe` sends one now",
            PROBE_SECONDS,
        ),
    ),
    (
        (ApplicationRejected,),
        CloseGate(
            "rejected",
            "Discogs rejects this application's own key: check DISCOGS_CONSUMER_KEY and DISCOGS_CONSUMER_SECRET; a "
            "probe goes out every 10 minutes, `rekkrd limiter probe` sends one now",
            PROBE_SECONDS,
        ),
    ),
    ((Unauthorised, SealBroken), Fail(needs_reconnect=True)),  # no retry makes a stored token readable
    ((JobFailed, Gone, Invalid, PastEnd, SellerSettings), Fail()),
)


def decide(error: Exception, *, attempts: int, max_attempts: int, backoff_seconds: float) -> Decision:
    """What becomes of a job whose step ended in ``error``, after ``attempts`` failed ones at this checkpoint.

    What no line of the table names (Unavailable, and whatever nobody foresaw) is tried again, but not for ever.
    """
    for errors, decision in _MEANINGS:
        if isinstance(error, errors) and not isinstance(error, WrongKey):  # an operator may still restore the key
            return decision
    if attempts + 1 >= max_attempts:
        return Fail()
    return RetryLater(backoff(attempts, backoff_seconds))


def backoff(attempts: int, base_seconds: float) -> float:
    """Seconds before the next attempt: doubling to 15 minutes, ±20 % so that jobs do not come back together."""
    return float(min(base_seconds * 2**attempts, 900.0) * random.uniform(0.8, 1.2))  # noqa: S311  spread, not secrecy
