"""The job table beside plain Python: whatever is done to the ledger, both say the same about every job."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from psycopg.rows import dict_row

from db import jobs, line, steps
from db.jobs import Job
from db.steps import Counts
from tests import new_jobs
from tests.new_jobs import NewJob

LANE = "import"
WAIT = 100.0  # every lease, call, delay and back-off; time passes in multiples of 30 s, so it never meets an edge
MOST_LIVE = 6
NUMBERS, USERS, WORKERS = st.integers(0, 5), st.integers(0, 1), st.sampled_from(["ada", "bob"])
WANTED = st.tuples(  # whose, the unique key, whether it speaks for them, takes a token, waits, and replaces
    USERS,
    st.sampled_from([None, "import", "wantlist"]),
    st.booleans(),
    st.sampled_from([True, True, False]),
    st.sampled_from([0.0, 0.0, 0.0, WAIT]),
    st.sampled_from(["return", "replace"]),
)
ENDS = st.sampled_from(["retry", "advance", "advance later", "give back", "give back later", "complete", "fail"])
SELDOM = st.sampled_from([False, False, True])
ENDINGS = st.lists(st.tuples(ENDS, st.booleans(), SELDOM), min_size=1, max_size=4)  # with a cancel just before
LIVE = {"pending", "running", "retrying"}

TIME_PASSES = """
    UPDATE rekkrd.jobs SET
        due_at = due_at - make_interval(secs => %(by)s), called_until = called_until - make_interval(secs => %(by)s),
        leased_until = leased_until - make_interval(secs => %(by)s)
"""
ROWS = """
    SELECT id, state, follows, fence, leased_by, is_executing, attempts, crashes, steps, requests, takes_token,
        started_at IS NOT NULL AS is_started, finished_at IS NOT NULL AS is_over,
        rekkrd.is_ending(j) AS is_asked, extract(epoch FROM due_at - now())::float8 AS due,
        extract(epoch FROM called_until - now())::float8 AS called,
        extract(epoch FROM leased_until - now())::float8 AS leased
    FROM rekkrd.jobs AS j
