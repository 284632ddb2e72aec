"""Whether an alert fires: once for each time that the floor comes down to its target. Pure.

A floor that hangs about the target is one crossing: the alert is armed again only after the floor was seen 5 % above
the target, or nothing on offer, for a whole day without a break.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

REARM_ABOVE = Decimal("1.05")
REARM_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Stand:
    """Where an alert stands. Without ``fired_at`` it is armed; ``above_since`` is set only once it has fired."""

    fired_at: datetime | None = None
    above_since: datetime | None = None


def after(stand: Stand, *, target: Decimal, floor: Decimal | None, now: datetime) -> Stand:
    """Return where an alert stands once this floor was seen; ``floor`` is None while nothing is on offer.

    It fires when it was armed and no longer is.
    """
    if stand.fired_at is None:
        return Stand(now) if floor is not None and floor <= target else stand
    if floor is not None and floor < target * REARM_ABOVE:
        return Stand(stand.fired_at)
    since = now if stand.above_since is None else stand.above_since
    return Stand() if now - since >= REARM_AFTER else Stand(stand.fired_at, since)


def fires(before: Stand, now: Stand) -> bool:
    """Whether the alert fires between these two."""
    return before.fired_at is None and now.fired_at is not None
