"""What can happen to two sides, as plain values: a history is a list of moves that can be printed, and shortened."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from actors.comparing.resolving import resolve
from actors.errors import AnswerRefused
from actors.syncing.answering import answer_duplicate, answer_vanished
from db import questions, rules
from discogs.grades import SLEEVE
from simulator.faults import Fault
from tests.sync.oracle import RECORD, Oracle, Value, same
from tests.sync.world import NUMBERS, World

LENGTH = (12, 40)
MOST_ROUNDS = 12  # of syncs both ways until nothing changes
MEDIA = ("M", "NM", "VG+", "VG", "G", None)
SLEEVES = ("NM", "VG", "Generic", "No Cover", None)
NOTES = (
    None,
    "plain",
    "  in the middle of blanks   ",
    "one\r\ntwo\r\n",
    "\n",
    "tab\there",
    "Zoë & 🎛️💿 <b>\u200b</b>",
    "e\u0301 is not é",
    "\u202eright to left\u2069",
    "“” \\u0041 \\ % %s {x} 'q' \"",
    "no\u00a0break\u0085next\u2028line",
    "long " * 400,
)
VALUES: Mapping[str, Sequence[Value]] = {
    "media_condition": MEDIA,
    "sleeve_condition": SLEEVES,
    "discogs_notes": NOTES,
    "discogs_folder_id": (1, 2, 3),
    "discogs_rating": (1, 3, 5, None),
    "field_4": ("Shelf A", "Crate 1", "On Loan", None),
    "field_5": ("12.50", "Zoë 🎛️, 3 € \r\n", "", "%s {x}"),
}
FAULTS = ("throttle", "error", "html", "empty", "truncated", "half", "reset", "lost", "lost_reset", "revoked")
DEATHS = ("before", "after", "storing")  # a request is sent, after it was carried out, what came of it
RULES = ("ours", "theirs", "newest", "ask")
OFTEN = {
    "edit here": 8,
    "edit there": 8,
    "edit both": 2,
    "add here": 2,
    "add there": 2,
    "delete here": 1,
    "remove there": 1,
    "begin": 6,
    "step": 8,
    "finish": 2,
    "sync": 2,
    "break": 3,
    "die": 3,
    "meanwhile": 2,
    "resolve": 2,
    "rule": 1,
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a history is about: fields with what they may say, and jobs; the first brings all in, the last sends out."""

    values: Mapping[str, Sequence[Value]]
    record: str
    kinds: Sequence[str]


COLLECTION = Vocabulary(VALUES, RECORD, ("import_collection", "refresh_collection", "push_collection"))


class Move(NamedTuple):
    """One thing that happens; ``which`` chooses among what is there then, by its remainder."""

    verb: str
    which: int = 0
    name: str = ""
    value: Any = None

    def __str__(self) -> str:
        said = ", ".join(repr(one) for one in (self.which, self.name, self.value) if one not in (0, "", None))
        return f"{self.verb} {said}".rstrip()


def history(seed: int, said: Vocabulary | None = None) -> list[Move]:
    """Make up what happens; the same for the same number. Much of it happens to the same few records."""
    rng, words = Random(seed), said or COLLECTION
    few = [rng.randrange(1000) for _ in range(3)]
    names = rng.sample(list(words.values), 2)
    moves: list[Move] = []
    while len(moves) < rng.randint(*LENGTH):
        which = rng.choice(few) if rng.random() < 0.7 else rng.randrange(1000)
        name = rng.choice(names) if rng.random() < 0.6 else rng.choice(list(words.values))
        moves += _trouble(rng, which, name, words) if rng.random() < 0.15 else [_move(rng, which, name, words)]
    return moves


def _trouble(rng: Random, which: int, name: str, words: Vocabulary) -> list[Move]:
    """Make up a push that goes wrong just when somebody edits what it is at."""
    value, other = rng.choice(words.values[name]), rng.choice(words.values[name])
    wrong = Move("die", name=rng.choice(DEATHS)) if rng.random() < 0.5 else Move("break", 0, rng.choice(FAULTS))
    first = rng.choice((Move("edit here", which, name, value), Move("add here", which), Move("delete here", which)))
    after = (Move("edit there", which, name, other), Move("edit here", which, name, other), Move("delete here", which))
    steps = [Move("step", rng.randint(0, 3)), wrong, Move("step", 1)]
    return [first, Move("begin", 1, words.kinds[-1]), *steps, rng.choice(after), Move("step", rng.randint(0, 2))]


