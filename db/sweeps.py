"""Walks over all pages of a list: what each saw, and whether it may say that a record is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from db import Connection, Row
from db.links import List
from db.queries import load
from db.storable import storable

Outcome = Literal["complete", "caught_up", "partial", "changed", "unreadable", "abandoned"]

_sql = load("sweeps")


@dataclass(frozen=True, slots=True)
class Sweep:
    """One walk. ``items`` is the count of its first page, ``seen`` its distinct records so far.

    ``unreadable`` are entries that were set aside, described.
    """

    id: UUID
    nth_try: int
    sort: str
    sort_order: str
    items: int | None
    is_whole: bool
    seen: int
    outcome: Outcome | None
    unreadable: tuple[str, ...] = ()


def start(
    conn: Connection, *, job_id: UUID, user_id: UUID, swept: List, nth_try: int, sort: str, sort_order: str
) -> UUID:
    """Begin a walk; walks that earlier jobs left open are abandoned."""
    _sql.abandon_others(conn, job_id=job_id, user_id=user_id, list=swept)
    sweep_id: UUID = _sql.start(
        conn,
        job_id=job_id,
        user_id=user_id,
        list=swept,
        nth_try=nth_try,
        sort=sort,
        sort_order=sort_order,
    )
    return sweep_id


def count_page(conn: Connection, sweep_id: UUID, *, items: int, newly_seen: int, is_whole: bool = True) -> Sweep:
    """Add a page. A page whose ``items`` differ from the first page's spoils the sweep."""
    return _sweep(_sql.count_page(conn, id=sweep_id, items=items, newly_seen=newly_seen, is_whole=is_whole))


def set_aside(conn: Connection, sweep_id: UUID, unreadable: Sequence[str]) -> None:
    """Add descriptions of entries that could not be read: a walk that has any declares nothing missing."""
    if unreadable:
        _sql.set_aside(conn, id=sweep_id, unreadable=[storable(each) for each in unreadable])


def spoil(conn: Connection, sweep_id: UUID) -> Sweep:
    """Note that a page was not whole: this sweep declares nothing missing."""
    return _sweep(_sql.spoil(conn, id=sweep_id))


def finish(conn: Connection, sweep_id: UUID, outcome: Outcome) -> bool:
    """End a walk. False when it had ended before."""
    return bool(_sql.finish(conn, id=sweep_id, outcome=outcome))


def is_walked(conn: Connection, user_id: UUID, swept: List) -> bool:
    """Whether a live job walks over this list."""
    return bool(_sql.is_walked(conn, user_id=user_id, list=swept))


def is_known(conn: Connection, sweep_id: UUID) -> bool:
    """Whether this walk is still kept; it goes with its job."""
    return _sql.find(conn, id=sweep_id) is not None


def find(conn: Connection, sweep_id: UUID) -> Sweep:
    """Return one walk, which must exist."""
    return _sweep(_sql.find(conn, id=sweep_id))


def _sweep(row: Row) -> Sweep:
    named = {("nth_try" if name == "try" else name): value for name, value in row.items()}
    return Sweep(**named | {"unreadable": tuple(row["unreadable"])})
