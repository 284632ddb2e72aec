"""Random histories of one record, edited here and on Discogs, with rules and answers, against an oracle in memory."""

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from actors.comparing.conflicting import note_vanished
from actors.comparing.resolving import resolve
from actors.importing.copies import store_copies
from actors.importing.listing import ListedCopy
from db import conflicts, outgoing, rules
from db.conflicts import RECORD
from db.instances import Copy
from db.releases import Release

NUMBER = 3_000_000_001
FIELDS = ("media_condition", "discogs_notes")
RELEASE = Release(7, None, "Aja", "Steely Dan", 1977, [], [], [], (), (), "", "")
COPY = Copy(NUMBER, 7, 1, 0, None, None, None, None, [])
CLEAR = (
    "DELETE FROM albums; DELETE FROM rekkrd.agreed; DELETE FROM rekkrd.conflicts; DELETE FROM rekkrd.rules;"
    "DELETE FROM rekkrd.instances; DELETE FROM discogs_sync_log"
)

value = st.sampled_from([None, "a", "b", "c"])
name = st.sampled_from(FIELDS)
side = st.sampled_from(["ours", "theirs"])
rule = st.sampled_from(["ours", "theirs", "newest", "ask"])
edit = st.tuples(st.sampled_from(["ours", "theirs"]), name, value)
clash = st.tuples(name, value, value).map(lambda said: [("ours", *said[:2]), ("theirs", said[0], said[2])])
look = st.sampled_from([("sync",), ("sync",), ("sync",), ("push",)])
answer = st.tuples(st.just("resolve"), side)
whole = st.tuples(st.sampled_from(["delete", "vanish", "come back"]))
turn = st.one_of(
    clash,
    clash,
    edit.map(lambda said: [said]),
    st.tuples(st.just("rule"), st.sampled_from([*FIELDS, RECORD]), rule).map(lambda said: [said]),
    # An answer to what an edit overtook, and then an answer.
    st.tuples(edit, answer, answer).map(list),
    answer.map(lambda said: [said]),
    st.tuples(edit, whole).map(list),
    whole.map(lambda said: [said]),
)
histories = st.lists(st.tuples(turn, look).map(lambda said: [*said[0], said[1]]), min_size=4, max_size=10)

Side = dict[str, str | None] | None


@dataclass
class Oracle:
    """What must be: both sides, what they agreed on, the rules, and of each open conflict what both sides said."""

    album: Side
    copy: Side
    base: dict[str, str | None]
    is_missing: bool = False
    rules: dict[str, str] = field(default_factory=dict)
    open: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    is_over: bool = False

    def sync(self) -> None:
        if self.copy is not None and self.album is not None:
            self.open.pop(RECORD, None)
            for one in FIELDS:
                self._sync_field(one)
        elif self.copy is not None:
            self.open = {name: said for name, said in self.open.items() if name == RECORD}
            if self.copy == self.base:
                self.open.pop(RECORD, None)
            else:
                self._clash(RECORD, None, dict(self.copy))
        else:
            self.open = {name: said for name, said in self.open.items() if name == RECORD}
            if self.album is None or self.album == self.base:
                self.open.pop(RECORD, None)
            else:
                self._clash(RECORD, dict(self.album), None)

    def _sync_field(self, one: str) -> None:
        mine, its, base = self.album[one], self.copy[one], self.base[one]
        if mine == its:
            self.base[one] = its
        elif mine == base:
            self.album[one] = self.base[one] = its
        elif its != base:
            self._clash(one, mine, its)
            return
        self.open.pop(one, None)

    def _clash(self, one: str, mine: Any, its: Any) -> None:
        chosen, was = self.rules.get(one, "ask"), self.open.get(one)
        if chosen == "newest":
            moved = was is not None and (was[0] != mine, was[1] != its)
            chosen = {(True, False): "ours", (False, True): "theirs"}.get(moved, "ask")
        self.open[one] = (mine, its)
        if chosen != "ask":
            self._take(one, chosen)

    def resolve(self, chosen: str) -> None:
        for one, (mine, its) in list(self.open.items()):
            if one == RECORD:
                if mine is not None and self.album is not None and self.album != mine:
                    self.open[one] = (dict(self.album), its)
                else:
                    self._take(one, chosen)
            elif self.album is not None and self.album[one] == mine:
                self._take(one, chosen)
            elif self.album is not None:
                self.open[one] = (self.album[one], its)

    def _take(self, one: str, chosen: str) -> None:
        mine, its = self.open.pop(one)
        if one != RECORD:
            self.base[one] = its
            if chosen == "theirs":
                self.album[one] = its
        elif mine is None:
            self.base = dict(its)
            if chosen == "theirs":
                self.album = dict(its)
        elif self.album is not None and chosen == "theirs":
            self.base = dict(self.album)
        elif self.album is not None:
            self.is_over = True  # the album is free, and waits to be added anew

    def waiting(self) -> list[str]:
        """Fields that changed here only."""
        if self.album is None or self.copy is None:
            return []
        return [one for one in FIELDS if self.album[one] != self.base[one] and self.copy[one] == self.base[one]]


