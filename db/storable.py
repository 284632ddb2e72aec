"""The one place where text from outside becomes text that PostgreSQL can keep."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar

from psycopg.types.json import Jsonb

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"

R = TypeVar("R", bound="Slotted")

NUL = "\0"
NUL_SIGN = "␀"  # U+2400, the picture of a NUL


class Slotted(Protocol):
    """A slotted dataclass."""

    __slots__: ClassVar[Any]


def storable(text: str) -> str:
    """Return the text with what PostgreSQL refuses replaced, and every other character as it came.

    A NUL becomes U+2400, and half a surrogate pair, which no UTF-8 can hold, becomes U+FFFD. Who stores a text that
    this changed says so in the sync log's details, as ``"replaced": true``.
    """
    if NUL in text:
        text = text.replace(NUL, NUL_SIGN)
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def storable_json(value: Json) -> Json:
    """Return the value with every text in it made storable, keys included."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(key): storable_json(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(storable_json(inner) for inner in value)
    if isinstance(value, Sequence):
        return [storable_json(inner) for inner in value]
    return value


def storable_record(record: R) -> R:
    """Return the record with every text in it made storable, so that it can be compared with what is stored."""
    return type(record)(**{name: storable_json(getattr(record, name)) for name in record.__slots__})


def as_rows(rows: Sequence[Mapping[str, Json]]) -> Jsonb:
    """Hand many rows to one statement, which reads them with ``jsonb_to_recordset``."""
    return Jsonb([storable_json(row) for row in rows])
