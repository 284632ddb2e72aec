"""What a push would do on Discogs, said before anything is sent: each change, and how many requests it all takes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from actors.checkpoints import Act, Doing
from actors.comparing.grading import Slots, find_slots
from actors.importing.walking import PER_PAGE
from actors.pushing.guarding import are_many
from actors.pushing.outgoing import Refused, add, doings
from actors.pushing.push_wantlist import doing_of
from actors.wording import count
from db import Connection, albums, fields, folders, outgoing, wantlist, wants
from db.albums import Fields, Value, own_names, own_number
from db.fields import Field
from db.outgoing import GOING_OUT, Changed, Unsent
from db.wantlist import Waiting

MOST = 1000  # records that a preview looks at
MORE = f" These are the first {MOST:,} records of a list: more wait."


@dataclass(frozen=True, slots=True)
class OutgoingChange:
    """One change that would go out, or cannot. ``before`` is what Discogs shows now, ``after`` what the album says.

    ``called`` is the name of an own field, as its collector gave it. An add is ``followed_by`` fields that are written
    once the copy is there. ``requests`` are those that send it, with what follows; the looks before them are apart.
    None are left for what another one's request takes along, as a move does a rating.
    """

    act: Act
    release_id: int
    instance_id: int | None
    album_id: UUID | None
    artist: str | None
    title: str | None
    field: str | None = None
    before: Value = None
    after: Value = None
    problem: str | None = None
    is_want: bool = False
    called: str | None = None
    followed_by: Sequence[str] = ()
    requests: int = 1


@dataclass(frozen=True, slots=True)
class PushPreview:
    """Everything that waits. ``is_confirmed`` when the collector said yes once; ``asks_about_removals`` if many go."""

    changes: Sequence[OutgoingChange]
    requests: int
    is_whole: bool
    is_confirmed: bool
    removals: int
    asks_about_removals: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a collector's fields and folders on Discogs."""

    slots: Slots
    own: Mapping[int, Field]
    folders: Mapping[int, str]


def preview_push(conn: Connection, user_id: UUID) -> PushPreview:
    """Say what would go out, from what is known here: no request is sent, and nothing is stored."""
    listed = fields.of_user(conn, user_id)
    there = {folder.folder_id: folder.name for folder in folders.of_user(conn, user_id)}
    known = Known(find_slots(listed), {field.field_id: field for field in listed}, there)
    changed = outgoing.changes(conn, user_id, room=MOST)
    unsent = outgoing.adds(conn, user_id, room=MOST)
    wanted = wantlist.waiting(conn, user_id, room=MOST)
    free = albums.free_of_releases(conn, user_id, [one.release_id for one in unsent])
    texts = {album.id: album.fields for each in free.values() for album in each}
    changes = [change for one in changed for change in _of_copy(one, known)]
    changes += [change for one in unsent for change in _of_add(one, texts.get(one.album_id, {}), known)]
    changes += [change for one in wanted for change in _of_want(one)]
    lost, dropped = outgoing.removals(conn, user_id), wantlist.removals(conn, user_id)
    requests = count_requests(conn, user_id, changes)
    is_whole = max(len(changed), len(unsent), len(wanted)) < MOST
    return PushPreview(
        changes=changes,
        requests=requests,
        is_whole=is_whole,
        is_confirmed=outgoing.is_confirmed(conn, user_id),
        removals=lost.removals + dropped.removals,
        asks_about_removals=are_many(lost) or are_many(dropped),
        sentence=_sentence(changes, requests) + ("" if is_whole else MORE),
    )


