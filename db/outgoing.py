"""What waits to go out to Discogs: differences between albums and what was agreed on, and adds that were intended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from db import Connection, sync_log
from db.albums import Value, own_fields, own_names
from db.queries import load
from db.storable import Json

State = Literal["confirmed", "refused", "unclear"]

# The columns of albums that go out to a copy; the collector's own fields do, too.
GOING_OUT = ("media_condition", "sleeve_condition", "discogs_folder_id", "discogs_notes", "discogs_rating")

_sql = load("outgoing")


@dataclass(frozen=True, slots=True)
class Changed:
    """A copy whose album differs from what was agreed on, or was deleted here (``album_id`` is None).

    ``agreed``, ``ours`` and ``theirs`` have the fields that go out; an own field that was never agreed on was empty.
    ``remote_fields`` are all custom fields verbatim.
    """

    instance_id: int
    release_id: int
    at_folder: int
    album_id: UUID | None
    agreed: Mapping[str, Value]
    ours: Mapping[str, Value]
    theirs: Mapping[str, Value]
    remote_fields: Json
    rating: int
    date_added: datetime | None
    artist: str
    title: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """An album that is not on Discogs yet."""

    album_id: UUID
    release_id: int
    artist: str | None
    title: str | None
    folder_id: int | None


@dataclass(frozen=True, slots=True)
class Intent:
    """A copy that was to be added, and the copies of its release that were known before."""

    id: UUID
    album_id: UUID | None
    release_id: int
    known: frozenset[int]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Removals:
    """Copies or wants that would go on Discogs, of all that are there; ``lately`` is how many went within a day.

    Those that somebody had allowed to go do not count, nor what went before them.
    """

    removals: int
    present: int
    lately: int


def next_releases(conn: Connection, user_id: UUID, *, after: int = 0, room: int) -> list[int]:
    """Return at most ``room`` of the releases of which anything waits, by number, from after this one on.

    It compares the whole collection, whatever the room: ask for many at once.
    """
    changed = [row["release_id"] for row in _sql.changed_releases(conn, user_id=user_id, after=after, room=room)]
    unsent = [one.release_id for one in adds(conn, user_id, after=after, room=room)]
    return sorted({*changed, *unsent})[:room]


def changes(
    conn: Connection,
    user_id: UUID,
    *,
    release_id: int | None = None,
    after: int = 0,
    room: int = 1000,
    with_the_same: bool = False,
) -> list[Changed]:
    """Return copies with local changes, of one release or from a release on; ``with_the_same``: those without, too."""
    rows = _sql.changes(
        conn,
        user_id=user_id,
        after_release=after,
        release_id=release_id,
        with_the_same=with_the_same,
        room=room,
    )
    return [_changed(row) for row in rows]


def adds(
    conn: Connection, user_id: UUID, *, release_id: int | None = None, after: int = 0, room: int = 1000
) -> list[Unsent]:
    """Return albums that are not on Discogs yet, of one release or from a release on."""
    rows = _sql.adds(conn, user_id=user_id, after_release=after, release_id=release_id, room=room)
    return [Unsent(**row) for row in rows]


def removals(conn: Connection, user_id: UUID) -> Removals:
    """Count what would be removed on Discogs, and what was lately."""
    lately = sync_log.removed_lately(conn, user_id)
    return Removals(**_sql.count_removals(conn, user_id=user_id), lately=lately)


def intend(conn: Connection, user_id: UUID, *, album_id: UUID, release_id: int) -> UUID:
    """Store that a copy will be added; an album has at most one open intent."""
    row = _sql.intend(conn, user_id=user_id, album_id=album_id, release_id=release_id)
    intent_id: UUID = row["id"]
    return intent_id


def intent(conn: Connection, intent_id: UUID) -> Intent | None:
    """Return an intent; None when its user is gone."""
    row = _sql.find_intent(conn, id=intent_id)
    if row is None:
        return None
    return Intent(row["id"], row["album_id"], row["release_id"], frozenset(row["known"]), row["state"] == "open")


def bound(conn: Connection, user_id: UUID, instance_ids: Sequence[int]) -> frozenset[int]:
    """Return those of these copies that an album has already."""
    rows = _sql.find_bound(conn, user_id=user_id, instance_ids=list(instance_ids))
    return frozenset(row["instance_id"] for row in rows)


def end_intent(
    conn: Connection, intent_id: UUID, state: State, *, instance_id: int | None = None, error: str | None = None
) -> None:
    """Say what became of an intent."""
    _sql.end_intent(conn, id=intent_id, state=state, instance_id=instance_id, error=error)


def bind(
    conn: Connection,
    user_id: UUID,
    *,
    album_id: UUID | None,
    instance_id: int,
    release_id: int,
    folder_id: int,
    asked_folder: int | None,
) -> None:
    """Store a copy that was added, and give it to its album; if that was deleted meanwhile, a deletion waits.

    ``folder_id`` is where it is, ``asked_folder`` where we added it: None of a copy that its owner added.
    """
    _sql.know_release(conn, release_id=release_id, album_id=album_id)
    _sql.add_copy(conn, user_id=user_id, instance_id=instance_id, release_id=release_id, folder_id=folder_id)
    _sql.bind(conn, user_id=user_id, album_id=album_id, instance_id=instance_id, folder_id=folder_id)
    _sql.agree_on_added(conn, user_id=user_id, album_id=album_id, instance_id=instance_id, folder_id=asked_folder)


def agree(conn: Connection, user_id: UUID, instance_id: int, field: str, value: Value) -> None:
    """Note that Discogs has taken a value."""
    _sql.agree(conn, user_id=user_id, instance_id=instance_id, field=field, value=Jsonb(value))


def show(conn: Connection, user_id: UUID, instance_id: int, shown: Mapping[str, Any]) -> None:
    """Store what a copy shows on Discogs after our change; ``shown`` has the columns that a change can touch."""
    _sql.show(conn, user_id=user_id, instance_id=instance_id, **{**shown, "fields": Jsonb(shown["fields"])})


def removed(conn: Connection, user_id: UUID, instance_id: int) -> None:
    """Note that a copy is gone on Discogs, as its owner wanted."""
    _sql.removed(conn, user_id=user_id, instance_id=instance_id)


def is_confirmed(conn: Connection, user_id: UUID) -> bool:
    """Whether the collector said yes to the first preview."""
    return bool(_sql.is_confirmed(conn, user_id=user_id))


def confirm(conn: Connection, user_id: UUID) -> None:
    """Note that the collector said yes; the first time stays."""
    _sql.confirm(conn, user_id=user_id)


def _changed(row: Mapping[str, Any]) -> Changed:
    agreed, ours, theirs = row["agreed_fields"], row["discogs_fields"] or {}, own_fields(row["remote_fields"])
    own = own_names(agreed, ours, theirs)
    return Changed(
        instance_id=row["instance_id"],
        release_id=row["release_id"],
        at_folder=row["at_folder"],
        album_id=row["album_id"],
        agreed={name: agreed[name] for name in GOING_OUT if name in agreed} | {name: agreed.get(name) for name in own},
        ours={name: row[name] for name in GOING_OUT} | {name: ours.get(name) for name in own},
        theirs={
            "media_condition": row["their_media_condition"],
            "sleeve_condition": row["their_sleeve_condition"],
            "discogs_folder_id": row["at_folder"],
            "discogs_notes": row["their_notes"],
            "discogs_rating": row["rating"] or None,
            **{name: theirs.get(name) for name in own},
        },
        remote_fields=row["remote_fields"],
        rating=row["rating"],
        date_added=row["date_added"],
        artist=row["release_artist"],
        title=row["release_title"],
    )
