"""What the requests to Discogs were spent on: a month, or some minutes, in parts. Both in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from db import Connection, usage
from db.usage import MinuteShare, Part, Share

MONTH = r"^[12][0-9]{3}-(0[1-9]|1[0-2])$"
LONGEST = timedelta(hours=3)  # of single minutes in one look; a busy fleet has a row for each of its requests
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # older than Discogs; a span before it holds nothing

_MONTH = re.compile(MONTH)


@dataclass(frozen=True, slots=True)
class MonthView:
    """A month of one user or of all. ``rest`` is what the parts come to that are not on this page."""

    month: date
    requests: int
    imports: int
    syncs: int
    parts: list[Share]
    rest: int

    @property
    def name(self) -> str:
        """The month as one names it: 2026-11."""
        return f"{self.month:%Y-%m}"


def first_day(month: str | None, now: datetime | None = None) -> date:
    """Return the first day of the month that is named like 2026-11, or of the present one. Raises ValueError."""
    if month is None:
        return (now or datetime.now(UTC)).astimezone(UTC).date().replace(day=1)
    if not _MONTH.match(month):
        raise ValueError(month)
    return date.fromisoformat(f"{month}-01")


def month(conn: Connection, first: date, part: Part, user_id: UUID | None, *, room: int, skip: int = 0) -> MonthView:
    """Look at a month of one user, or of all. It may be behind by what processes have not stored yet."""
    total = usage.month_of(conn, first, user_id)
    parts = usage.shares(conn, first, part, user_id, room=room, skip=skip)
    rest = max(0, total.requests - sum(each.requests for each in parts))
    return MonthView(first, total.requests, total.imports, total.syncs, parts, rest)


def minutes(
    conn: Connection, last: timedelta, part: Part, user_id: UUID | None, until: datetime | None = None
) -> list[MinuteShare]:
    """Look at the last minutes of one user or of all, up to that of ``until``: now, if it is not said."""
    newest = max(EARLIEST, until or datetime.now(UTC)).replace(second=0, microsecond=0)
    since = newest - min(last, LONGEST) + timedelta(minutes=1)
    return usage.minutes(conn, since, part, user_id, until=newest)
