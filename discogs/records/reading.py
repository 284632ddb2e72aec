"""Read one value out of an object that may lack it, or has it in another type than the documentation says."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias, TypeVar

Json: TypeAlias = Mapping[str, object]
T = TypeVar("T")


class Unreadable(ValueError):
    """The answer lacks what makes it this kind of answer at all."""


def an_object(value: object) -> Json:
    """Return the value if it is an object; half a page is worse than none, so anything else is Unreadable."""
    if isinstance(value, dict):
        return value
    raise Unreadable(f"expected an object, got {type(value).__name__}")


def part(source: Json, key: str) -> Json:
    """Return the object under the key, an empty one if it is missing."""
    value = source.get(key)
    return value if isinstance(value, dict) else {}


def rows(source: Json, key: str, parse: Callable[[Json], T]) -> tuple[T, ...]:
    """Parse every row of an optional list."""
    value = source.get(key)
    return tuple(parse(an_object(row)) for row in value) if isinstance(value, list) else ()


def needed_rows(source: Json, key: str, parse: Callable[[Json], T]) -> tuple[T, ...]:
    """Parse the list that the answer is about: without it the answer is Unreadable, not empty."""
    if not isinstance(source.get(key), list):
        raise Unreadable(f"no list {key!r}")
    return rows(source, key, parse)


def needed_number(source: Json, key: str) -> int:
    """Return a number that the record cannot be without: an id, a count of pages."""
    value = number_or_none(source, key)
    if value is None:
        raise Unreadable(f"no number {key!r}")
    return value


def number_or_none(source: Json, key: str) -> int | None:
    """Return a whole number, also out of the strings that search and formats give; None if there is none."""
    value = source.get(key)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.strip().isdigit() and len(value) < 20:
        return int(value)
    return None


def number(source: Json, key: str) -> int:
    """Return a whole number, 0 if it is missing."""
    return number_or_none(source, key) or 0


def known_number(source: Json, key: str) -> int | None:
    """Return a number that Discogs writes as 0 when it does not know: a year, a master."""
    return number_or_none(source, key) or None


def decimal_or_none(source: Json, key: str) -> Decimal | None:
    """Return a number with its decimals, None if there is none. JSON is read with Decimal for float."""
    value = source.get(key)
    if isinstance(value, bool):
        return None
    return Decimal(value) if isinstance(value, (int, Decimal)) else None


def text(source: Json, key: str) -> str:
    """Return the text byte for byte, "" if it is missing; a number becomes its digits."""
    return text_or_none(source, key) or ""


def text_or_none(source: Json, key: str) -> str | None:
    """Return the text byte for byte, None if it is missing."""
    value = source.get(key)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else None


def texts(source: Json, key: str) -> tuple[str, ...]:
    """Return a list of texts; a single text counts as a list of one."""
    value = source.get(key)
    if isinstance(value, str):
        return (value,)
    return tuple(str(entry) for entry in value if entry is not None) if isinstance(value, list) else ()


def claim(source: Json, key: str) -> bool:
    """Return a yes or no, no if it is missing."""
    return source.get(key) is True


def moment(source: Json, key: str) -> datetime | None:
    """Return a time in UTC; Discogs writes it with the Pacific offset (Discogs contract §3). None if it is no time."""
    try:
        parsed = datetime.fromisoformat(text(source, key))
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
