"""Causes for which work waits, each with its message and remedy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from db.fleet import Worker
from db.gates import Hold
from services.operations.facts import HEARTBEATS_MISSED, DatabaseState, System
from services.wording import clock, ended
from workers.redis_probe import RedisState

SLACK = timedelta(seconds=1)  # work that is due within this is due
OVERDUE = timedelta(seconds=15)  # a live worker takes due work within seconds


class Code(StrEnum):
    """Causes, first those to fix first: each may be the reason of those below it."""

    DATABASE_AWAY = "database_away"
    DATABASE_READ_ONLY = "database_read_only"
    DATABASE_FULL = "database_full"
    CLOCK_SET_BACK = "database_clock_set_back"
    REDIS_HUNG = "redis_hung"
    REDIS_DOWN = "redis_down"
    REDIS_READ_ONLY = "redis_read_only"
    NO_WORKER = "no_worker"
    LEASE_EXPIRED = "lease_expired"
    NO_CONSUMER = "no_consumer"
    UNKNOWN_KIND = "unknown_kind"
    BREAKER_OPEN = "breaker_open"
    COOLDOWN = "cooldown"
    DISCOGS_UNAVAILABLE = "discogs_unavailable"
    DISCOGS_PAUSED = "discogs_paused"
    QUEUE_PAUSED = "queue_paused"
    NOT_DUE = "not_due"
    THROTTLED = "throttled"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason. ``until`` is None where nobody knows the end. A cause that does not block only slows work down."""

    code: Code
    message: str
    remedy: str
    since: datetime | None = None
    until: datetime | None = None
    is_blocking: bool = True


