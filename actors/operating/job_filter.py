"""Filters of jobs over closed sets: an unknown kind or error class is refused, with the valid values."""

from collections.abc import Iterable

from actors.catalog import CATALOG
from actors.errors import FilterRefused
from actors.operating.failures import NEXT_STEPS
from db import Connection, operations


def check(conn: Connection, *, kind: str | None, error_class: str | None) -> None:
    """Refuse values that no job can have. Raises FilterRefused.

    An unforeseen error is stored under the name of its Python class, so classes of stored jobs are valid too.
    """
    if kind is not None:
        _require("job kind", kind, CATALOG)
    if error_class is not None and error_class not in NEXT_STEPS:
        _require("error class", error_class, {*NEXT_STEPS, *operations.error_classes(conn)})


def _require(what: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise FilterRefused(f"Unknown {what} {value!r}.", f"Choose one of: {', '.join(sorted(known))}.")
