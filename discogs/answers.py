"""From an answer's bytes to a record: a 200 that is no answer is an excuse, and never an empty page."""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from discogs.errors import Unavailable, snippet_of
from discogs.exchange import Answer
from discogs.records.reading import Json, Unreadable, an_object

T = TypeVar("T")

MOST_DIGITS = 100


def parsed(answer: Answer, endpoint: str, parse: Callable[[Json], T], *, hide: Sequence[str] = ()) -> T:
    """Make the record; Unavailable when the answer is not of its kind at all."""
    try:
        return parse(an_object(as_json(answer, endpoint, hide=hide)))
    except Unreadable as error:
        raise _nothing_readable(answer, endpoint, str(error)) from None


def as_json(answer: Answer, endpoint: str, *, hide: Sequence[str] = ()) -> object:
    """Parse a body without losing a digit. A 200 that is no JSON is an excuse (Discogs contract §4)."""
    try:
        return json.loads(answer.body, parse_float=_fraction, parse_int=_integer)
    except (ValueError, RecursionError):
        beginning = answer.body[:1000].decode("utf-8", "replace")
        raise _nothing_readable(answer, endpoint, snippet_of(beginning, hide)) from None


def _integer(digits: str) -> int | Decimal | None:
    """Read a whole number. Python refuses to make an int of thousands of digits, and would refuse the whole body."""
    return int(digits) if len(digits) <= MOST_DIGITS else _fraction(digits)


def _fraction(digits: str) -> Decimal | None:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return None  # an exponent that Decimal cannot hold


def _nothing_readable(answer: Answer, endpoint: str, snippet: str) -> Unavailable:
    return Unavailable(
        "Discogs answered something that we cannot read." if answer.body.strip() else "Discogs answered with nothing.",
        status=answer.status,
        endpoint=endpoint,
        snippet=snippet,
        maybe_applied=not endpoint.startswith("GET "),
    )
