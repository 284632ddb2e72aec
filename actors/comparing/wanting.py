"""Both sides of wants brought together: what Discogs shows, what the app's list says, and what was agreed on."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from uuid import UUID

from actors.comparing import wants_resolving
from actors.comparing.conflicting import BY_RULE, BY_SYNC, decide
from actors.comparing.merging import Merge, Side, is_same, merge
from actors.comparing.resolving import Key, key_of, note_decided
from actors.comparing.wants_resolving import are_same
from db import Connection, conflicts, sync_log, wantlist
from db.albums import Fields
from db.conflicts import WANT_RECORD, Clash, Ending
from db.sync_log import Line
from db.wantlist import SHARED, Edit
from db.wants import KnownWant, Want


def fields_of(want: Want) -> Fields:
    """Return what both sides share of a want; no rating is None."""
    return {"want_notes": want.notes, "want_rating": want.rating or None}


@dataclass(frozen=True, slots=True)
class Taken:
    """Changes that a page made to the app's list: wants ``added``, fields before and after of ``edited`` ones."""

    added: Set[int]
    edited: Mapping[int, tuple[Fields, Fields]]


def reconcile(conn: Connection, user_id: UUID, shown: Mapping[int, Fields], known: Mapping[int, KnownWant]) -> Taken:
    """Take over what changed on Discogs alone; what changed on both sides is a conflict, or decided by a rule.

    ``shown`` is what Discogs shows of wants, by release, and stored already; ``known`` is what was known before. Wants
    that are kept local only are left alone.
    """
    shown = {
        number: theirs for number, theirs in shown.items() if number not in known or not known[number].is_local_only
    }
    ours = wantlist.of_releases(conn, user_id, list(shown))
    pacts = {number: known[number].agreed if number in known else None for number in shown}
    new = {number: theirs for number, theirs in shown.items() if pacts[number] is None and number not in ours}
    added = wantlist.add(conn, user_id, new)  # one that the app wanted this moment too is merged at the next look
    wantlist.agree(conn, user_id, {number: new[number] for number in added})
    standing = conflicts.open_of_wants(conn, user_id, list(shown))
    met = {number: (pacts[number] or {}, mine, shown[number]) for number, mine in ours.items()}
    clashes = [_clash(number, name, met[number], known) for number in met for name in _merged(met[number]).clashing]
    deleted = [number for number, pact in pacts.items() if pact is not None and number not in ours]
    clashes += [
        _record(number, pacts[number] or {}, None, shown[number])
        for number in deleted
        if not are_same(shown[number], pacts[number] or {})
    ]
    found, decided = decide(conn, user_id, clashes, standing) if clashes else ({}, {})
    written = _write(conn, user_id, met, decided)
    done = {key: side for key, side in decided.items() if key[0] in written}
    done |= _carry_out(conn, user_id, found, {key: side for key, side in decided.items() if key[1] == WANT_RECORD})
    _note(conn, user_id, {key: one for key, one in found.items() if key[0] in written or key[0] in deleted}, standing)
    note_decided(conn, user_id, [found[key] for key in done], done, by=BY_RULE)
    over = [key for key in standing if key not in found and (key[0] in written or key[0] in deleted)]
    conflicts.close(conn, user_id, [Ending(number, name, "agreed", BY_SYNC) for number, name in over])
    now = wantlist.of_releases(conn, user_id, [number for number in ours if number in written])
    return Taken(added, {number: (ours[number], said) for number, said in now.items() if said != ours[number]})


