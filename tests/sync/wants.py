"""A wantlist on both sides: the same world, oracle and moves, where a record is a release that is wanted, or is not."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from actors.catalog import PUSH_WANTLIST
from actors.checkpoints import WantsStage
from tests.sync.moves import NOTES, Hand, Move, Vocabulary
from tests.sync.oracle import Edit, Oracle, Value, Wrong, same
from tests.sync.world import Values, World

RECORD = "want_record"
NAMES = ("want_notes", "want_rating")
WORDS = Vocabulary(
    {"want_notes": [note or "" for note in NOTES], "want_rating": (1, 3, 5, None)},
    RECORD,
    ("import_wantlist", "push_wantlist"),
)
OTHERS = (1_000_001, 2_000_003)  # releases that nobody wants in the beginning


class WantsWorld(World):
    """The app's list is our side; a want has the number of its release on both."""

    records, wants = 0, 6
    agreed = "SELECT release_id, agreed, missing_since IS NULL FROM rekkrd.wants WHERE user_id = %s ORDER BY 1"

    def __init__(self, *said: Any) -> None:
        super().__init__(*said)
        self.releases = [*sorted(self.account.wants)[:3], *OTHERS]

    def albums(self) -> dict[Any, dict[str, Any]]:
        rows = self.conn.execute(
            "SELECT discogs_release_id AS id, discogs_release_id AS copy, discogs_release_id, notes AS want_notes,"
            " nullif(rating, 0) AS want_rating FROM public.discogs_wantlist WHERE user_id = %s ORDER BY 1",
            [self.user_id],
        )
        return {row["id"]: row for row in rows}

    def copies(self) -> dict[int, Values]:
        with self.service.world.lock:
            return {
                number: {"want_notes": one.notes, "want_rating": one.rating or None, "discogs_release_id": number}
                for number, one in sorted(self.account.wants.items())
            }

    def note_copies(self) -> None:
        """A want that comes back is the same one: there is nothing to remember."""

    def missing(self) -> set[int]:
        rows = self.conn.execute(
            "SELECT release_id FROM rekkrd.wants WHERE user_id = %s AND missing_since IS NOT NULL", [self.user_id]
        )
        return {row["release_id"] for row in rows} & {row["id"] for row in self.albums().values()}

    def is_about_to_write(self, release_id: int) -> bool:
        job = self.job
        is_push = job is not None and job.kind == PUSH_WANTLIST.name and not job.is_repeated
        return is_push and job.checkpoint.stage is WantsStage.SEND