@dataclass(frozen=True, slots=True)
class Wait:
    """An end that the work itself knows: its back-off after a fault of Discogs, or its own time."""

    until: datetime
    reason: str
    is_fault: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that decides why one job, or the work of one queue, waits.

    ``due_since`` is when its step became due, None if nothing is due. ``leased_by`` and ``leased_until`` belong to its
    step under way. ``kind`` is None for a whole queue.
    """

    system: System
    queue: str
    kind: str | None = None
    takes_permit: bool = True
    due_since: datetime | None = None
    leased_by: str | None = None
    leased_until: datetime | None = None
    wait: Wait | None = None


def of_database(system: System) -> list[Cause]:
    """Return the trouble of the database."""
    reason = f" ({system.database_reason.rstrip('.')})" if system.database_reason else ""
    if system.database is DatabaseState.AWAY:
        return [
            Cause(
                Code.DATABASE_AWAY,
                f"The database cannot be reached, so no job is accepted and none continues{reason}.",
                "Check DATABASE_URL, and that the server runs. Jobs continue by themselves.",
            )
        ]
    if system.database is DatabaseState.READ_ONLY:
        return [
            Cause(
                Code.DATABASE_READ_ONLY,
                "The database is read-only, so no job is accepted and no result can be stored.",
                "Make it writable (default_transaction_read_only = off), or set DATABASE_URL to the primary.",
            )
        ]
    if system.database is DatabaseState.FULL:
        return [
            Cause(
                Code.DATABASE_FULL,
                f"The database server has no room left, so no result can be stored{reason}.",
                "Free disk space on the database server. Jobs continue by themselves.",
            )
        ]
    return []


def of_clock(facts: Facts) -> list[Cause]:
    """Name a clock that was set back where it delays this work: its due time or its lease lies in the future."""
    system = facts.system
    if system.clock_until is None:
        return []
    lease = facts.leased_until if facts.leased_until and facts.leased_until > system.clock_until else None
    due = facts.wait.until if facts.wait else None
    if facts.kind is not None and lease is None and due is None:
        return []  # this job was due before the clock reaches its former time
    is_job = facts.kind is not None
    until = max(filter(None, (lease, due)), default=system.clock_until) if is_job else system.clock_until
    behind = round((system.clock_until - system.now).total_seconds())
    return [
        Cause(
            Code.CLOCK_SET_BACK,
            f"The database's clock was set back by {behind:,} s or more: work that was due before waits until then.",
            "Correct the clock of the database server (timedatectl, NTP). If it is right now, cancel and retry the job "
            "(`rekkrd jobs cancel ID`, `rekkrd jobs retry ID`): it continues at its checkpoint.",
            until=until,
        )
    ]


_REDIS = {
    RedisState.HUNG: (Code.REDIS_HUNG, "Redis does not answer"),
    RedisState.DOWN: (Code.REDIS_DOWN, "Redis cannot be reached"),
    RedisState.READ_ONLY: (Code.REDIS_READ_ONLY, "Redis refuses writes"),
}


def of_redis(system: System) -> list[Cause]:
    """Return the trouble of Redis."""
    if system.redis.state not in _REDIS:
        return []
    code, what = _REDIS[system.redis.state]
    message = f"{what}, so no step starts and no request is sent to Discogs."
    return [Cause(code, message, "Check REDIS_URL, and that the server runs. Jobs continue by themselves.")]


def of_workers(facts: Facts, zone: tzinfo) -> list[Cause]:
    """Return why no worker takes work that is due, or finishes a step whose lease expired."""
    system, now = facts.system, facts.system.now
    live = system.live_workers
    is_lost = facts.leased_until is not None and facts.leased_until <= now
    is_late = facts.wait is not None if facts.due_since is None else now - facts.due_since >= OVERDUE
    if not (is_lost or (facts.leased_until is None and is_late)):
        return []
    holder = next((one for one in system.workers if one.name == facts.leased_by), None)
    if not live:
        return [_no_worker(system, holder or system.last_seen, zone)]
    if is_lost:
        return [_lease_expired(facts, holder, zone)]
    return [] if facts.due_since is None else _no_taker(facts, live)


def _no_taker(facts: Facts, live: Sequence[Worker]) -> list[Cause]:
    """Return why none of the live workers takes work that is due."""
    taking = [one for one in live if facts.queue in one.lanes]
    does_redis_explain = facts.system.redis.state not in (RedisState.UP, RedisState.UNKNOWN)
    if not any(one.is_consuming for one in taking) and not does_redis_explain:
        return [_no_consumer(facts.queue, taking)]
    if facts.kind is not None and taking and not any(facts.kind in one.kinds for one in taking):
        message = f"No running worker knows jobs of kind {facts.kind}."
        return [Cause(Code.UNKNOWN_KIND, message, "Start a worker of the release that made this job.")]
    return []


def _no_worker(system: System, last: Worker | None, zone: tzinfo) -> Cause:
    remedy = "Start a worker: `rekkrd worker`, or `rekkrd up` on one machine."
    if last is None:
        return Cause(Code.NO_WORKER, "No worker is running.", remedy)
    since = clock(last.seen_at, system.now, zone)
    if system.database is not DatabaseState.OK:
        message = f"The database has stored no heartbeat of worker {short_name(last.name)} since {since}."
    else:
        message = f"Worker {short_name(last.name)} has sent no heartbeat since {since}; no worker is running."
    return Cause(Code.NO_WORKER, message, remedy, since=last.seen_at)


def _lease_expired(facts: Facts, holder: Worker | None, zone: tzinfo) -> Cause:
    now, name = facts.system.now, short_name(facts.leased_by or "")
    if holder is None or holder.seen_ago <= HEARTBEATS_MISSED.total_seconds():
        at = clock(facts.leased_until or now, now, zone)
        what, since = f"The lease of worker {name} on this step expired at {at}", facts.leased_until
    else:
        what, since = f"Worker {name} has sent no heartbeat since {clock(holder.seen_at, now, zone)}", holder.seen_at
    remedy = "Wait a few seconds. If it lasts, see `rekkrd workers`."
    return Cause(Code.LEASE_EXPIRED, f"{what}; another worker takes the step over.", remedy, since=since)


def _no_consumer(queue: str, taking: Sequence[Worker]) -> Cause:
    if not taking:
        message = f"No running worker takes jobs of queue {queue}."
        return Cause(Code.NO_CONSUMER, message, f"Start one: `rekkrd worker --queues {queue}`.")
    names = ", ".join(f"{short_name(one.name)}: {one.trouble}" for one in taking)
    message = f"No worker takes jobs of queue {queue} ({names})."
    return Cause(Code.NO_CONSUMER, message, "End these workers one by one and start others; no job is lost.")


def of_discogs(facts: Facts, zone: tzinfo) -> list[Cause]:
    """Return what stops requests to Discogs, or slows them down."""
    found = [_hold(hold, facts.system.now, zone) for hold in facts.system.holds] if facts.takes_permit else []
    if facts.wait is not None and facts.wait.is_fault:
        remedy = "Nothing: the job repeats the request by itself. If it lasts, see https://status.discogs.com."
        found.append(Cause(Code.DISCOGS_UNAVAILABLE, ended(facts.wait.reason), remedy, until=facts.wait.until))
    return found


def _hold(hold: Hold, now: datetime, zone: tzinfo) -> Cause:
    since, until = hold.closed_at, hold.closed_until
    resume = "It ends by itself; to end it sooner: `rekkrd limiter resume`."
    by = f" by {hold.closed_by}" if hold.closed_by else ""
    match hold.cause:
        case "throttled":
            message, remedy = "Discogs asked us to wait (HTTP 429).", "Nothing: it ends by itself."
            return Cause(Code.COOLDOWN, message, remedy, since, until)
        case "blocked":
            message = "Discogs blocks our requests (HTTP 403); a probe is sent every 10 minutes."
            remedy = "Check DISCOGS_USER_AGENT, and what else calls Discogs from this address."
            return Cause(Code.BREAKER_OPEN, message, remedy, since, until)
        case "rejected":
            message = "Discogs rejects this application's own key; a probe is sent every 10 minutes."
            remedy = (
                "Set DISCOGS_CONSUMER_KEY and DISCOGS_CONSUMER_SECRET as Discogs shows them; restart all processes."
            )
            return Cause(Code.BREAKER_OPEN, message, remedy, since, until)
    if not hold.share:
        message = f"Requests to Discogs are paused{by}: {ended(hold.reason)}"
        return Cause(Code.DISCOGS_PAUSED, message, resume, since, until)
    end = clock(until, now, zone)
    message = f"{hold.share:.0%} of the rate limit is left until {end}{by}: {ended(hold.reason)}"
    return Cause(Code.THROTTLED, message, resume, since, until, is_blocking=False)


def of_queue(facts: Facts) -> list[Cause]:
    """Return the pause of the queue, and the work's own time."""
    found = []
    pause = facts.system.pauses.get(facts.queue)
    is_running = facts.leased_until is not None and facts.leased_until > facts.system.now
    if pause is not None and not is_running:  # a running step finishes
        message = f"Queue {facts.queue} is paused by {pause.made_by}: {ended(pause.reason)}"
        remedy = f"It ends by itself; to end it sooner: `rekkrd queues resume {facts.queue}`."
        found.append(Cause(Code.QUEUE_PAUSED, message, remedy, pause.paused_at, pause.paused_until))
    if facts.wait is not None and not _is_said_elsewhere(facts, facts.wait):
        remedy = "Nothing: it starts at its time."
        found.append(Cause(Code.NOT_DUE, ended(facts.wait.reason), remedy, until=facts.wait.until))
    return found


def _is_said_elsewhere(facts: Facts, wait: Wait) -> bool:
    """Return True if another cause explains this wait: a fault, the clock, or what stops requests for as long."""
    stops = [hold.closed_until for hold in facts.system.holds if not hold.share] if facts.takes_permit else []
    is_held = bool(stops) and wait.until <= max(stops) + SLACK
    return wait.is_fault or facts.system.clock_until is not None or is_held


def short_name(worker: str) -> str:
    """Return host and process id of a worker: "vm:2891"."""
    return ":".join(worker.split(":")[:2])
