"""What a push would do on Discogs, said before anything is sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from actors.checkpoints import Act, Doing
from actors.comparing.grading import find_slots
from actors.pushing.guarding import are_many
from actors.pushing.outgoing import Refused, add, doings
from actors.pushing.push_wantlist import doing_of
from actors.wording import count
from db import Connection, fields, folders, outgoing, wantlist
from db.albums import Value, own_number
from db.fields import Field
from db.wantlist import Waiting

MOST = 1000  # records that a preview looks at


@dataclass(frozen=True, slots=True)
class Going:
    """One change that would go out, or cannot. ``before`` is what Discogs shows now, ``after`` what the album says.

    ``called`` is the name of an own field, as its collector gave it. ``goes_along`` what another one's request takes
    along, as a move does a rating.
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
    goes_along: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that waits. ``is_confirmed`` when the collector said yes once; ``asks_about_removals`` if many go."""

    changes: Sequence[Going]
    is_whole: bool
    is_confirmed: bool
    removals: int
    asks_about_removals: bool
    sentence: str


def preview(conn: Connection, user_id: UUID) -> Preview:
    """Say what would go out, from what is known here: no request is sent, and nothing is stored."""
    known = fields.of_user(conn, user_id)
    slots, own = find_slots(known), {field.field_id: field for field in known}
    there = {folder.folder_id: folder.name for folder in folders.of_user(conn, user_id)}
    changed = outgoing.changes(conn, user_id, room=MOST)
    unsent = outgoing.adds(conn, user_id, room=MOST)
    going = []
    for one in changed:
        for doing, goes_along in _apart(doings(one, slots, own, there)):
            field = doing.field
            going.append(
                Going(
                    act=Act.WRITE if isinstance(doing, Refused) else doing.act,
                    release_id=one.release_id,
                    instance_id=one.instance_id,
                    album_id=one.album_id,
                    artist=one.artist,
                    title=one.title,
                    field=field,
                    before=None if field is None else one.theirs[field],
                    after=None if field is None else one.ours[field],
                    problem=doing.sentence if isinstance(doing, Refused) else None,
                    called=_called(field, own),
                    goes_along=goes_along,
                )
            )
    for album in unsent:
        act = add(album, there).act
        going.append(Going(act, album.release_id, None, album.album_id, album.artist, album.title))
    wanted = wantlist.waiting(conn, user_id, room=MOST)
    going += [one for waiting in wanted for one in _of_want(waiting)]
    lost, dropped = outgoing.removals(conn, user_id), wantlist.removals(conn, user_id)
    return Preview(
        changes=going,
        is_whole=max(len(changed), len(unsent), len(wanted)) < MOST,
        is_confirmed=outgoing.is_confirmed(conn, user_id),
        removals=lost.removals + dropped.removals,
        asks_about_removals=are_many(lost) or are_many(dropped),
        sentence=_sentence(going),
    )


def _called(field: str | None, own: Mapping[int, Field]) -> str | None:
    number = None if field is None else own_number(field)
    return None if number is None or number not in own else own[number].name


def _apart(todo: Sequence[Doing | Refused]) -> Iterator[tuple[Doing | Refused, bool]]:
    """Say the rating that a move takes along for itself, and that it goes along: one request, two changes."""
    for one in todo:
        yield one, False
        rated = None if isinstance(one, Refused) else one.rated_alone()
        if rated is not None:
            yield rated, True


def _of_want(waiting: Waiting) -> list[Going]:
    """Say what would become of a want on Discogs: one request, however many fields it writes."""
    doing = doing_of(waiting)
    going = partial(Going, doing.act, waiting.release_id, None, None, waiting.artist, waiting.title, is_want=True)
    if doing.act is not Act.WRITE or waiting.theirs is None:
        return [going()]
    return [
        going(field=name, before=waiting.theirs[name], after=after, goes_along=place > 0)
        for place, (name, after) in enumerate(doing.agrees.items())
    ]


def _sentence(going: Sequence[Going]) -> str:
    parts = []
    for act, words in (
        (Act.ADD, "to add"),
        (Act.MOVE, "to move"),
        (Act.RATE, "to rate"),
        (Act.WRITE, "to write"),
        (Act.REMOVE, "to remove"),
    ):
        number = sum(1 for one in going if one.act is act and one.problem is None)
        if number:
            parts.append(f"{number:,} {words}")
    stuck = sum(1 for one in going if one.problem is not None)
    said = f"On Discogs: {', '.join(parts)}." if parts else "Nothing waits to go out."
    return said + (f" {count(stuck, 'change')} cannot go out as they are." if stuck else "")