def count_requests(conn: Connection, user_id: UUID, changes: Iterable[OutgoingChange]) -> int:
    """How many requests a push of these takes, when nothing changed on Discogs meanwhile and nothing goes wrong.

    It looks once at each release of which a copy changes, before each add, and at the wantlist, newest first, until it
    has seen every want that changes.
    """
    sent = [one for one in changes if one.problem is None]
    looked_at = {one.release_id for one in sent if not one.is_want and one.act is not Act.ADD}
    adds = sum(one.act is Act.ADD and not one.is_want for one in sent)
    there = [one.release_id for one in sent if one.is_want and one.act is not Act.ADD]
    pages = -(-wants.count_down_to(conn, user_id, there) // PER_PAGE) if there else 0
    return sum(one.requests for one in sent) + len(looked_at) + adds + pages


def _of_copy(changed: Changed, known: Known) -> Iterator[OutgoingChange]:
    """Say what would become of a copy, field by field; a rating that its move takes along costs nothing."""
    for doing in doings(changed, known.slots, known.own, known.folders):
        yield _change(changed, doing, known)
        rated = None if isinstance(doing, Refused) else doing.rated_alone()
        if rated is not None:
            yield _change(changed, rated, known, requests=0)


def _change(changed: Changed, doing: Doing | Refused, known: Known, *, requests: int = 1) -> OutgoingChange:
    field = doing.field
    number = None if field is None else own_number(field)
    return OutgoingChange(
        act=Act.WRITE if isinstance(doing, Refused) else doing.act,
        release_id=changed.release_id,
        instance_id=changed.instance_id or None,
        album_id=changed.album_id,
        artist=changed.artist,
        title=changed.title,
        field=field,
        before=None if field is None else changed.theirs[field],
        after=None if field is None else changed.ours[field],
        problem=doing.sentence if isinstance(doing, Refused) else None,
        called=None if number is None or number not in known.own else known.own[number].name,
        requests=requests,
    )


def _of_add(unsent: Unsent, ours: Fields, known: Known) -> list[OutgoingChange]:
    """Say of an album that it would be added, and what would be written then; what cannot be stands for itself."""
    made = _as_made(unsent, ours, add(unsent, known.folders).folder_id)
    following = doings(made, known.slots, known.own, known.folders)
    refused = [_change(made, one, known) for one in following if isinstance(one, Refused)]
    written = [one for one in following if isinstance(one, Doing)]
    added = OutgoingChange(
        act=Act.ADD,
        release_id=unsent.release_id,
        instance_id=None,
        album_id=unsent.album_id,
        artist=unsent.artist,
        title=unsent.title,
        followed_by=[name for one in written for name in one.agrees],
        requests=1 + len(written),
    )
    return [added, *refused]


def _as_made(unsent: Unsent, ours: Fields, folder_id: int) -> Changed:
    """Return the copy as Discogs would make it: empty, in its folder, and both sides agree on that."""
    empty: dict[str, Value] = {**dict.fromkeys((*GOING_OUT, *own_names(ours))), "discogs_folder_id": folder_id}
    says = {name: ours.get(name) for name in empty}
    return Changed(
        instance_id=0,
        release_id=unsent.release_id,
        at_folder=folder_id,
        album_id=unsent.album_id,
        agreed=empty,
        ours={**says, "discogs_folder_id": says["discogs_folder_id"] or folder_id},
        theirs=empty,
        remote_fields=[],
        rating=0,
        date_added=None,
        artist=unsent.artist or "",
        title=unsent.title or "",
    )


def _of_want(waiting: Waiting) -> list[OutgoingChange]:
    """Say what would become of a want: one request, however many fields it writes; a new one is sent empty first."""
    doing = doing_of(waiting)
    change = partial(
        OutgoingChange, doing.act, waiting.release_id, None, None, waiting.artist, waiting.title, is_want=True
    )
    if doing.act is Act.ADD:
        follow = [name for name, value in (waiting.ours or {}).items() if value not in (None, "")]
        return [change(followed_by=follow, requests=1 + bool(follow))]
    if doing.act is not Act.WRITE or waiting.theirs is None:
        return [change()]
    return [
        change(field=name, before=waiting.theirs[name], after=after, requests=int(place == 0))
        for place, (name, after) in enumerate(doing.agrees.items())
    ]


def _sentence(changes: Sequence[OutgoingChange], requests: int) -> str:
    parts = []
    for act, words in (
        (Act.ADD, "to add"),
        (Act.MOVE, "to move"),
        (Act.RATE, "to rate"),
        (Act.WRITE, "to write"),
        (Act.REMOVE, "to remove"),
    ):
        number = sum(1 for one in changes if one.act is act and one.problem is None)
        if number:
            parts.append(f"{number:,} {words}")
    stuck = sum(1 for one in changes if one.problem is not None)
    said = f"On Discogs: {', '.join(parts)}; {count(requests, 'request')}." if parts else "Nothing waits to go out."
    return said + said_of_stuck(stuck)


def said_of_stuck(number: int) -> str:
    """Say how many changes cannot go out, as a sentence that follows another; nothing of none."""
    return f" {count(number, 'change')} cannot go out as {'it is' if number == 1 else 'they are'}." if number else ""