def _move(rng: Random, which: int, name: str, words: Vocabulary) -> Move:
    verb = rng.choices(list(OFTEN), list(OFTEN.values()))[0]
    values = words.values[name]
    made = {
        "edit both": lambda: Move(verb, which, name, (rng.choice(values), rng.choice(values))),
        "add here": lambda: Move(verb, which, value=rng.choice(NOTES)),
        "add there": lambda: Move(verb, which, value=rng.choice(NOTES)),
        "begin": lambda: Move(verb, rng.randrange(4), rng.choice(words.kinds)),
        "step": lambda: Move(verb, rng.randint(1, 6)),
        "break": lambda: Move(verb, rng.randrange(3), rng.choice(FAULTS), rng.choice(("GET", "POST", "POST", None))),
        "die": lambda: Move(verb, name=rng.choice(DEATHS)),
        "resolve": lambda: Move(verb, which, rng.choice(("ours", "theirs"))),
        "rule": lambda: Move(verb, name=rng.choice((name, words.record)), value=rng.choice(RULES)),
    }
    return made.get(verb, lambda: Move(verb, which, name, rng.choice(values)))()


class Hand:
    """Carries moves out, and tells the oracle."""

    words = COLLECTION

    def __init__(self, world: World, oracle: Oracle | None = None) -> None:
        self.world, self.oracle = world, oracle or Oracle(world)
        self.verbs: Mapping[str, Callable[[Move], None]] = {
            "edit here": self._edit_here,
            "edit there": self._edit_there,
            "edit both": self._edit_both,
            "add here": self._add_here,
            "add there": self._add_there,
            "delete here": self._delete_here,
            "remove there": self._remove_there,
            "begin": self._begin,
            "step": self._step,
            "finish": lambda _: self._finish(),
            "sync": lambda _: self._sync(),
            "break": self._break,
            "die": self._die,
            "meanwhile": self._meanwhile,
            "resolve": self._resolve,
            "rule": self._rule,
        }

    def start(self) -> None:
        """Bring the collection over for the first time."""
        self.world.begin(self.words.kinds[0])
        self.world.finish()
        self.oracle.made_there |= set(self.world.copies())
        self.oracle.there_to_be |= set(self.world.albums())
        self.oracle.settle("import")

    def do(self, move: Move) -> None:
        self.verbs[move.verb](move)
        self.world.note_copies()

    def rest(self, answer: str) -> None:
        """Take all faults away, and sync both ways until nothing changes; conflicts wait, or are answered like this."""
        self._finish()
        self.world.service.faults.clear()
        self.world.mortal.dies, self.world.dies_storing, self.world.meanwhile = None, False, None
        for _ in range(MOST_ROUNDS):
            before = self.world.state()
            self._sync()
            self._answer_questions()
            if answer != "ask":
                self._take(answer)
            if self.world.state() == before:
                self.oracle.check_at_rest()
                return
        raise AssertionError("the two sides do not come to rest")

    # Edits

    def _here(self) -> list[dict[str, Any]]:
        """Albums in an order in which the same number chooses the same record on both sides, mostly."""
        return sorted(self.world.albums().values(), key=lambda album: album["copy"] or 0)

    def _there(self) -> list[int]:
        free = [album for album in self.world.albums().values() if album["copy"] is None]
        copies = sorted(self.world.copies())
        return copies[-len(free) :] + copies[: -len(free)] if free else copies

    def _disturb(self) -> None:
        if self.world.job is not None:
            self.world.job.is_clean = False

    def _edit_here(self, move: Move) -> None:
        albums = self._here()
        if albums:
            self._write_here(albums[move.which % len(albums)], move.name, move.value)

    def _write_here(self, album: Mapping[str, Any], name: str, value: Value) -> None:
        self._disturb()
        if same(album[name], value):
            return
        self.oracle.edited_here(album, name, value)
        column = name
        if name.startswith("field_"):
            own = {**(album["discogs_fields"] or {}), name: value}
            column, value = "discogs_fields", json.dumps({one: text for one, text in own.items() if text is not None})
        self.world.conn.execute(f"UPDATE public.albums SET {column} = %s WHERE id = %s", [value, album["id"]])

    def _edit_there(self, move: Move) -> None:
        copies = self._there()
        if copies:
            self._write_there(copies[move.which % len(copies)], move.name, move.value)

    def _write_there(self, number: int, name: str, value: Value) -> None:
        saw = self.world.copies()[number]
        if same(saw[name], value) or self.world.is_about_to_write(int(str(saw["discogs_release_id"]))):
            return
        self._disturb()
        self.oracle.edited_there(number, saw, name, value)
        world, account = self.world.service.world, self.world.account
        if name == "discogs_folder_id":
            world.change_copy(account, number, folder_id=int(str(value)))
        elif name == "discogs_rating":
            world.change_copy(account, number, rating=int(str(value or 0)))
        else:
            text = str(value or "")
            world.note_copy(
                account, number, NUMBERS[name], SLEEVE.get(text, "") if name.endswith("condition") else text
            )

    def _edit_both(self, move: Move) -> None:
        pairs = list(self.oracle.pairs())
        if pairs:
            album, copy, _ = pairs[move.which % len(pairs)]
            self._write_here(album, move.name, move.value[0])
            self._write_there(copy, move.name, move.value[1])

    def _add_here(self, move: Move) -> None:
        release = self.world.releases[move.which % len(self.world.releases)]
        row = self.world.conn.execute(
            "INSERT INTO public.albums (user_id, artist, title, discogs_release_id)"
            " SELECT %s, artist, title, release_id FROM rekkrd.releases WHERE release_id = %s RETURNING id",
            [self.world.user_id, release],
        ).fetchone()
        assert row is not None
        album = self.world.albums()[row["id"]]
        self.oracle.there_to_be.add(album["id"])
        self.oracle.may_add[release] += 1
        self._write_here(album, "media_condition", MEDIA[move.which % 5])
        self._write_here(album, "discogs_notes", move.value)

    def _add_there(self, move: Move) -> None:
        release = self.world.releases[move.which % len(self.world.releases)]
        if self.world.is_about_to_write(release):
            return
        copy = self.world.service.world.add_copy(self.world.account, release, folder_id=1 + move.which % 3)
        self.oracle.added_there(copy.id, copy.folder_id)
        self._write_there(copy.id, "discogs_notes", move.value)

    def _delete_here(self, move: Move) -> None:
        albums = self._here()
        if albums:
            album = albums[move.which % len(albums)]
            self._disturb()
            self.oracle.deleted_here(album)
            self._forget_here(album)

    def _forget_here(self, album: Mapping[str, Any]) -> None:
        self.world.conn.execute("DELETE FROM public.albums WHERE id = %s", [album["id"]])

    def _remove_there(self, move: Move) -> None:
        copies = self._there()
        if copies:
            number = copies[move.which % len(copies)]
            if self.world.is_about_to_write(int(str(self.world.copies()[number]["discogs_release_id"]))):
                return
            self._disturb()
            self.oracle.removed_on_discogs(number)
            self._forget_there(number)

    def _forget_there(self, number: int) -> None:
        self.world.service.world.remove_copy(self.world.account, number)

    # Jobs

    def _begin(self, move: Move) -> None:
        self._finish()
        self._start(move.name, allows_removals=move.which > 0)

    def _start(self, kind: str, *, allows_removals: bool = True) -> None:
        if kind == self.words.kinds[-1]:
            self.world.begin(kind, is_confirmed=True, allows_removals=allows_removals)
        else:
            self.world.begin(kind)

    def _step(self, move: Move) -> None:
        for _ in range(move.which):
            self._take_step()

    def _finish(self) -> None:
        while self.world.job is not None:
            self._take_step()

    def _take_step(self) -> None:
        if self.world.job is None:
            return
        self.world.step()
        self.oracle.look()
        if self.world.job is None:
            self._ended()

    def _ended(self) -> None:
        job = self.world.last
        assert job is not None
        self.world.service.faults.clear()
        if job.is_clean and job.kind == self.words.kinds[0]:
            assert "complete" in str(job.outcome) or "Are they gone" in str(job.outcome), job.outcome
            self.oracle.settle("import")
        elif job.is_clean and job.kind == self.words.kinds[-1] and "Nothing was changed" not in str(job.outcome):
            self.oracle.settle("push")

    def _sync(self) -> None:
        for kind in (self.words.kinds[0], self.words.kinds[-1]):
            self._finish()
            self._start(kind)
        self._finish()

    # Trouble

    def _break(self, move: Move) -> None:
        self.world.service.faults.add(Fault(kind=move.name, method=move.value, after=move.which, times=1))
        self._disturb()

    def _die(self, move: Move) -> None:
        if move.name == "storing":
            self.world.dies_storing = True
        else:
            self.world.mortal.dies = move.name

    def _meanwhile(self, move: Move) -> None:
        self.world.meanwhile = lambda: self._edit_here(move)

    # Answers

    def _resolve(self, move: Move) -> None:
        waiting = [row["id"] for row in self.world.conflicts() if row["resolution"] is None]
        if waiting:
            with self.world.conn.transaction():
                resolve(self.world.conn, self.world.user_id, [waiting[move.which % len(waiting)]], move.name, by="me")
            self.oracle.look()

    def _take(self, side: str) -> None:
        waiting = [row["id"] for row in self.world.conflicts() if row["resolution"] is None]
        with self.world.conn.transaction():
            resolve(self.world.conn, self.world.user_id, waiting, side, by="me")
        self.oracle.look()

    def _rule(self, move: Move) -> None:
        with self.world.conn.transaction():
            known = rules.of_user(self.world.conn, self.world.user_id)
            rules.replace(self.world.conn, self.world.user_id, {**known, move.name: move.value})

    def _answer_questions(self) -> None:
        conn, user_id = self.world.conn, self.world.user_id
        for question in questions.open_of(conn, user_id):
            with conn.transaction():
                if question.kind == "vanished":
                    answer_vanished(conn, user_id, question, are_gone=True)
                    continue
                free = [one for one in self.world.albums().values() if one["copy"] is None]
                fits = [one for one in free if str(one["id"]) in str(question.details["candidates"])]
                try:
                    answer_duplicate(conn, user_id, question, fits[0]["id"] if fits else None)
                except AnswerRefused:
                    continue
