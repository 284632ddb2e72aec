"""What must be true of two sides that are brought together again and again: the edits that nobody may lose.

The oracle knows nothing of bases, pages and pushes. It sees each edit as it is made, and what its maker saw. An edit
*counts* from then on until both sides say the same after a sync that nothing disturbed, or until somebody edits over it
who saw it. So:

- A conflict needs an edit that counts on each side. What changed on one side only is none.
- An edit that counts and that nobody saw is on one of both sides, or in a conflict's record. Else it was lost.
- After an undisturbed import the other side's edits are here, after an undisturbed push ours are there.
- Where no edit counts, both sides say what they said when they last agreed: byte for byte.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from tests.sync.world import COLUMNS, Values, World

RECORD = "_record"
GUARDED = COLUMNS  # a deletion does not take edits of these along

Value = str | int | None


class Wrong(AssertionError):
    """The two sides are not what they must be."""


@dataclass
class Edit:
    """What somebody wrote; ``is_seen`` once somebody who saw it wrote something else, or answered for the other."""

    value: Value
    is_seen: bool = False


@dataclass
class Oracle:
    """Edits that count, by album and by copy; who was added and who was removed, and by whom."""

    names: ClassVar[Sequence[str]] = COLUMNS
    record: ClassVar[str] = RECORD
    guarded: ClassVar[Sequence[str]] = GUARDED

    world: World
    ours: dict[UUID, dict[str, Edit]] = field(default_factory=dict)
    theirs: dict[int, dict[str, Edit]] = field(default_factory=dict)
    agreed: dict[tuple[int, str], Value] = field(default_factory=dict)
    made_there: set[int] = field(default_factory=set)
    removed_there: set[int] = field(default_factory=set)
    to_be_removed: set[int] = field(default_factory=set)  # copies whose albums were deleted here
    were_removed: set[int] = field(default_factory=set)  # and came back, maybe before the other side heard of that
    deleted_before_bound: Counter[int] = field(default_factory=Counter)  # by release
    there_to_be: set[UUID] = field(default_factory=set)  # albums that nobody deleted
    may_add: Counter[int] = field(default_factory=Counter)  # by release: albums made here, and added anew by an answer
    checked: set[tuple[UUID, str]] = field(default_factory=set)  # conflicts as they were when they were looked at
    answered: set[UUID] = field(default_factory=set)  # conflicts whose end was taken note of

    # Edits, as they are made

    def edited_here(self, album: Mapping[str, Any], name: str, value: Value) -> None:
        """Somebody writes a field of an album, and sees what it says."""
        copy = album["copy"]
        its = self.theirs.get(copy, {})
        there = self.world.copies().get(copy, album)
        is_own = _overwrite(self.ours.setdefault(album["id"], {}), its, name, album[name], value)
        if copy is not None:
            heard = not is_own or same(album[name], there[name])
            self._forget_if_undone(self.ours[album["id"]], its, (copy, name), saw=album[name], is_heard_of=heard)

    def edited_there(self, copy: int, saw: Values, name: str, value: Value) -> None:
        """Somebody writes a field of a copy on Discogs."""
        album = next((one for one in self.world.albums().values() if one["copy"] == copy), None)
        mine = {} if album is None else self.ours.get(album["id"], {})
        is_own = _overwrite(self.theirs.setdefault(copy, {}), mine, name, saw[name], value)
        if album is not None:
            heard = not is_own or same(saw[name], album[name])
            self._forget_if_undone(self.theirs[copy], mine, (copy, name), saw=saw[name], is_heard_of=heard)

    def deleted_here(self, album: Mapping[str, Any]) -> None:
        """Somebody deletes an album; what it showed of Discogs' edits they saw."""
        self.there_to_be.discard(album["id"])
        self.ours.pop(album["id"], None)
        if album["copy"] is None:
            self.deleted_before_bound[album["discogs_release_id"]] += 1
            return
        self.to_be_removed.add(album["copy"])
        there = self.world.copies().get(album["copy"], {})
        for name in self.names:
            if name in there and same(there[name], album[name]):
                self.agreed[album["copy"], name] = there[name]  # what had gone out stays, should it come back
        for name, edit in self.theirs.get(album["copy"], {}).items():
            edit.is_seen = edit.is_seen or same(edit.value, album[name])

    def added_there(self, copy: int, folder: int) -> None:
        """Somebody adds a copy on Discogs, to a folder of their choice."""
        self.made_there.add(copy)
        self.theirs[copy] = {"discogs_folder_id": Edit(folder)}

    def removed_on_discogs(self, copy: int) -> None:
        """Somebody removes a copy on Discogs."""
        if copy not in self.made_there and all(album["copy"] != copy for album in self.world.albums().values()):
            release = int(str(self.world.copies()[copy]["discogs_release_id"]))
            self.may_add[release] += (
                1  # we added it and do not know it yet: who looks for it finds none, and sends again
            )
        self.removed_there.add(copy)
        self.theirs.pop(copy, None)

    def _forget_if_undone(
        self, edits: dict[str, Edit], others: dict[str, Edit], at: tuple[int, str], *, saw: Value, is_heard_of: bool
    ) -> None:
        """Nobody can tell an edit that was taken back from none, as long as the other side never heard of it.

        It did if what was taken back came from there, or stands there; the latter may be by chance.
        """
        name = at[1]
        value = edits[name].value
        if at not in self.agreed or not same(self.agreed[at], value):
            return
        if not is_heard_of and name in others and others[name].is_seen:
            edits[name].is_seen = True  # what came from there may stand between: then it is an edit, else it was none
        elif not is_heard_of:
            del edits[name]
            if name in others and same(others[name].value, value):
                del others[name]
        elif name in others and same(others[name].value, saw):
            edits[name].is_seen = True

    # After each job

    def look(self) -> None:
        """Take note of what was answered; find conflicts that are none, and copies that are taken for gone."""
        if false := self.world.missing() & set(self.world.copies()):
            raise Wrong(f"copies that are there are marked missing: {false}")
        for row in self.world.conflicts():
            said = (row["id"], json.dumps([row["ours"], row["theirs"]]))
            if said not in self.checked and row["id"] not in self.answered:
                self._check_conflict(row)
                self.checked.add(said)
            if row["resolution"] in {"ours", "theirs"} and row["id"] not in self.answered:
                self._answered(row)

    def _check_conflict(self, row: Mapping[str, Any]) -> None:
        copy = row["instance_id"]
        here = set(self._ours_of(row))
        there = set(self.theirs.get(copy, {}))
        if row["field"] != self.record:
            both = row["field"] in here and row["field"] in there
        elif row["ours"] is None:
            both = copy in self.to_be_removed | self.were_removed and bool(there & set(self.guarded))
        else:
            both = copy in self.removed_there | self.to_be_removed | self.were_removed and bool(here)
        if not both:
            said = {name: row[name] for name in ("field", "base", "ours", "theirs", "resolution")}
            raise Wrong(f"a conflict about what one side changed only: copy {copy}, {said}")

    def _ours_of(self, row: Mapping[str, Any]) -> dict[str, Edit]:
        return self.ours.get(row["album_id"], {})

    def _answered(self, row: Mapping[str, Any]) -> None:
        """The loser of an answered conflict counts no more; it stays to be read in the record."""
        self.answered.add(row["id"])
        copy, took = row["instance_id"], row["resolution"]
        if row["field"] == self.record:
            if row["ours"] is None and took == "theirs":
                self.to_be_removed.discard(copy)
            elif row["ours"] is None:
                self.theirs.pop(copy, None)
            elif took == "ours":
                self.may_add[row["release_id"]] += 1
            return
        loser = self.theirs.get(copy, {}) if took == "ours" else self._ours_of(row)
        lost = row["theirs"] if took == "ours" else row["ours"]
        if row["field"] in loser and same(loser[row["field"]].value, lost):
            del loser[row["field"]]

    def settle(self, kind: str) -> None:
        """After an undisturbed sync: what came over or went out is agreed on, and nothing was lost on the way."""
        for album, copy, there in self.pairs():
            mine, its = self.ours.get(album["id"], {}), self.theirs.get(copy, {})
            for name in self.names:
                if same(album[name], there[name]):
                    self._check_kept(copy, album, name, there[name])
                    mine.pop(name, None)
                    its.pop(name, None)
                    self.agreed[copy, name] = there[name]
                elif name not in (mine if kind == "import" else its):
                    where = "did not come over" if kind == "import" else "did not go out"
                    raise Wrong(f"copy {copy}: {name} {where}: here {album[name]!r}, there {there[name]!r}")

    def _check_kept(self, copy: int, album: Mapping[str, Any], name: str, now: Value) -> None:
        mine, its = self.ours.get(album["id"], {}).get(name), self.theirs.get(copy, {}).get(name)
        if mine is None and its is None:
            before = self.agreed.get((copy, name), now)
            if not same(before, now):
                raise Wrong(f"copy {copy}: {name} is {now!r} on both sides, was {before!r}, and nobody edited it")
        for edit in (mine, its):
            if edit is None or edit.is_seen or same(edit.value, now):
                continue
            if not self._is_recorded(copy, name, edit.value):
                raise Wrong(f"copy {copy}: {name} {edit.value!r} was lost; both sides say {now!r}")

    def _is_recorded(self, copy: int, name: str, value: Value) -> bool:
        for row in self.world.conflicts():
            for side in (row["ours"], row["theirs"]):
                said = side.get(name) if row["field"] == self.record and isinstance(side, dict) else side
                if row["instance_id"] == copy and row["field"] in {name, self.record} and same(said, value):
                    return True
        return False

    # At rest

    def pairs(self) -> Iterator[tuple[dict[str, Any], int, Values]]:
        """Albums and the copies that they are, where both are there."""
        copies = self.world.copies()
        for album in self.world.albums().values():
            if album["copy"] in copies:
                yield album, album["copy"], copies[album["copy"]]

    def check_at_rest(self) -> None:
        """Everything that must be true once nothing moves any more."""
        self.look()
        albums, copies = self.world.albums(), self.world.copies()
        open_ones = {(row["instance_id"], row["field"]) for row in self.world.conflicts() if row["resolution"] is None}
        for album, copy, there in self.pairs():
            for name in self.names:
                if same(album[name], there[name]) == ((copy, name) in open_ones):
                    word = "a conflict" if (copy, name) in open_ones else "none"
                    raise Wrong(f"copy {copy}: {name} is {album[name]!r} here, {there[name]!r} there, at rest: {word}")
        self._check_both_have_the_same(albums, copies, open_ones)

    def _check_both_have_the_same(
        self, albums: Mapping[UUID, Any], copies: Mapping[int, Values], open_ones: set[tuple[int, str]]
    ) -> None:
        self._check_nobody_missing(albums, copies, open_ones)
        self._check_nobody_doubled(albums, copies, open_ones)

    def _check_nobody_missing(
        self, albums: Mapping[UUID, Any], copies: Mapping[int, Values], open_ones: set[tuple[int, str]]
    ) -> None:
        if lost := self.there_to_be - set(albums):
            raise Wrong(f"albums that nobody deleted are gone: {lost}")
        orphans = Counter(self.deleted_before_bound)
        for copy, release in self.world.ever.items():
            if copy in copies or copy in self.removed_there | self.to_be_removed:
                continue
            orphans[release] -= 1
            if orphans[release] < 0:
                raise Wrong(f"copy {copy} of release {release} is gone on Discogs, and nobody removed it")
        missing = self.world.missing()
        for album in albums.values():
            if album["copy"] is not None and album["copy"] not in copies and album["copy"] not in missing:
                raise Wrong(f"copy {album['copy']} is gone on Discogs, and nothing says so")
        for copy in self.to_be_removed & set(copies):
            if (copy, self.record) not in open_ones:
                raise Wrong(f"the album of copy {copy} was deleted, and it is still there")

    def _check_nobody_doubled(
        self, albums: Mapping[UUID, Any], copies: Mapping[int, Values], open_ones: set[tuple[int, str]]
    ) -> None:
        bound = Counter(album["copy"] for album in albums.values() if album["copy"] is not None)
        for copy in copies:
            if bound[copy] != 1 and (copy, self.record) not in open_ones:
                raise Wrong(f"copy {copy} is {bound[copy]} albums")
        for album in albums.values():
            if album["copy"] is None and album["discogs_release_id"] is not None:
                raise Wrong(f"album {album['id']} of release {album['discogs_release_id']} is no copy on Discogs")
        ours = Counter(release for copy, release in self.world.ever.items() if copy not in self.made_there)
        for release, added in ours.items():
            if added > self.may_add[release]:
                raise Wrong(f"{added} copies of release {release} were added for {self.may_add[release]} albums")


def same(one: Value, other: Value) -> bool:
    """Whether two values are the same to the byte; an empty text and none at all are."""
    return one == other or (one in (None, "") and other in (None, ""))


def _overwrite(mine: dict[str, Edit], its: dict[str, Edit], name: str, saw: Value, value: Value) -> bool:
    """Note an edit; return whether what it overwrites was this side's own."""
    if name in its and same(its[name].value, saw):
        its[name].is_seen = True
    is_own = name in mine and same(mine[name].value, saw)
    mine[name] = Edit(value)
    return is_own
