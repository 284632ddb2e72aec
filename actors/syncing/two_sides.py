"""What a sync would do on both sides, in one answer: what would come in, go out, conflict and vanish."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST
from actors.checkpoints import Act
from actors.operating.estimate import BEFORE_COLLECTION, expected_records, requests_of
from actors.syncing.preview import Going, preview
from actors.wording import count, lasting
from db import Connection, links, previews
from db.previews import Look, Numbered
from db.storable import Json

Way: TypeAlias = Literal["comes_in", "goes_out", "conflicts", "vanishes"]

OUT = 10**15  # where the places of what goes out begin: after all that a look can find


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One record or one field of one. ``before`` and ``after`` are of the side that would change.

    Of a conflict ``before`` is what stands here, ``after`` what Discogs says, and ``base`` what both agreed on.
    """

    way: Way
    change: str
    is_want: bool
    release_id: int
    instance_id: int | None
    album_id: UUID | None
    artist: str | None
    title: str | None
    field: str | None
    base: Json
    before: Json
    after: Json
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items go each way; what cannot go out as it is counts as stuck."""

    comes_in: int
    goes_out: int
    stuck: int
    conflicts: int
    vanishes: int


@dataclass(frozen=True, slots=True)
class Requests:
    """What the look cost; what another one, the imports and the push would cost at least. None where nobody knows."""

    spent: int
    look: int | None
    imports: int | None
    push: int


@dataclass(frozen=True, slots=True)
class TwoSides:
    """The whole answer, with a page of its items. Without a ``look`` it only knows what goes out."""

    look: Look | None
    counts: Counts
    requests: Requests
    is_whole: bool
    is_confirmed: bool
    asks_about_removals: bool
    items: Sequence[Foreseen]
    next_cursor: int | None
    sentence: str

    @property
    def age_seconds(self) -> int | None:
        """How long ago the look ended; None while it has not."""
        if self.look is None or self.look.looked_at is None:
            return None
        return max(0, round((self.look.read_at - self.look.looked_at).total_seconds()))


def two_sides(conn: Connection, user_id: UUID, *, way: Way | None = None, cursor: int = 0, room: int = 50) -> TwoSides:
    """Say what is known of both sides. Nothing is sent and nothing changes."""
    look = previews.find(conn, user_id)
    out = preview(conn, user_id)
    going = _unopposed(conn, user_id, out.changes)
    found = _tally(conn, user_id)
    counts = Counts(
        comes_in=found.get("comes_in", 0),
        goes_out=sum(one.problem is None for one in going),
        stuck=sum(one.problem is not None for one in going),
        conflicts=found.get("conflicts", 0),
        vanishes=found.get("vanishes", 0),
    )
    items, next_cursor = _page(conn, user_id, going, way=way, cursor=cursor, room=room)
    return TwoSides(
        look=look,
        counts=counts,
        requests=_requests(conn, user_id, look, going),
        is_whole=out.is_whole and look is not None and look.is_whole,
        is_confirmed=out.is_confirmed,
        asks_about_removals=out.asks_about_removals,
        items=items,
        next_cursor=next_cursor,
        sentence=_sentence(look, counts),
    )


def _tally(conn: Connection, user_id: UUID) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in previews.tally(conn, user_id):
        found[one.way] = found.get(one.way, 0) + one.items
    return found


def _unopposed(conn: Connection, user_id: UUID, changes: Sequence[Going]) -> list[Going]:
    """Leave out what would be a conflict: that waits for its answer instead of going out."""
    numbers = [one.release_id if one.is_want else one.instance_id for one in changes]
    clashing = previews.clashing(conn, user_id, [number for number in numbers if number is not None])
    return [
        one
        for one, number in zip(changes, numbers, strict=True)
        if number is None or not {(one.is_want, number, one.field), (one.is_want, number, None)} & clashing
    ]


def _page(
    conn: Connection, user_id: UUID, going: Sequence[Going], *, way: Way | None, cursor: int, room: int
) -> tuple[list[Foreseen], int | None]:
    """Return a page: what the look found first, then what goes out."""
    found: list[tuple[int, Foreseen]] = []
    if way != "goes_out" and cursor < OUT:
        stored = previews.page(conn, user_id, way, after=cursor, room=room + 1)
        found = [(one.number, _stored(one)) for one in stored]
    if way in (None, "goes_out"):
        begin = max(0, cursor - OUT)
        found += [(OUT + place + 1, _going(one)) for place, one in enumerate(going)][begin : begin + room + 1]
    shown = found[:room]
    return [item for _, item in shown], shown[-1][0] if len(found) > room else None


def _stored(one: Numbered) -> Foreseen:
    item = one.item
    return Foreseen(**{name: getattr(item, name) for name in type(item).__slots__})


def _going(one: Going) -> Foreseen:
    return Foreseen(
        way="goes_out",
        change=one.act.value,
        is_want=one.is_want,
        release_id=one.release_id,
        instance_id=one.instance_id,
        album_id=one.album_id,
        artist=one.artist,
        title=one.title,
        field=one.field,
        base=None,
        before=one.before,
        after=one.after,
        problem=one.problem,
    )


def _requests(conn: Connection, user_id: UUID, look: Look | None, going: Sequence[Going]) -> Requests:
    link = links.link(conn, user_id)
    parts = [requests_of(kind, expected_records(kind.name, link)) for kind in (IMPORT_COLLECTION, IMPORT_WANTLIST)]
    imports = None if None in parts else sum(part or 0 for part in parts)
    sent = [one for one in going if one.problem is None and not one.goes_along]
    looked_at = {one.release_id for one in sent if not one.is_want and one.act is not Act.ADD}
    adds = sum(one.act is Act.ADD and not one.is_want for one in sent)
    return Requests(
        spent=0 if look is None else look.requests,
        look=None if imports is None else imports - BEFORE_COLLECTION,
        imports=imports,
        push=len(sent) + len(looked_at) + adds,  # a look at each release, and one before each add
    )


def _sentence(look: Look | None, counts: Counts) -> str:
    out = f"{counts.goes_out:,} would go out"
    stuck = f" {count(counts.stuck, 'change')} cannot go out as they are." if counts.stuck else ""
    if look is None:
        return f"{out}. What would come in takes a look at Discogs.{stuck}"
    if look.looked_at is None:
        return f"{out}. A look at Discogs is under way.{stuck}"
    age = lasting(max(0.0, (look.read_at - look.looked_at).total_seconds()))
    said = (
        f"{counts.comes_in:,} would come in, {out}, {count(counts.conflicts, 'conflict')}, "
        f"{counts.vanishes:,} would vanish; Discogs was looked at {age} ago.{stuck}"
    )
    if not look.is_whole:
        said += " Not all of it could be seen, so nothing is said of what would vanish."
    if look.asks_about_vanished:
        said += " So many would vanish that an import would ask before it marks them."
    if look.is_outdated:
        said += " Records were touched since: look again."
    return said
