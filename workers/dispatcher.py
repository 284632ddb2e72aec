"""The dispatcher: looks at the line and calls up its head, as many steps as tokens fall due and threads are free."""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import redis
import structlog

from db import Connection, gates, jobs, line, pauses, steps, story
from db.errors import MayBeRetried
from db.gates import Hold
from db.jobs import Job
from db.line import Call, Expired
from workers import holds
from workers.broker import CallBroker
from workers.decide import CRASHES_BEFORE_FAILED
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.lanes import Lane
from workers.resources import Resources

log = structlog.get_logger(__name__)

ALARM_AGAIN = timedelta(minutes=10)
LOOKAHEAD = 2  # steps of each lane that wait for a token: one to be chosen, and one while the next is called up


class Dispatcher:
    """One thread a worker process. There is no leader: two dispatchers at one lane take turns by its row's lock."""

    def __init__(
        self,
        resources: Resources,
        broker: CallBroker,
        *,
        lanes: tuple[Lane, ...],
        kinds: Collection[str],
        worker: str | None = None,
    ) -> None:
        self._kinds = kinds
        self._worker = worker
        self._resources = resources
        self._settings = resources.settings.engine
        self._broker = broker
        self._lanes = lanes
        self._wake = Event()
        self._end = Event()
        self._looked_at = self._trusted_from = time.monotonic()
        self._has_looked = False
        self._mirror = holds.Mirror(resources.limiter)
        self._alarm_at = datetime.min.replace(tzinfo=UTC)
        self._thread = Thread(target=self._run, name="dispatcher", daemon=True)

    @property
    def looked_at(self) -> float | None:
        """When it looked at the line last, by the monotonic clock; None before the first time."""
        return self._looked_at if self._has_looked else None

    def start(self) -> None:
        """Begin to look at the line."""
        self._looked_at = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Call nothing up any more."""
        self._end.set()
        self._wake.set()
        self._thread.join()

    def wake(self) -> None:
        """Look at the line now: something was enqueued, or a thread became free."""
        self._wake.set()

    def _run(self) -> None:
        while not self._end.is_set():
            self._wake.wait(self._settings.dispatch_seconds)
            self._wake.clear()
            try:
                self.look()
            except MayBeRetried as error:
                log.warning("line_not_read", error=str(error))
                self._end.wait(self._settings.dispatch_seconds)
            except Exception:
                # The thread outlives its errors: without it the process would look healthy and call nothing up.
                log.exception("line_not_read")
                self._end.wait(self._settings.dispatch_seconds)

    def look(self) -> None:
        """Take back what dead workers left, then call up the head of each lane; the thread's one turn."""
        taken: list[tuple[Expired, Job]] = []
        with self._resources.pool.transaction() as conn:
            if self._are_leases_to_be_trusted():
                taken = [(expired, _take_over(conn, expired)) for expired in line.take_back_expired(conn)]
            line.release_followers(conn)
            holding = gates.holding(conn, self._resources.limiter.budget)
            paused = pauses.holding(conn)
        for expired, job in taken:
            self._resources.figures.taken_over(expired, job)
        lanes = [lane for lane in self._lanes if lane not in paused]
        with suppress(LimiterUnavailable):
            self._mirror.show(holding)  # people at the doors meet gate and brake in Redis, so there they must be
        self._alarm(holding)
        free = self._broker.desk.free
        if free and all(gate.share for gate in holding):
            free -= self._call_up_for_tokens(lanes, free)
        if free:
            self._call_up(lane_rooms=dict.fromkeys(lanes, free), takes_token=False, free=free)
        self._looked_at = time.monotonic()
        self._has_looked = True

    def _are_leases_to_be_trusted(self) -> bool:
        """Whether an expired lease means a dead worker. While we could not look, others could not renew either, and
        must not be taken for dead before they had their time: three such crashes would end a job that did nothing.
        """
        now, lease = time.monotonic(), self._settings.lease_seconds
        if now - self._looked_at > self._settings.dispatch_seconds + lease / 3:
            self._trusted_from = now + lease
        return now >= self._trusted_from

    def _alarm(self, holding: Sequence[Hold]) -> None:
        now = datetime.now(UTC)
        if now < self._alarm_at:
            return
        for hold in filter(holds.is_alarming, holding):
            self._alarm_at = now + ALARM_AGAIN
            log.error("gate_closed_for_long", cause=hold.cause, reason=hold.reason, since=hold.closed_at.isoformat())

    def _call_up_for_tokens(self, lanes: Sequence[Lane], free: int) -> int:
        """Keep LOOKAHEAD steps of each lane waiting in the limiter, so that it always has somebody to choose."""
        with self._resources.pool.transaction() as conn:
            waiting = line.count_waiting(conn)
        rooms = {lane: LOOKAHEAD - waiting.get(lane, 0) for lane in lanes}
        return self._call_up(lane_rooms=rooms, takes_token=True, free=free)

    def _call_up(self, *, lane_rooms: Mapping[Lane, int], takes_token: bool, free: int) -> int:
        called = 0
        for lane, room in lane_rooms.items():
            room_here = min(room, free - called)
            if room_here <= 0:
                continue
            with self._resources.pool.transaction() as conn:
                calls = line.call_up(
                    conn,
                    lane=lane,
                    kinds=self._kinds,
                    takes_token=takes_token,
                    room=room_here,
                    call_seconds=self._settings.call_seconds,
                    worker=self._worker,
                )
            called += len(calls)
            self._resources.figures.called_up(lane, len(calls))
            if not self._send(calls):
                return free  # each further try would take as long to fail
        return called

    def _send(self, calls: Sequence[Call]) -> bool:
        """Send a message for each call; False when Redis was away before the last."""
        for sent, call in enumerate(calls):
            try:
                self._broker.call(call.kind, call.queue, str(call.job_id), call.crashes)
            except redis.RedisError as error:
                log.warning("calls_not_sent", calls=len(calls) - sent, error=str(error))
                # Uncalled in the ledger too, or the steps would wait for their calls to run out after Redis is back.
                with self._resources.pool.transaction() as conn:
                    steps.uncall(conn, [unsent.job_id for unsent in calls[sent:]])
                return False
        return True


def _take_over(conn: Connection, expired: Expired) -> Job:
    """Take a step from a worker that died or slept; the job as it is then."""
    log.warning(
        "step_taken_over",
        job_id=str(expired.job.id),
        left_by=expired.left_by,
        crashes=expired.job.crashes,
        crashed=expired.crashed,
    )
    story.end_crashed(conn, expired)
    if expired.job.crashes >= CRASHES_BEFORE_FAILED:
        failed = steps.fail(
            conn,
            expired.job,
            requests=0,
            error_class="Poison",
            error=f"This job ended its worker {expired.job.crashes} times {_place(expired.job)}, so it was stopped.",
            detail=f"Last worker: {expired.left_by}.",
        )
        story.end_attempt(conn, expired.job, failed, requests=0, has_failed=True)
        return failed
    if expired.job.cancel_requested_at is not None:
        return steps.give_back(conn, expired.job, requests=0, after_seconds=0.0, waits_for=None)
    jobs.announce(conn, expired.job.id)
    jobs.wake_line(conn, expired.job.lane)  # this process may have no thread free
    return expired.job


def _place(job: Job) -> str:
    """Where the job stood, in words: the page after the last one stored, where it walks pages."""
    page = job.checkpoint.get("current_page")
    return f"at page {page + 1}" if isinstance(page, int) else f"at step {job.steps + 1}"
