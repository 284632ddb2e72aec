"""Records that an undo changed here, until the user chooses how the sync goes on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from db import Connection, outgoing
from db.queries import load
from db.storable import as_rows

MOST_ADDS = 10_000  # counted for information only

_sql = load("undone_records")


@dataclass(frozen=True, slots=True)
class UndoneRecord:
    """One record: ``record_id`` is an instance id, or the release id of a want.

    ``act`` is drop, unmark or put_back; ``fields`` have their value from before the sync again.
    """

    is_want: bool
    record_id: int
    act: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """Number of records and wants that an undo changed."""

    records: int
    wants: int


@dataclass(frozen=True, slots=True)
class Differences:
    """Changes that a push would make on Discogs now, in records and wants: deletions, overwrites, adds."""

    deletions: int
    overwrites: int
    adds: int


def add(conn: Connection, user_id: UUID, records: Sequence[UndoneRecord]) -> None:
    """Store what an undo did; of several lines about one record the strongest act stays."""
    for one in records:  # one by one: two lines of a page may be about the same record
        rows = as_rows(
            [{"is_want": one.is_want, "record_id": one.record_id, "act": one.act, "fields": list(one.fields)}]
        )
        _sql.add(conn, user_id=user_id, rows=rows)


def tally(conn: Connection, user_id: UUID) -> Tally:
    """Count the records about which the user has not chosen yet."""
    return Tally(**_sql.tally(conn, user_id=user_id))


def claim_deletions(conn: Connection, user_id: UUID) -> None:
    """Make a deletion to push of each record that the undo removed here and that is on Discogs."""
    _sql.claim_deletions(conn, user_id=user_id)
    _sql.claim_want_deletions(conn, user_id=user_id)


def claim_fields(conn: Connection, user_id: UUID) -> None:
    """Make an overwrite to push of each field that has its value from before the sync again."""
    _sql.claim_fields(conn, user_id=user_id)
    _sql.claim_want_fields(conn, user_id=user_id)


def unmarked(conn: Connection, user_id: UUID) -> list[int]:
    """Return the instance ids of copies that Discogs does not list, and that the undo marked as present."""
    return [row["record_id"] for row in _sql.list_unmarked(conn, user_id=user_id)]


def claim_adds(conn: Connection, user_id: UUID, instance_ids: Sequence[int]) -> None:
    """Mark records that Discogs does not list as missing again, wants too, which makes an add to push of each want."""
    _sql.mark_missing(conn, user_id=user_id, instance_ids=list(instance_ids))
    _sql.claim_want_adds(conn, user_id=user_id)


def keep_local(conn: Connection, user_id: UUID) -> None:
    """Let imports and pushes leave these records alone."""
    _sql.keep_local(conn, user_id=user_id)
    _sql.keep_dropped_local(conn, user_id=user_id)
    _sql.keep_wants_local(conn, user_id=user_id)


def log_choice(conn: Connection, user_id: UUID, choice: str) -> None:
    """Add a history line to each of these records."""
    _sql.log_choice(conn, user_id=user_id, choice=choice)


def differences(conn: Connection, user_id: UUID) -> Differences:
    """Count what a push would change on Discogs now; it compares the whole collection."""
    found = Differences(**_sql.count_differences(conn, user_id=user_id))
    return replace(found, adds=found.adds + len(outgoing.adds(conn, user_id, room=MOST_ADDS)))


def pause(conn: Connection, user_id: UUID) -> None:
    """Pause the connection: no import and no push runs until the user chooses."""
    _sql.pause(conn, user_id=user_id)


def needs_full_sync(conn: Connection, user_id: UUID) -> None:
    """Have the next sync read everything; drop the first complete import if the undo took that back."""
    _sql.needs_full_sync(conn, user_id=user_id)


def settle(conn: Connection, user_id: UUID, record_id: int, *, is_want: bool) -> None:
    """Leave one record out of the choice: its user restored it."""
    _sql.settle(conn, user_id=user_id, is_want=is_want, record_id=record_id)


def resume(conn: Connection, user_id: UUID) -> None:
    """End the pause and forget the records of the undo."""
    _sql.clear(conn, user_id=user_id)
    _sql.resume(conn, user_id=user_id)