def note_vanished(conn: Connection, user_id: UUID) -> None:
    """Look at wants that are gone on Discogs: who was not edited here goes here too, who was is a conflict."""
    gone = wantlist.vanished(conn, user_id)
    if not gone:
        return
    numbers = [one.release_id for one in gone]
    standing = conflicts.open_of_wants(conn, user_id, numbers)
    same = {one.release_id: one.ours for one in gone if one.ours is not None and are_same(one.ours, one.agreed)}
    removed = wantlist.remove(conn, user_id, same)
    nowhere = {one.release_id for one in gone if one.ours is None} | removed
    wantlist.let_go(conn, user_id, sorted(nowhere))
    clashes = [
        _record(one.release_id, one.agreed, one.ours, None)
        for one in gone
        if one.ours is not None and one.release_id not in same
    ]
    found, decided = decide(conn, user_id, clashes, standing) if clashes else ({}, {})
    done = _carry_out(conn, user_id, found, decided)
    _note(conn, user_id, found, standing)
    note_decided(conn, user_id, [found[key] for key in done], done, by=BY_RULE)
    over = [key for key in standing if key not in found]
    conflicts.close(
        conn,
        user_id,
        [Ending(number, name, "agreed" if name == WANT_RECORD else "superseded", BY_SYNC) for number, name in over],
    )


def update_review_items(conn: Connection, user_id: UUID) -> None:
    """Add review items for wants that are owned by now, and for alerts whose want is gone; close those without ground.

    An answer is remembered: a want that stays although it is owned is not asked about again.
    """
    wantlist.ask_owned(conn, user_id, "The want or the copy is gone.")
    wantlist.ask_removed(conn, user_id, "The release is wanted again, or has no alert.")


def _merged(sides: tuple[Fields, Fields, Fields], decided: Mapping[str, Side] | None = None) -> Merge:
    return merge(*sides, decided or {}, names=SHARED)


def _write(
    conn: Connection,
    user_id: UUID,
    met: Mapping[int, tuple[Fields, Fields, Fields]],
    decided: Mapping[Key, Side],
) -> set[int]:
    """Write what Discogs changed, unless the app wrote this moment; return of which wants both sides are as merged."""
    merges = {
        number: _merged(sides, {name: side for (of, name), side in decided.items() if of == number})
        for number, sides in met.items()
    }
    edits = [
        Edit(number, met[number][1], merged.becomes)
        for number, merged in merges.items()
        if not are_same(met[number][1], merged.becomes)
    ]
    missed = {edit.release_id for edit in edits} - wantlist.change(conn, user_id, edits)
    written = merges.keys() - missed
    wantlist.agree(conn, user_id, {number: merges[number].agreed for number in sorted(written)})
    return written


def _carry_out(
    conn: Connection, user_id: UUID, found: Mapping[Key, Clash], decided: Mapping[Key, Side]
) -> dict[Key, Side]:
    done: dict[Key, Side] = {}
    for side in ("ours", "theirs"):
        chosen = [found[key] for key, said in decided.items() if said == side]
        done |= dict.fromkeys(wants_resolving.take_side(conn, user_id, chosen, side), side)
    return done


def _note(conn: Connection, user_id: UUID, found: Mapping[Key, Clash], standing: Mapping[Key, Clash]) -> None:
    fresh = [clash for key, clash in found.items() if standing.get(key) != clash]
    conflicts.keep(conn, user_id, fresh)
    sync_log.add(conn, user_id, [_line(clash) for clash in fresh if key_of(clash) not in standing])


def _clash(number: int, name: str, sides: tuple[Fields, Fields, Fields], known: Mapping[int, KnownWant]) -> Clash:
    pact, mine, theirs = sides
    before = known.get(number)
    has_moved = before is not None and not is_same(fields_of(before.want)[name], theirs[name])
    return Clash(
        instance_id=number,
        release_id=number,
        album_id=None,
        field=name,
        has_base=name in pact,
        base=pact.get(name),
        ours=mine[name],
        theirs=theirs[name],
        theirs_changed_after=before.looked_at if before is not None and has_moved else None,
    )


def _record(number: int, pact: Fields, mine: Fields | None, theirs: Fields | None) -> Clash:
    return Clash(number, number, None, WANT_RECORD, has_base=True, base=pact, ours=mine, theirs=theirs)


def _line(clash: Clash) -> Line:
    change = {
        (True, False): "edited on Discogs, removed here",
        (False, True): "edited here, gone on Discogs",
        (False, False): "changed on both sides",
    }[clash.ours is None and clash.field == WANT_RECORD, clash.theirs is None and clash.field == WANT_RECORD]
    details = {"change": change, "list": "wantlist", "field": clash.field}
    return Line("conflict", clash.release_id, None, "conflict", details)