class WantsOracle(Oracle):
    """A want that went on one side, and was not edited on the other, goes there too."""

    names, record, guarded = NAMES, RECORD, NAMES

    def added_here(self, release: int, said: Values) -> None:
        self.to_be_removed.discard(release)
        if release not in self.world.copies() and release in self.removed_there:
            self.removed_there.remove(release)
            self.were_removed.add(release)
        self.there_to_be.add(release)
        self.ours[release] = self._edits(release, said)

    def wanted_there(self, release: int, said: Values) -> None:
        self.removed_there.discard(release)
        if release in self.to_be_removed:
            self.to_be_removed.remove(release)
            self.were_removed.add(release)
        self.theirs[release] = self._edits(release, said)

    def _edits(self, release: int, said: Values) -> dict[str, Edit]:
        return {name: Edit(said[name], same(self.agreed.get((release, name)), said[name])) for name in NAMES}

    def removed_on_discogs(self, copy: int) -> None:
        saw = self.world.copies()[copy]
        for name, edit in self.ours.get(copy, {}).items():
            edit.is_seen = edit.is_seen or same(edit.value, saw[name])
        super().removed_on_discogs(copy)

    def _ours_of(self, row: Mapping[str, Any]) -> dict[str, Edit]:
        return self.ours.get(row["instance_id"], {})

    def _answered(self, row: Mapping[str, Any]) -> None:
        release, took = row["instance_id"], row["resolution"]
        super()._answered(row)
        if row["field"] == RECORD and row["ours"] is None and took == "theirs":
            self.there_to_be.add(release)
        elif row["field"] == RECORD and row["theirs"] is None and took == "ours":
            self.removed_there.discard(release)
        elif row["field"] == RECORD and row["theirs"] is None:
            self.there_to_be.discard(release)
            self.ours.pop(release, None)

    def settle(self, kind: str) -> None:
        super().settle(kind)
        there = {*self.world.albums(), *self.world.copies()}
        for release in {*self.ours, *self.theirs, *(of for of, _ in self.agreed)} - there:
            for name, edit in [*self.ours.pop(release, {}).items(), *self.theirs.pop(release, {}).items()]:
                if edit.value and not edit.is_seen and not self._is_recorded(release, name, edit.value):
                    raise Wrong(f"want {release} is gone on both sides, and {name} {edit.value!r} with it")
            for name in NAMES:
                self.agreed.pop((release, name), None)

    def _check_both_have_the_same(
        self, albums: Mapping[UUID, Any], copies: Mapping[int, Values], open_ones: set[tuple[int, str]]
    ) -> None:
        for release in set(albums) ^ set(copies):
            if (release, RECORD) not in open_ones:
                raise Wrong(f"want {release} is {'here' if release in albums else 'there'} only, at rest")
        if lost := self.there_to_be - set(albums) - self.removed_there:
            raise Wrong(f"wants that nobody removed are gone: {lost}")
        for release in (self.to_be_removed | self.removed_there) & set(albums) & set(copies):
            raise Wrong(f"want {release} was removed, and is there again on both sides")


class WantsHand(Hand):
    """The same moves, done to wants."""

    words = WORDS

    def _write_here(self, album: Mapping[str, Any], name: str, value: Value) -> None:
        if same(album[name], value):
            return
        self._disturb()
        self.oracle.edited_here(album, name, value)
        column, said = ("notes", value or "") if name == "want_notes" else ("rating", value or 0)
        self.world.conn.execute(
            f"UPDATE public.discogs_wantlist SET {column} = %s WHERE user_id = %s AND discogs_release_id = %s",
            [said, self.world.user_id, album["id"]],
        )

    def _write_there(self, number: int, name: str, value: Value) -> None:
        saw = self.world.copies()[number]
        if same(saw[name], value) or self.world.is_about_to_write(number):
            return
        self._disturb()
        self.oracle.edited_there(number, saw, name, value)
        said = {"notes": str(value or "")} if name == "want_notes" else {"rating": int(str(value or 0))}
        self.world.service.world.put_want(self.world.account, number, **said)

    def _add_here(self, move: Move) -> None:
        release = self.world.releases[move.which % len(self.world.releases)]
        if release in self.world.albums():
            return
        self._disturb()
        said: Values = {"want_notes": move.value or "", "want_rating": None}
        self.oracle.added_here(release, said)
        self.world.conn.execute(
            "INSERT INTO public.discogs_wantlist (user_id, discogs_release_id, notes) VALUES (%s, %s, %s)",
            [self.world.user_id, release, said["want_notes"]],
        )

    def _add_there(self, move: Move) -> None:
        release = self.world.releases[move.which % len(self.world.releases)]
        if release in self.world.copies() or self.world.is_about_to_write(release):
            return
        self._disturb()
        said: Values = {"want_notes": move.value or "", "want_rating": None}
        self.oracle.wanted_there(release, said)
        self.world.service.world.put_want(self.world.account, release, notes=str(said["want_notes"]))

    def _forget_here(self, album: Mapping[str, Any]) -> None:
        self.world.conn.execute(
            "DELETE FROM public.discogs_wantlist WHERE user_id = %s AND discogs_release_id = %s",
            [self.world.user_id, album["id"]],
        )

    def _forget_there(self, number: int) -> None:
        self.world.service.world.remove_want(self.world.account, number)