"""


@dataclass
class Row:
    """What plain Python thinks of a job. Times are seconds of a clock that only ``pass_time`` moves."""

    user: UUID
    key: str | None
    speaks: bool
    takes_token: bool
    due: float
    follows: UUID | None = None
    state: str = "pending"
    fence: int = 0
    called: float | None = None
    leased: float | None = None
    leased_by: str | None = None
    is_executing: bool = False
    is_started: bool = False
    is_asked: bool = False
    attempts: int = 0
    crashes: int = 0
    steps: int = 0
    requests: int = 0

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    def holds(self, user: UUID, key: str) -> bool:
        return self.is_live and self.follows is None and (self.user, self.key) == (user, key)

    def let_go(self) -> None:
        self.leased = self.leased_by = None
        self.is_executing = False

    def end_step(self, state: str) -> None:
        """A step ends, and the job with it when somebody asked for that."""
        self.let_go()
        self.state = "cancelled" if self.is_asked and state != "completed" else state

    def cancel(self) -> None:
        self.is_asked, self.called = True, None
        if self.leased is None:
            self.state, self.follows = "cancelled", None


class LedgerLives(RuleBasedStateMachine):
    """Each rule does the same on both sides, and compares what it was told."""

    def __init__(self, conn):
        super().__init__()
        self.conn = conn
        conn.execute("TRUNCATE rekkrd.jobs, rekkrd.turns CASCADE")
        self.users = [uuid4(), uuid4()]
        self.rows: dict[UUID, Row] = {}
        self.hands: list[Job] = []  # every claim ever made, also those that are no longer good
        self.now = 0.0

    def some(self, number):
        """One of the jobs, mostly of those that live."""
        live = [each for each, row in self.rows.items() if row.is_live]
        return [*(live or self.rows), next(iter(self.rows))][number % (len(live or self.rows) + 1)]

    def speaks_elsewhere(self, job_id, *, counts_calls):
        row = self.rows[job_id]
        return row.speaks and any(
            other.leased is not None or (counts_calls and other.called is not None and other.called > self.now)
            for other_id, other in self.rows.items()
            if other_id != job_id and other.user == row.user and other.speaks and other.is_live
        )

    def is_ready(self, job_id, *, takes_token):
        row = self.rows[job_id]
        return (
            row.is_live
            and row.follows is None
            and row.due <= self.now
            and row.leased is None
            and row.takes_token == takes_token
            and (row.called is None or row.called <= self.now)
            and not self.speaks_elsewhere(job_id, counts_calls=True)
        )

    @initialize(wanted=st.lists(WANTED, min_size=3, max_size=MOST_LIVE))
    def begin(self, wanted):
        for one in wanted:
            self.enqueue_this(*one)

    @precondition(lambda self: sum(row.is_live for row in self.rows.values()) < MOST_LIVE)
    @rule(wanted=WANTED)
    def enqueue(self, wanted):
        self.enqueue_this(*wanted)

    @precondition(lambda self: any(row.is_live and row.key for row in self.rows.values()))
    @rule(number=NUMBERS, worker=WORKERS, times=st.integers(1, 2))
    def replace_what_is_under_way(self, number, worker, times):
        """Replace a job whose step is mostly under way, and perhaps the one that stands behind it since."""
        self.work(worker, executes=True)
        keyed = [row for row in self.rows.values() if row.is_live and row.key and row.follows is None]
        keyed.sort(key=lambda row: row.leased is None)
        for row in keyed[number % 2 : number % 2 + 1] * times:
            self.enqueue_this(
                self.users.index(row.user), row.key, row.speaks, takes_token=True, delay=0.0, if_live="replace"
            )

    def enqueue_this(self, number, key, speaks, takes_token, delay, if_live):
        user = self.users[number]
        new = NewJob(
            kind="count",
            lane=LANE,
            user_id=user,
            args={},
            unique_key=key,
            takes_token=takes_token,
            speaks_for_user=speaks,
            run_at=datetime.now(UTC) + timedelta(seconds=delay),
            if_live=if_live,
        )
        with self.conn.transaction():
            (added,) = new_jobs.add_many(self.conn, [new])
        holder = next((each for each, row in self.rows.items() if key and row.holds(user, key)), None)
        if holder is not None and if_live == "return":
            assert (added.job_id, added.is_new, added.replaced) == (holder, False, None)
            row = self.rows[holder]
            if row.state == "pending" and row.steps == 0:
                row.due = min(row.due, self.now + delay)  # who asks now brings it forward
            return
        assert (added.is_new, added.replaced) == (True, holder)
        self.rows[added.job_id] = Row(user, key, speaks, takes_token, self.now + delay)
        if holder is not None:
            for row in self.behind(holder):
                row.cancel()
            self.rows[holder].cancel()
            self.rows[added.job_id].follows = holder if self.rows[holder].is_live else None

    def behind(self, job_id):
        return [row for row in self.rows.values() if row.is_live and row.follows == job_id]

    @rule(takes_token=st.booleans(), room=st.integers(1, 4))
    def call_up(self, takes_token, room):
        ready = [each for each in self.rows if self.is_ready(each, takes_token=takes_token)]
        with self.conn.transaction():
            calls = line.call_up(self.conn, lane=LANE, takes_token=takes_token, room=room, call_seconds=WAIT)
        called = [call.job_id for call in calls]
        silent = [each for each in ready if not self.rows[each].speaks]
        speaking = {self.rows[each].user for each in ready if self.rows[each].speaks}
        assert set(called) <= set(ready)
        assert len(called) == min(room, len(silent) + len(speaking)), "the line is neither skipped nor overfilled"
        spoken = [self.rows[each].user for each in called if self.rows[each].speaks]
        assert len(spoken) == len(set(spoken)), "one conversation a user"
        for each in called:
            self.rows[each].called = self.now + WAIT

    @rule(worker=WORKERS, executes=st.booleans())
    def work(self, worker, executes):
        """What a worker mostly does, so that most of what happens happens to steps under way."""
        for takes_token in (True, False):
            self.call_up(takes_token, 4)
        for job_id in [each for each, row in self.rows.items() if row.called is not None]:
            self.claim_this(job_id, worker)
        for hand in filter(self.is_ours, self.hands if executes else ()):
            self.execute(hand)

    @rule(worker=WORKERS, executes=st.booleans())
    def work_and_die(self, worker, executes):
        self.work(worker, executes=executes)
        self.pass_time(150.0, None, is_looked_after=True)

    @rule(worker=WORKERS, hows=ENDINGS, by=st.sampled_from([0.0, 30.0, 150.0, 150.0]))
    def work_to_an_end(self, worker, hows, by):
        self.pass_time(by, None, is_looked_after=by > 0)
        self.work(worker, executes=True)
        self.end_these(hows)

    @precondition(lambda self: self.rows)
    @rule(number=NUMBERS, worker=WORKERS)
    def claim(self, number, worker):
        self.claim_this(self.some(number), worker)

    def claim_this(self, job_id, worker):
        row = self.rows[job_id]
        may = row.is_live and row.called is not None and row.leased is None and row.due <= self.now
        with self.conn.transaction():
            claimed = steps.claim(self.conn, job_id, worker=worker, lease_seconds=WAIT)
        if may and self.speaks_elsewhere(job_id, counts_calls=False):
            row.called, may = None, False
        assert (claimed is not None) == may
        if claimed is not None:
            self.hands.append(claimed)
            row.state, row.called, row.leased, row.leased_by = "running", None, self.now + WAIT, worker
            row.fence, row.is_executing, row.is_started = row.fence + 1, not row.takes_token, True

    def is_ours(self, hand):
        row = self.rows[hand.id]
        return row.state == "running" and (row.fence, row.leased_by) == (hand.fence, hand.leased_by)

    def execute(self, hand):
        with self.conn.transaction():
            assert steps.mark_executing(self.conn, hand) == self.is_ours(hand)
        if self.is_ours(hand):
            self.rows[hand.id].is_executing = True

    @precondition(lambda self: any(map(self.is_ours, self.hands)))
    @rule(hows=ENDINGS)
    def end_steps(self, hows):
        self.end_these(hows)

    def end_these(self, hows):
        held = [hand for hand in self.hands if self.is_ours(hand)]
        for hand, (how, takes_token, is_cancelled) in zip(held, hows, strict=False):
            if is_cancelled:
                self.cancel_this(hand.id)
            self.end_step(hand, how, takes_token)

    @precondition(lambda self: not all(map(self.is_ours, self.hands)))
    @rule(number=NUMBERS, how=ENDS)
    def end_what_was_lost(self, number, how):
        lost = [hand for hand in self.hands if not self.is_ours(hand)]
        hand = lost[-1 - number % len(lost)]
        self.execute(hand)
        self.end_step(hand, how, takes_token=True)

    def end_step(self, hand, how, takes_token):
        row = self.rows[hand.id]
        later = WAIT if how.endswith("later") else None
        with self.conn.transaction():
            locked = steps.lock(self.conn, hand)
            assert (locked is not None) == self.is_ours(hand), "only whoever holds the lease and its fence may write"
            if locked is None:
                return
            self._end(locked, how, later, takes_token)
        row.requests += 1
        if later is not None or how == "retry":
            row.due = self.now + WAIT
        if how.startswith("advance") or how == "complete":
            row.attempts, row.crashes, row.steps = 0, 0, row.steps + 1
        if how.startswith("advance"):
            row.takes_token = takes_token
        row.attempts += how == "retry"
        row.end_step({"complete": "completed", "fail": "failed", "retry": "retrying"}.get(how, "running"))

    def _end(self, locked, how, later, takes_token):
        counts = Counts(requests=1, total=9, processed=1, skipped=0)
        why = {"requests": 1, "error_class": "Unavailable", "error": "502", "detail": None}
        if how.startswith("advance"):
            steps.advance(self.conn, locked, counts, checkpoint={}, takes_token=takes_token, after_seconds=later)
        elif how == "complete":
            steps.complete(self.conn, locked, counts, outcome="all in")
        elif how == "fail":
            steps.fail(self.conn, locked, **why)
        elif how == "retry":
            steps.retry_later(self.conn, locked, after_seconds=WAIT, **why)
        else:
            steps.give_back(self.conn, locked, requests=1, after_seconds=later or 0.0, waits_for=None)

    def renew(self, worker):
        leases = [(each, row.fence) for each, row in self.rows.items()]
        with self.conn.transaction():
            renewed = steps.renew(self.conn, worker=worker, leases=leases, lease_seconds=WAIT)
        held = {each: row for each, row in self.rows.items() if row.leased_by == worker}
        assert {(one.job_id, one.fence, one.is_leased) for one in renewed} == {
            (each, row.fence, each in held) for each, row in self.rows.items()
        }
        assert {one.job_id for one in renewed if one.is_cancelled and one.is_leased} == {
            each for each, row in held.items() if row.is_asked
        }
        for row in held.values():
            row.leased = self.now + WAIT

    def take_back(self):
        with self.conn.transaction():
            expired = line.take_back_expired(self.conn)
        left = {each: row for each, row in self.rows.items() if row.leased is not None and row.leased <= self.now}
        assert {(one.job.id, one.left_by, one.crashed) for one in expired} == {
            (each, row.leased_by, row.is_executing) for each, row in left.items()
        }
        for row in left.values():
            row.crashes, row.fence = row.crashes + row.is_executing, row.fence + 1
            row.let_go()

    @precondition(lambda self: self.rows)
    @rule(number=NUMBERS, is_under_way=st.booleans())
    def cancel(self, number, is_under_way):
        held = [each for each, row in self.rows.items() if row.leased is not None]
        self.cancel_this(held[number % len(held)] if held and is_under_way else self.some(number))

    def cancel_this(self, job_id):
        row = self.rows[job_id]
        with self.conn.transaction():
            told = jobs.cancel(self.conn, job_id)
        assert (told is not None) == row.is_live
        if row.is_live:
            row.cancel()

    @rule(number=USERS, is_now=st.booleans())
    def cancel_all_that_speaks(self, number, is_now):
        user = self.users[number]
        with self.conn.transaction():
            told = (jobs.end_conversation if is_now else jobs.cancel_conversation)(self.conn, user)
        speaking = {each: row for each, row in self.rows.items() if row.user == user and row.speaks and row.is_live}
        assert {job.id for job in told} == speaking.keys()
        for row in speaking.values():
            if is_now and row.leased is not None:
                row.let_go()
                row.fence += 1  # nobody else holds a fence that must not fit any more
            row.cancel()

    @rule(by=st.sampled_from([30.0, 60.0, 150.0]), worker=st.none() | WORKERS, is_looked_after=st.booleans())
    def pass_time(self, by, worker, is_looked_after):
        """Time passes; perhaps a worker renews its leases, and a dispatcher looks who let go, and who is gone."""
        self.conn.execute(TIME_PASSES, {"by": by})
        self.now += by
        if worker is not None:
            self.renew(worker)
        if is_looked_after:
            self.take_back()
            with self.conn.transaction():
                line.forget_idle_turns(self.conn, room=500)

    @invariant()
    def both_say_the_same(self):
        for row in self.rows.values():
            if row.follows is not None and not self.rows[row.follows].is_live:
                row.follows = None  # it came into the line with the end of the one before it
        found = {row.pop("id"): row for row in self.conn.execute(ROWS).fetchall()}
        assert found.keys() == self.rows.keys()
        for job_id, said in found.items():
            row = self.rows[job_id]
            for name in ("due", "called", "leased"):
                expected, told = getattr(row, name), said.pop(name)
                assert told == (None if expected is None else pytest.approx(expected - self.now, abs=9.0)), name
            assert said.pop("is_over") == (not row.is_live)
            if not row.is_live:
                del said["is_asked"]  # a replaced job ends with its step; nothing else records the request
            assert said == {name: getattr(row, name) for name in said}


@pytest.fixture
def conn(migrated_database_url):
    with psycopg.connect(migrated_database_url, autocommit=True, row_factory=dict_row, prepare_threshold=None) as conn:
        yield conn


@pytest.mark.hypothesis
def test_the_ledger_keeps_its_rules_whatever_happens(conn):
    run_state_machine_as_test(
        lambda: LedgerLives(conn),
        settings=settings(
            max_examples=50,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