class World:
    """The same record in the database, as jobs and doors treat it."""

    def __init__(self, drive) -> None:
        self.conn, self.user_id = drive.conn, drive.user_id
        self.conn.execute(CLEAR)
        self.oracle = Oracle(dict.fromkeys(FIELDS), dict.fromkeys(FIELDS), dict.fromkeys(FIELDS))
        self._page()

    def do(self, act: str, *said: str) -> None:
        stakes = self._stakes()
        {
            "ours": self.edit_ours,
            "theirs": self.edit_theirs,
            "rule": self.set_rule,
            "resolve": self.resolve,
            "sync": self.sync,
            "push": self.push,
            "delete": self.delete,
            "vanish": self.vanish,
            "come back": self.come_back,
        }[act](*said)
        if act in {"resolve", "sync", "push"}:
            self.check(stakes)

    def edit_ours(self, one: str, said: str | None) -> None:
        if self.oracle.album is not None:
            self.oracle.album[one] = said
            self.conn.execute(f"UPDATE albums SET {one} = %s", [said])

    def edit_theirs(self, one: str, said: str | None) -> None:
        if self.oracle.copy is not None:
            self.oracle.copy[one] = said

    def set_rule(self, one: str, said: str) -> None:
        self.oracle.rules[one] = said
        rules.replace(self.conn, self.user_id, self.oracle.rules)

    def resolve(self, chosen: str) -> None:
        self.oracle.resolve(chosen)
        with self.conn.transaction():
            ids = [one.id for one in conflicts.page(self.conn, self.user_id, is_open=True)]
            resolve(self.conn, self.user_id, ids, chosen, by="collector")

    def sync(self) -> None:
        self.oracle.sync()
        self._page()

    def push(self) -> None:
        """Send what the push would find, as it does: look first."""
        self.sync()
        waiting = self.oracle.waiting()
        found = outgoing.changes(self.conn, self.user_id)
        is_removal = self.oracle.album is None and self.oracle.copy is not None and self.oracle.copy == self.oracle.base
        assert bool(found) == (bool(waiting) or is_removal)
        if is_removal:
            self.oracle.is_over = True
        for one in waiting:
            self.oracle.copy[one] = self.oracle.base[one] = self.oracle.album[one]
            outgoing.agree(self.conn, self.user_id, NUMBER, one, self.oracle.album[one])
        if waiting:
            self.sync()

    def delete(self) -> None:
        self.oracle.album = None
        self.conn.execute("DELETE FROM albums")

    def vanish(self) -> None:
        self.oracle.copy = None

    def come_back(self) -> None:
        if self.oracle.copy is None:
            self.oracle.copy = dict(self.oracle.base)

    def check(self, stakes: list[tuple[str, str | None]]) -> None:
        found = conflicts.page(self.conn, self.user_id, room=1000)
        held = {one.clash.field: (_own(one.clash.ours), _own(one.clash.theirs)) for one in found if not one.resolution}
        assert held == self.oracle.open
        if self.oracle.is_over:
            return
        albums = self.conn.execute(f"SELECT {', '.join(FIELDS)} FROM albums").fetchall()
        assert albums == ([] if self.oracle.album is None else [self.oracle.album])
        kept = {(name, said) for one in found for name, said in _values(one.clash)}
        both = [side for side in (self.oracle.album, self.oracle.copy) if side is not None]
        there = {(name, side[name]) for side in both for name in FIELDS}
        assert set(stakes) <= kept | there

    def _stakes(self) -> list[tuple[str, str | None]]:
        """Edits that nobody may lose: what either side says otherwise than was agreed on."""
        sides = [side for side in (self.oracle.album, self.oracle.copy) if side is not None]
        return [(name, side[name]) for side in sides for name in FIELDS if side[name] != self.oracle.base[name]]

    def _page(self) -> None:
        said = self.oracle.copy
        with self.conn.transaction():
            if said is None:
                self.conn.execute("UPDATE rekkrd.instances SET missing_since = coalesce(missing_since, now())")
                note_vanished(self.conn, self.user_id)
                return
            copy = replace(COPY, media_condition=said["media_condition"], notes=said["discogs_notes"])
            store_copies(self.conn, self.user_id, None, [ListedCopy(copy, RELEASE, was_replaced=False)])
            note_vanished(self.conn, self.user_id)


def _own(said):
    return {name: said[name] for name in FIELDS} if isinstance(said, dict) else said


def _values(clash):
    for said in (clash.ours, clash.theirs):
        yield from ((name, said[name]) for name in FIELDS) if isinstance(said, dict) else ((clash.field, said),)


@pytest.mark.hypothesis
@pytest.mark.parametrize("examples", [150, pytest.param(3000, marks=pytest.mark.soak)])
def test_conflicts_are_those_of_the_oracle_and_lose_nothing_and_end_in_agreement(drive, examples):
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(st.sampled_from([*FIELDS, RECORD]), rule), histories, side)
    def follow(standing, history, chosen):
        note((standing, history))
        world = World(drive)
        for one, said in standing.items():
            world.set_rule(one, said)
        for act in itertools.chain.from_iterable(history):
            world.do(*act)
            if world.oracle.is_over:
                return
        for act in (("sync",), ("resolve", chosen)):
            world.do(*act)
        if world.oracle.is_over:
            return
        world.do("push")
        oracle = world.oracle
        assert oracle.open == {}
        assert oracle.album is None or oracle.copy is None or oracle.album == oracle.copy

    follow()
