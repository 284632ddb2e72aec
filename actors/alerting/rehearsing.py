"""Rehearsing a price alert: how often it would have fired, by the floors that are known and the very rule that fires.

Of each day the lowest floor and the last one are kept, so what rises and falls again within a day is seen as one: an
alert that saw every floor fires as often, or more often, never less.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from actors.gating import require
from actors.market.worth import amount
from actors.wording import count
from db import Connection, floors, users
from db.alerts import Alert
from db.floors import FloorDay
from services.market.crossing import Stand, after, fires
from services.tiers import Feature

USUAL_DAYS, MOST_DAYS = 90, 366
MOST_SAID = 5  # of the times it fires, in a sentence


@dataclass(frozen=True, slots=True)
class Seen:
    """A floor at a moment, in the alert's currency and as Discogs had it; ``rate`` is what that was multiplied by."""

    at: datetime
    floor: Decimal
    said: Decimal
    said_currency: str
    rate: Decimal
    rate_of: date

    @property
    def day(self) -> date:
        return self.at.astimezone(UTC).date()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of it. Of ``days`` until today the floors of ``known`` are known, and ``compared`` have a rate.

    ``lowest`` is the lowest floor of these; None when nothing was on offer, or nothing compares.
    """

    release_id: int
    target: Decimal
    currency: str
    days: int
    since: date
    known: int
    compared: int
    lowest: Seen | None
    fired: Sequence[Seen]


def of_alert(conn: Connection, alert: Alert, *, days: int = USUAL_DAYS) -> Rehearsal:
    """Rehearse an alert as if it had been set before the first of these days. Raises UnknownUser, TierTooLow."""
    return of_price(conn, alert.user_id, alert.release_id, target=alert.target, currency=alert.currency, days=days)


def of_price(
    conn: Connection,
    user_id: UUID,
    release_id: int,
    *,
    target: Decimal,
    currency: str | None = None,
    days: int = USUAL_DAYS,
) -> Rehearsal:
    """Rehearse a price that one thinks of, in the user's currency unless one is named; Discogs is asked for nothing.

    Raises:
        UnknownUser, TierTooLow
    """
    require(conn, user_id, Feature.ALERTS)
    unit = currency or users.find(conn, user_id).currency
    since = datetime.now(UTC).date() - timedelta(days=days - 1)
    known = floors.days(conn, release_id, currency=unit, since=since)
    compared = [day for day in known if _is_comparable(day)]
    seen = [one for day in compared for _, one in _moments(day) if one is not None]
    lowest = min(seen, key=lambda one: one.floor, default=None)
    fired = rehearse(compared, target)
    return Rehearsal(release_id, target, unit, days, since, len(known), len(compared), lowest, fired)


def rehearse(days: Sequence[FloorDay], target: Decimal) -> list[Seen]:
    """Let an alert that is armed see the floors of these days, in order; return when it fires. Pure."""
    stand, fired = Stand(), []
    for day in days:
        for at, seen in _moments(day):
            was, stand = stand, after(stand, target=target, floor=None if seen is None else seen.floor, now=at)
            if seen is not None and fires(was, stand):
                fired.append(seen)
    return fired


def sentence(found: Rehearsal) -> str:
    """Say what came of it, and on how many of the days it rests."""
    covered = f"{found.known:,} of {count(found.days, 'day')}"
    if not found.known:
        return (
            f"No floor of this release is known of the last {count(found.days, 'day')}, so nothing can be said. They "
            "are kept from the day on which somebody owns it, wants it or sets an alert."
        )
    if not found.compared:
        return f"Floors are known for {covered}, with no exchange rate for {found.currency}: nothing was compared."
    said = [_outcome(found), f"Floors are known for {covered}, the lowest and the last of each."]
    if found.known < found.days:
        said.append("What they were on the others nobody knows here.")
    if found.compared < found.known:
        without = count(found.known - found.compared, "day")
        said.append(f"For {without} there is no exchange rate for {found.currency}, and nothing was compared.")
    if found.lowest is not None and found.lowest.said_currency != found.currency:
        said.append(f"Converted from {found.lowest.said_currency} by each day's rate.")
    return " ".join(said)


def _moments(day: FloorDay) -> Iterator[tuple[datetime, Seen | None]]:
    """Return what a day is known to have shown: its lowest floor, then its last; None while nothing was on offer."""
    yield day.lowest_at, _seen(day, day.lowest_at, day.lowest, day.lowest_said)
    if day.latest_at > day.lowest_at:
        yield day.latest_at, _seen(day, day.latest_at, day.latest, day.latest_said)


def _seen(day: FloorDay, at: datetime, floor: Decimal | None, said: Decimal | None) -> Seen | None:
    if floor is None or said is None or day.said_currency is None or day.rate is None or day.rate_of is None:
        return None
    return Seen(at, floor, said, day.said_currency, day.rate, day.rate_of)


def _is_comparable(day: FloorDay) -> bool:
    """Whether its floors decide anything: nothing was on offer, or there is a rate."""
    return day.lowest_said is None or day.lowest is not None


def _outcome(found: Rehearsal) -> str:
    price, span = amount(found.target, found.currency), count(found.days, "day")
    if not found.fired:
        why = (
            "nothing was on offer"
            if found.lowest is None
            else f"the lowest floor was {amount(found.lowest.floor, found.currency)}, on {found.lowest.day}"
        )
        return f"At {price} it would not have fired in {span}: {why}."
    times = "once" if len(found.fired) == 1 else f"{len(found.fired):,} times"
    days = [f"on {one.day} at {amount(one.floor, found.currency)}" for one in found.fired[:MOST_SAID]]
    if len(found.fired) > MOST_SAID:
        days.append(f"and {len(found.fired) - MOST_SAID:,} more")
    return f"At {price} it would have fired {times} in {span}: {', '.join(days)}."
