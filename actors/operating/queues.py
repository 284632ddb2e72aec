"""The lanes as an operator sees them: what waits, what is under way, what ended lately, and the pauses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from actors.errors import PauseRefused
from actors.operating.budget import refuse_hold
from db import Connection, fleet, operations, pauses, system
from db.fleet import LinePart, Worker
from db.pauses import Pause
from services.operations.causes import Cause
from services.operations.facts import gather
from services.operations.standstill import causes_of
from workers.limiter.lanes import Lane
from workers.redis_probe import RedisHealth

ENDS = ("completed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Queue:
    """One lane at one moment.

    ``ready`` waits for a token or a thread, ``delayed`` for its time, ``called`` for its worker to begin. Per minute
    and ``oldest_seconds``: over the last five minutes, and of the ready.
    """

    lane: Lane
    ready: int
    delayed: int
    called: int
    under_way: int
    oldest_seconds: float
    failed: int
    ended: Mapping[str, int]
    requests: int
    by_state: Mapping[str, int]
    pause: Pause | None

    @property
    def live(self) -> int:
        """All that is not over."""
        return sum(self.by_state.values())

    @property
    def per_minute(self) -> float:
        """Jobs that came to an end, a minute."""
        return sum(self.ended.values()) / (fleet.RATE_OVER.total_seconds() / 60)


def queues(conn: Connection) -> list[Queue]:
    """Look at every lane once."""
    line, failed, requests = fleet.line(conn), fleet.failed(conn), fleet.requests(conn)
    ended, holding = fleet.ended(conn), pauses.holding(conn)
    return [
        _queue(
            lane,
            [part for part in line if part.lane == lane],
            failed=failed.get(lane, 0),
            ended={state: sum(one.jobs for one in ended if (one.lane, one.state) == (lane, state)) for state in ENDS},
            requests=requests.get(lane, 0),
            pause=holding.get(lane),
        )
        for lane in Lane
    ]


@dataclass(frozen=True, slots=True)
class Backlog:
    """Every queue at one moment, and why their work waits: the first cause to fix comes first."""

    now: datetime
    queues: Sequence[Queue]
    causes: Sequence[Cause]
    expired: int


def backlog(conn: Connection, redis: RedisHealth, zone: tzinfo = UTC) -> Backlog:
    """Return every queue and why it waits. ``zone`` is the reader's, for times inside messages."""
    found, state = queues(conn), gather(conn, redis)
    due = {one.lane: state.now - timedelta(seconds=one.oldest_seconds) for one in found if one.ready}
    causes = causes_of(state, due, system.retrying(conn), zone)
    return Backlog(state.now, found, causes, sum(lease.jobs for lease in state.expired))


def unattended(conn: Connection) -> list[str]:
    """Return the lanes that have work for a worker now and no worker that consumes it; a paused one is meant to be."""
    consumed = {lane for worker in fleet.workers(conn) if worker.is_consuming for lane in worker.lanes}
    return sorted(fleet.ready_lanes(conn) - consumed - set(pauses.holding(conn)))


@dataclass(frozen=True, slots=True)
class Neglect:
    """Work that is due and that nobody takes: in lanes without a worker, or of kinds that no worker knows."""

    lanes: Sequence[str]
    kinds: Sequence[str]

    @property
    def sentences(self) -> list[str]:
        """Say what waits, a sentence each; none when nothing is neglected."""
        said = []
        if self.lanes:
            said.append(f"Work waits in {' and '.join(self.lanes)}, and no worker takes it.")
        if self.kinds:
            named = " and ".join(self.kinds)
            said.append(
                f"Jobs of kind {named} wait, and no worker knows that kind: start one of the release that does."
            )
        return said


def neglect(conn: Connection) -> Neglect:
    """Look for work that nobody takes."""
    return Neglect(unattended(conn), fleet.unknown_kinds(conn))


def unconsumed(workers: Sequence[Worker]) -> list[str]:
    """Return the lanes that no worker consumes, whether they have work or not."""
    consumed = {lane for worker in workers if worker.is_consuming for lane in worker.lanes}
    return [lane.value for lane in Lane if lane not in consumed]


def pause(conn: Connection, lanes: Sequence[Lane], *, until: datetime, reason: str, by: str) -> None:
    """Call nothing up from these lanes until a time; steps under way end. The last word counts.

    Raises PauseRefused: the time is past or too far away, or the reason is empty; nothing changed.
    """
    refuse_hold(until, reason, datetime.now(UTC), PauseRefused)
    for lane in lanes:
        pauses.pause(conn, lane, until=until, reason=reason.strip(), by=by)
        target = {
            "lane": lane.value,
            "until": until.astimezone(UTC).isoformat(timespec="seconds"),
            "reason": reason.strip(),
        }
        operations.audit(conn, by=by, action="paused", target=target, jobs=0)


def resume(conn: Connection, lanes: Sequence[Lane], *, by: str) -> list[Lane]:
    """End pauses before their time; return of which lanes. One that was not paused stays as it is."""
    resumed = [lane for lane in lanes if pauses.resume(conn, lane)]
    for lane in resumed:
        operations.audit(conn, by=by, action="resumed", target={"lane": lane.value}, jobs=0)
    return resumed


def _queue(
    lane: Lane,
    parts: Sequence[LinePart],
    *,
    failed: int,
    ended: Mapping[str, int],
    requests: int,
    pause: Pause | None,
) -> Queue:
    return Queue(
        lane=lane,
        ready=sum(part.ready for part in parts),
        delayed=sum(part.delayed for part in parts),
        called=sum(part.called for part in parts),
        under_way=sum(part.under_way for part in parts),
        oldest_seconds=max((part.oldest_seconds for part in parts), default=0.0),
        failed=failed,
        ended=ended,
        requests=requests,
        by_state={part.state: part.jobs for part in parts},
        pause=pause,
    )
