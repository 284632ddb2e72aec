"""A list of what is wrong, short enough to be read."""

from collections.abc import Mapping, Sequence
from typing import Any

LONGEST = 300  # signs of one part: a key may be as long as a body


def named(said: Sequence[str], most: int) -> str:
    """Join what was said; of much the first ``most``, and how many more there are."""
    parts = [one if len(one) <= LONGEST else f"{one[:LONGEST]}…" for one in said[:most]]
    more = len(said) - most
    return "; ".join([*parts, f"and {more:,} more"] if more > 0 else parts)


def where_and_why(error: Mapping[str, Any], *, leave_out: Sequence[str] = ()) -> str:
    """Return the place and the message of one of pydantic's errors, without its own prefix for validators."""
    place = ".".join(str(part) for part in error["loc"] if part not in leave_out)
    return f"{place}: {error['msg'].removeprefix('Value error, ')}"
