"""Which album shows which copy, as far as one page can tell: albums are made, brought up to date, or left to later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from actors.comparing.conflicting import Before, Look, Met, meet, note, note_deletions, settle
from db import Connection, agreed, albums, conflicts
from db.agreed import Pact
from db.albums import Album, Change, Fields, Name


@dataclass(frozen=True, slots=True)
class Shelved:
    """What became of a copy's album. ``taken`` fields changed on Discogs, ``clashing`` ones on both sides.

    What changed on both sides and is decided by a rule is among ``taken`` if Discogs prevailed, else the album stayed.
    """

    album_id: UUID
    is_new: bool
    taken: tuple[str, ...] = ()
    clashing: tuple[str, ...] = ()
    was: Fields = field(default_factory=dict)


def shelve(
    conn: Connection, user_id: UUID, copies: Mapping[int, Fields], looks: Mapping[int, Look]
) -> dict[int, Shelved]:
    """Bring the albums of these copies up to date, by instance id, and make those that are missing.

    A copy is absent from the answer if it is kept local only, if its album was deleted here (that waits to be pushed,
    or is a conflict), if
    albums without a copy might be it (that waits for the end of the sweep, when all rivals are known), or if the app
    was faster. ``looks`` is what was known of the copies before.
    """
    before = Before(conflicts.open_of_copies(conn, user_id, list(copies)), looks)
    agreements = agreed.of_copies(conn, user_id, list(copies))
    strangers = {number: copies[number] for number in copies if number not in agreements}
    named = albums.of_instances(conn, user_id, list(strangers)) if strangers else {}
    met = {
        number: meet(pact.album, pact.fields, copies[number])
        for number, pact in agreements.items()
        if pact.album is not None and not pact.is_local_only
    }
    met |= {number: meet(album, {}, copies[number]) for number, album in named.items()}
    deleted = {
        number: (pact, copies[number])
        for number, pact in agreements.items()
        if pact.album is None and not pact.is_local_only
    }
    note_deletions(conn, user_id, deleted, before)
    homeless = {number: fields for number, fields in strangers.items() if number not in named}
    claimed = find_claimed(conn, user_id, homeless)
    made = create(conn, user_id, {number: homeless[number] for number in homeless if number not in claimed})
    return made | bring_up_to_date(conn, user_id, met, before)


def create(conn: Connection, user_id: UUID, copies: Mapping[int, Fields]) -> dict[int, Shelved]:
    """Make albums for copies that have none, with all that they say agreed on."""
    made = albums.create(conn, user_id, copies)
    agreed.upsert(conn, user_id, [Pact(number, album_id, copies[number]) for number, album_id in made.items()])
    return {number: Shelved(album_id, is_new=True) for number, album_id in made.items()}


def link(conn: Connection, user_id: UUID, pairs: Mapping[int, tuple[Album, Fields]]) -> dict[int, Shelved]:
    """Bind albums that were there before to the copies that they are; ``pairs`` by instance id."""
    met = {number: meet(album, {}, theirs) for number, (album, theirs) in pairs.items()}
    return bring_up_to_date(conn, user_id, met, Before(conflicts.open_of_copies(conn, user_id, list(met)), {}))


def bring_up_to_date(conn: Connection, user_id: UUID, met: Mapping[int, Met], before: Before) -> dict[int, Shelved]:
    """Write what Discogs changed, and agree on it; an album that the app edited meanwhile waits for the next look.

    What changed on both sides is decided by a rule or becomes a conflict.
    """
    settled = settle(conn, user_id, met, before)
    met = settled.met
    changes = [
        Change(one.album.id, number, was=one.album.fields, becomes=one.merge.becomes)
        for number, one in met.items()
        if one.merge.taken or one.album.instance_id != number
    ]
    written = albums.update(conn, user_id, changes)
    refused = {change.instance_id for change in changes if change.album_id not in written}
    kept = {number: one for number, one in met.items() if number not in refused}
    pacts = [
        Pact(number, one.album.id, changed(one.before, one.merge.agreed))
        for number, one in kept.items()
        if one.merge.agreed != one.before
    ]
    agreed.upsert(conn, user_id, pacts)
    note(conn, user_id, settled, before, kept)
    return {
        number: Shelved(
            one.album.id,
            is_new=False,
            taken=one.merge.taken,
            clashing=one.merge.clashing,
            was=one.album.fields,
        )
        for number, one in kept.items()
    }


def changed(before: Fields, after: Fields) -> Fields:
    """Return what is otherwise after than before; what was agreed on is never taken back."""
    return {name: value for name, value in after.items() if name not in before or before[name] != value}


def find_claimed(conn: Connection, user_id: UUID, homeless: Mapping[int, Fields]) -> set[int]:
    """Return the copies that an album without a copy might be: same release, else same artist, title and year."""
    if not homeless or not albums.has_free(conn, user_id):
        return set()
    release_ids = {number: int(str(fields["discogs_release_id"])) for number, fields in homeless.items()}
    names = {number: name_of(fields) for number, fields in homeless.items()}
    by_release = albums.free_of_releases(conn, user_id, list(release_ids.values()))
    by_name = albums.free_of_names(conn, user_id, list(set(names.values())))
    return {number for number in homeless if release_ids[number] in by_release or names[number] in by_name}


def name_of(fields: Fields) -> Name:
    """Return what finds an album of this copy that names no release."""
    year = fields["year"]
    return Name(str(fields["artist"]), str(fields["title"]), None if year is None else int(year))
