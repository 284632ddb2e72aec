"""Time as Discogs writes it: ISO-8601 with the offset of the Pacific coast, -08:00 in winter and -07:00 in summer."""

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

WINTER, SUMMER = timezone(timedelta(hours=-8)), timezone(timedelta(hours=-7))


def written(epoch: int) -> str:
    """Write a moment, given in whole seconds since 1970."""
    begins, ends = _summer(datetime.fromtimestamp(epoch, UTC).year)
    return datetime.fromtimestamp(epoch, SUMMER if begins <= epoch < ends else WINTER).isoformat()


def read(text: str) -> int:
    """Read what ``written`` wrote, or any ISO-8601 time with an offset."""
    return int(datetime.fromisoformat(text).timestamp())


@lru_cache(maxsize=200)
def _summer(year: int) -> tuple[int, int]:
    """Second Sunday of March to first Sunday of November, 2 o'clock local time; our own, without zone files."""
    march, november = datetime(year, 3, 8, 10, tzinfo=UTC), datetime(year, 11, 1, 9, tzinfo=UTC)
    return _next_sunday(march), _next_sunday(november)


def _next_sunday(day: datetime) -> int:
    return int((day + timedelta(days=6 - day.weekday())).timestamp())
