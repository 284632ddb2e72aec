"""What a sync would do on both sides, in one answer: what would come in, go out, conflict and vanish."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias
from uuid import UUID

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST
from actors.operating.estimate import BEFORE_COLLECTION, expected_records, requests_of
from actors.pushing.push_preview import MORE, OutgoingChange, count_requests, preview_push, said_of_stuck
from actors.wording import count
from db import Connection, fields, links, previews
from db.albums import OWN
from db.links import Link
from db.previews import FIRST, Item, Look, Place
from db.storable import Json
from services.wording import lasting

Way: TypeAlias = Literal["comes_in", "goes_out", "conflicts", "vanishes"]

NOT_CONNECTED = "No Discogs account is connected: nothing comes in or goes out until one is."

# A release, a copy, an album, a field and a way; what means nothing is empty.
CURSOR = re.compile(
    r"^(copy|want)[.]([0-9]{1,18})[.]([0-9]{1,18})[.]([a-z0-9-]{0,36})[.]([a-z0-9_]{0,40})[.]([a-z_]+)$"
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last item of a page. It is found again by what it is about, so the list may change between two pages.

    What goes out stands after all that the look found; there an album that has no copy yet has its own place.
    """

    place: Place
    album: str = ""

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what ``__str__`` wrote. Raises ValueError."""
        read = CURSOR.match(text)
        if read is None:
            raise ValueError(f"no cursor of a preview: {text!r}")
        of_what, release_id, instance_id, album, field, way = read.groups()
        return cls(Place(of_what == "want", int(release_id), int(instance_id), field, way), album)

    def __str__(self) -> str:
        at = self.place
        of_what = "want" if at.is_want else "copy"
        return f"{of_what}.{at.release_id}.{at.instance_id}.{self.album}.{at.field}.{at.way}"

    @property
    def order(self) -> tuple[bool, int, int, str, str]:
        """What goes out is listed by this, as ``previews.page`` lists what was found."""
        at = self.place
        return at.is_want, at.release_id, at.instance_id, self.album, at.field

    @property
    def goes_out(self) -> bool:
        """Whether it is among what goes out, behind all that the look found."""
        return self.place.way == "goes_out"


@dataclass(frozen=True, slots=True)
class PreviewItem:
    """One record or one field of one. ``before`` and ``after`` are of the side that would change.

    Of a conflict ``before`` is what stands here, ``after`` what Discogs says, and ``base`` what both agreed on.
    ``called`` is the name of an own field, ``followed_by`` what is written once an add is done.
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
    called: str | None = None
    followed_by: Sequence[str] = ()

    @property
    def cursor(self) -> Cursor:
        """Where the page after it begins."""
        place = Place(self.is_want, self.release_id, self.instance_id or 0, self.field or "", self.way)
        is_of_album = self.way == "goes_out" and self.instance_id is None and self.album_id is not None
        return Cursor(place, str(self.album_id) if is_of_album else "")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items go each way: changes, of which several may go out in one request, or one in several.

    What cannot go out as it is counts as stuck.
    """

    comes_in: int
    goes_out: int
    stuck: int
    conflicts: int
    vanishes: int


@dataclass(frozen=True, slots=True)
class Requests:
    """What the look cost; what another one, the imports and the push would cost. None where nobody knows."""

    spent: int
    look: int | None
    imports: int | None
    push: int


@dataclass(frozen=True, slots=True)
class SyncPreview:
    """The whole answer, with a page of its items. Without a ``look`` it only knows what goes out."""

    look: Look | None
    counts: Counts
    requests: Requests
    is_whole: bool
    is_confirmed: bool
    asks_about_removals: bool
    items: Sequence[PreviewItem]
    next_cursor: Cursor | None
    sentence: str

    @property
    def age_seconds(self) -> int | None:
        """How long ago the look ended; None while it has not."""
        if self.look is None or self.look.looked_at is None:
            return None
        return max(0, round((self.look.read_at - self.look.looked_at).total_seconds()))


def preview(
    conn: Connection, user_id: UUID, *, way: Way | None = None, cursor: Cursor | None = None, room: int = 50
) -> SyncPreview:
    """Say what is known of both sides. Nothing is sent and nothing changes."""
    look, link = previews.find(conn, user_id), links.link(conn, user_id)
    out = preview_push(conn, user_id)
    going = _unopposed(conn, user_id, out.changes)
    push = out.requests if len(going) == len(out.changes) else count_requests(conn, user_id, going)
    found = _tally(conn, user_id)
    counts = Counts(
        comes_in=found.get("comes_in", 0),
        goes_out=sum(one.problem is None for one in going),
        stuck=sum(one.problem is not None for one in going),
        conflicts=found.get("conflicts", 0),
        vanishes=found.get("vanishes", 0),
    )
    items = _items(conn, user_id, going, way=way, cursor=cursor, room=room + 1)
    return SyncPreview(
        look=look,
        counts=counts,
        requests=_requests(link, look, push),
        is_whole=out.is_whole and look is not None and look.is_whole,
        is_confirmed=out.is_confirmed,
        asks_about_removals=out.asks_about_removals,
        items=items[:room],
        next_cursor=items[room - 1].cursor if len(items) > room else None,
        sentence=_sentence(look, counts, push, link) + ("" if out.is_whole else MORE),
    )


def _tally(conn: Connection, user_id: UUID) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in previews.tally(conn, user_id):
        found[one.way] = found.get(one.way, 0) + one.items
    return found


def _unopposed(conn: Connection, user_id: UUID, changes: Sequence[OutgoingChange]) -> list[OutgoingChange]:
    """Leave out what would be a conflict: that waits for its answer instead of going out.

    The rating that a move takes along is sent alone where the move itself is in conflict.
    """
    numbers = [one.release_id if one.is_want else one.instance_id for one in changes]
    clashing = previews.clashing(conn, user_id, [number for number in numbers if number is not None])
    going: list[OutgoingChange] = []
    carried = False
    for one, number in zip(changes, numbers, strict=True):
        is_opposed = number is not None and bool(
            {(one.is_want, number, one.field), (one.is_want, number, None)} & clashing
        )
        if is_opposed:
            carried = one.requests > 0
            continue
        going.append(replace(one, requests=1) if one.requests == 0 and carried else one)
        carried = False
    return going


def _items(
    conn: Connection,
    user_id: UUID,
    going: Sequence[OutgoingChange],
    *,
    way: Way | None,
    cursor: Cursor | None,
    room: int,
) -> list[PreviewItem]:
    """Return items after the cursor: what the look found first, then what goes out."""
    found: list[PreviewItem] = []
    is_beyond = cursor is not None and cursor.goes_out
    if way != "goes_out" and not is_beyond:
        after = FIRST if cursor is None else cursor.place
        names = {f"{OWN}{one.field_id}": one.name for one in fields.of_user(conn, user_id)}
        found = [_stored(one, names) for one in previews.page(conn, user_id, way, after=after, room=room)]
    if way in (None, "goes_out"):
        out = sorted((_going(one) for one in going), key=lambda one: one.cursor.order)
        found += [one for one in out if cursor is None or not is_beyond or one.cursor.order > cursor.order]
    return found[:room]


def _stored(item: Item, names: Mapping[str, str]) -> PreviewItem:
    said = {name: getattr(item, name) for name in type(item).__slots__}
    return PreviewItem(**said, called=names.get(item.field or ""))


def _going(one: OutgoingChange) -> PreviewItem:
    return PreviewItem(
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
        called=one.called,
        followed_by=one.followed_by,
    )


def _requests(link: Link | None, look: Look | None, push: int) -> Requests:
    parts = [requests_of(kind, expected_records(kind.name, link)) for kind in (IMPORT_COLLECTION, IMPORT_WANTLIST)]
    imports = None if None in parts else sum(part or 0 for part in parts)
    return Requests(
        spent=0 if look is None else look.requests,
        look=None if imports is None else imports - BEFORE_COLLECTION,
        imports=imports,
        push=push,
    )


def _sentence(look: Look | None, counts: Counts, push: int, link: Link | None) -> str:
    said = _said_of(look, counts, push)
    return said if link is not None and link.state == "connected" else f"{NOT_CONNECTED} {said}"


def _said_of(look: Look | None, counts: Counts, push: int) -> str:
    out = f"{counts.goes_out:,} would go out" + (f" in {count(push, 'request')}" if counts.goes_out else "")
    stuck = said_of_stuck(counts.stuck)
    if look is None:
        return f"{out}. What would come in takes a look at Discogs.{stuck}"
    if look.looked_at is None:
        state = "is under way" if look.is_live else "ended before it was done: look again"
        return f"{out}. A look at Discogs {state}.{stuck}"
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
