"""Read one value out of an object that may lack it, or has it in another type or size than the documentation says.

One rule for every list: an entry of an optional list that cannot be read is skipped, an entry of the list that the
answer is about is set aside and described. One rule for every number: out of range is unknown, and a key that is
unknown makes its object Unreadable.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Generic, TypeAlias, TypeVar

from discogs.ids import LARGEST

Json: TypeAlias = Mapping[str, object]
T = TypeVar("T")

LARGEST_COUNT = 2**31 - 1  # counts and years are stored in 32 bits, ids in 64
LARGEST_AMOUNT = Decimal(10) ** 15  # no price comes near it, and larger exponents overflow decimal arithmetic
SHOWN_CHARACTERS = 80  # of a title in a message


class Unreadable(ValueError):
    """The answer lacks what makes it this kind of answer at all."""


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """An entry that was set aside: its position on the page from 1, what is known of it, and the reason."""

    position: int
    release_id: int | None
    title: str
    reason: str

    def __str__(self) -> str:
        known = [] if self.release_id is None else [f"release {self.release_id}"]
        if self.title:
            known.append(f'"{self.title}"')
        return f"entry {self.position}{' (' + ', '.join(known) + ')' if known else ''}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """A list that an answer is about: the entries that could be read, and those that were set aside."""

    items: tuple[T, ...]
    unreadable: tuple[UnreadableItem, ...] = ()


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
    """Parse an optional list. Entries that cannot be read are skipped."""
    return rows_or_none(source, key, parse) or ()


def rows_or_none(source: Json, key: str, parse: Callable[[Json], T]) -> tuple[T, ...] | None:
    """Parse an optional list; None if Discogs did not tell it: no list, or entries of which none can be read."""
    value = source.get(key)
    if not isinstance(value, list):
        return None
    found = _read(value, parse).items
    return found if found or not value else None


def needed_rows(source: Json, key: str, parse: Callable[[Json], T]) -> Rows[T]:
    """Parse the list that the answer is about: without it the answer is Unreadable, not empty."""
    value = source.get(key)
    if not isinstance(value, list):
        raise Unreadable(f"no list {key!r}")
    return _read(value, parse)


def are_whole(source: Json, key: str, parse: Callable[[Json], T]) -> bool:
    """Return True if an optional list is absent, or a list of which every entry can be read."""
    if key not in source:
        return True
    value = source[key]
    return isinstance(value, list) and not _read(value, parse).unreadable


def _read(entries: list[object], parse: Callable[[Json], T]) -> Rows[T]:
    items: list[T] = []
    unreadable: list[UnreadableItem] = []
    for position, entry in enumerate(entries, start=1):
        try:
            items.append(parse(an_object(entry)))
        except Unreadable as error:
            unreadable.append(_set_aside(position, entry, str(error)))
    return Rows(tuple(items), tuple(unreadable))


def _set_aside(position: int, entry: object, reason: str) -> UnreadableItem:
    source: Json = entry if isinstance(entry, dict) else {}
    basic = part(source, "basic_information") or part(source, "release")
    title = text(basic, "title") or text(source, "title") or text(source, "name")
    release_id = id_or_none(basic, "id") or id_or_none(source, "id")
    return UnreadableItem(position, release_id, title[:SHOWN_CHARACTERS], reason)


def needed_number(source: Json, key: str) -> int:
    """Return a count that the record cannot be without, as of pages."""
    value = number_or_none(source, key)
    if value is None:
        raise Unreadable(f"no number {key!r}")
    return value


def needed_id(source: Json, key: str) -> int:
    """Return the id that is the record's key."""
    value = id_or_none(source, key)
    if value is None:
        raise Unreadable(f"no id {key!r}")
    return value


def id_or_none(source: Json, key: str) -> int | None:
    """Return an id, 0 included; None if there is none, or none that 64 bits can hold."""
    value = _whole(source, key)
    return value if value is not None and 0 <= value <= LARGEST else None


def number_or_none(source: Json, key: str) -> int | None:
    """Return a whole number, also out of the strings that search and formats give; None if absent or out of range."""
    value = _whole(source, key)
    return value if value is not None and abs(value) <= LARGEST_COUNT else None


def _whole(source: Json, key: str) -> int | None:
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


def known_id(source: Json, key: str) -> int | None:
    """Return an id that Discogs writes as 0 when there is none: a master."""
    return id_or_none(source, key) or None


def known_number(source: Json, key: str) -> int | None:
    """Return a number that Discogs writes as 0 when it does not know: a year."""
    return number_or_none(source, key) or None


def told(source: Json, key: str, read: Callable[[Json, str], int | None]) -> int | None:
    """Return a number where 0 and "" are an answer, 0 then; None if Discogs did not tell it."""
    return 0 if source.get(key) == "" else read(source, key)


def decimal_or_none(source: Json, key: str) -> Decimal | None:
    """Return a number with its decimals, None if absent or out of range. JSON is read with Decimal for float."""
    value = source.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    exact = Decimal(value)
    return exact if exact.is_finite() and abs(exact) < LARGEST_AMOUNT else None


def text(source: Json, key: str) -> str:
    """Return the text byte for byte, "" if it is missing; a number becomes its digits."""
    return text_or_none(source, key) or ""


def text_or_none(source: Json, key: str) -> str | None:
    """Return the text byte for byte, None if it is missing."""
    return _text(source.get(key))


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else None


def texts(source: Json, key: str) -> tuple[str, ...]:
    """Return a list of texts; a single text counts as a list of one. Entries that are no text are skipped."""
    return texts_or_none(source, key) or ()


def texts_or_none(source: Json, key: str) -> tuple[str, ...] | None:
    """Return a list of texts; None if Discogs did not tell it: no list, or entries of which none is a text."""
    value = source.get(key)
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        return None
    found = tuple(entry for each in value if (entry := _text(each)) is not None)
    return found if found or not value else None


def claim(source: Json, key: str) -> bool:
    """Return a yes or no, no if it is missing."""
    return claim_or_none(source, key) or False


def claim_or_none(source: Json, key: str) -> bool | None:
    """Return a yes or no, None if it is missing."""
    value = source.get(key)
    return value if isinstance(value, bool) else None


def moment(source: Json, key: str) -> datetime | None:
    """Return a time in UTC; Discogs writes it with the Pacific offset (Discogs contract §3). None if it is no time."""
    try:
        parsed = datetime.fromisoformat(text(source, key))
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
