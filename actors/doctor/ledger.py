"""The schema and its rights, the workers, and jobs that do not go on."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from actors import publishing
from actors.catalog import CATALOG
from actors.doctor.findings import Finding, fine, warning, wrong
from actors.doctor.servers import PATIENCE_SECONDS, database_url
from actors.operating import queues
from actors.operating.queues import Backlog
from actors.scheduling.timetable import EntryName
from actors.wording import count, utc
from db import doctor as db
from db import entry_pauses, fleet, gates, migrations, pauses
from db.doctor import Failed, MissingRight, OpenDoor, Stuck, Ticks, Trouble
from db.entry_pauses import EntryPause
from db.fleet import Worker
from services.operations.causes import Code
from services.operations.standstill import FULL_STOP
from services.wording import lasting
from workers.holds import BUDGET
from workers.redis_probe import RedisProbe
from workers.settings import Settings

PATIENCE = timedelta(minutes=10)
LONG = timedelta(hours=24)
LATELY = timedelta(days=1)
TICK_EVERY = timedelta(minutes=10)  # the timetable's shortest entry
MOST_NAMED = 3

# By what is wrong: whether it is wrong or a warning, what it is ("3 jobs …"), what to do, and the command.
_TROUBLES: Mapping[Trouble, tuple[bool, str, str, str]] = {
    "lease_over": (
        True,
        "lost their worker, and nobody took them over for ten minutes",
        "A worker's dispatcher does that within seconds: see that one runs and looks at the line.",
        "rekkrd workers",
    ),
    "call_over": (
        False,
        "were called up more than ten minutes ago, and no worker began",
        "They are called again unless a gate is closed or their lane is paused; else look at the workers.",
        "rekkrd workers",
    ),
    "unknown_kind": (
        True,
        "are of a kind that no worker here knows",
        "Start a worker of the release that they came from, or cancel them.",
        "rekkrd jobs show {id}",
    ),
    "cancelling": (
        True,
        "were asked to end more than ten minutes ago and did not",
        "Their step hangs: look which worker holds it, and end that one; no job is lost.",
        "rekkrd jobs show {id}",
    ),
    "crashing": (
        False,
        "ended a worker while they ran; the third time fails such a job",
        "Read in the workers' own logs how they ended: memory, a kill, a crash.",
        "rekkrd jobs show {id}",
    ),
    "running_long": (
        False,
        "began more than a day ago and are not over",
        "Look what they wait for.",
        "rekkrd jobs show {id}",
    ),
    "orphaned": (
        True,
        "stand behind a job that is over",
        "Nobody lets them into the line any more: cancel them and ask again. Please report it.",
        "rekkrd jobs cancel {id}",
    ),
}


def look_at_migrations(settings: Settings) -> list[Finding]:
    """Whether the database is what this code expects."""
    url = settings.database.migration_url() or ""
    return judge_migrations(publishing.pending(url), migrations.ahead(url), len(migrations.known()))


def judge_migrations(todo: Sequence[str], ahead: Sequence[str], known: int) -> list[Finding]:
    """Judge what is to be applied, and what the database has beyond this code; ``known`` is what this code has."""
    missing = [name for name in todo if name != publishing.CATALOGUE]
    if len(missing) >= known:
        return [wrong("This database was never migrated.", "Bring it up to date.", "rekkrd migrate", stops=True)]
    if todo:
        return [wrong(f"To apply: {_some(todo)}.", "Bring the database up to date.", "rekkrd migrate")]
    if ahead:
        return [
            warning(
                f"The database is ahead of this code: {_some(ahead)}.",
                "That is fine while a deploy rolls; else update this machine to the release that migrated.",
                "rekkrd version",
            )
        ]
    return [fine(f"All {known} are applied.")]


def look_at_rights(settings: Settings) -> list[Finding]:
    """Whether we may do what we must, and strangers may not."""
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        return judge_rights(db.missing_rights(conn), db.open_doors(conn))


def judge_rights(missing: Sequence[MissingRight], open_doors: Sequence[OpenDoor]) -> list[Finding]:
    """Judge what our role lacks, and what anon, authenticated and PUBLIC have too much."""
    found = []
    hidden = [one for one in missing if one.is_hidden]
    lacking = [one for one in missing if one.privileges]
    if hidden:
        names = _some([one.relation for one in hidden])
        found.append(
            wrong(
                f"Row-level security hides rows of {names} from our role {hidden[0].our_role}.",
                "Connect as their owner, or let our role see all rows.",
                f"ALTER ROLE {hidden[0].our_role} BYPASSRLS",
            )
        )
    if lacking:
        one = lacking[0]
        kind = "FUNCTION " if one.privileges == "EXECUTE" else ""
        found.append(
            wrong(
                f"Our role {one.our_role} has no right to {one.privileges} on {_some([x.relation for x in lacking])}.",
                "Connect as the role that migrated, or let that one grant it.",
                f"GRANT {one.privileges} ON {kind}{one.relation} TO {one.our_role}",
            )
        )
    for role in dict.fromkeys(door.role for door in open_doors):
        doors = [door for door in open_doors if door.role == role]
        may = _some([f"{door.privilege} on {door.door}" for door in doors])
        name = "Everybody (PUBLIC)" if role == "public" else f"The role {role}"
        found.append(wrong(f"{name} has {may}.", "Take it away, as the owner:", f"{doors[0].remedy};"))
    return found or [fine("Our role may do what it must; anon, authenticated and PUBLIC may not.")]


def look_at_workers(settings: Settings) -> list[Finding]:
    """Whether anybody works, for every lane, and all on one release."""
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        return judge_workers(fleet.workers(conn), set(pauses.holding(conn)))


def judge_workers(workers: Sequence[Worker], paused: set[str]) -> list[Finding]:
    """Judge the workers' signs of life."""
    alive = [worker for worker in workers if worker.is_alive]
    if not alive:
        return [wrong("No worker runs: jobs are taken in, and none goes on.", "Start one.", "rekkrd worker")]
    found = []
    began = [worker for worker in alive if worker.looked_ago is None or worker.asked_ago is None]
    if began:
        names = _some([worker.name for worker in began])
        found.append(warning(f"Only just begun: {names}.", "Look again in some seconds.", "rekkrd workers"))
    for worker in (one for one in alive if one not in began):
        if worker.trouble is not None:
            sentence = f"The worker {worker.name} takes no work: {worker.trouble}."
            found.append(wrong(sentence, "End it and start another; no job is lost.", "rekkrd workers"))
        elif worker.stuck:
            steps = count(worker.stuck, "thread")
            found.append(
                warning(
                    f"{steps} of the worker {worker.name} hang in a step past its deadline.",
                    "End it and start another when it suits; the steps were taken over.",
                    "rekkrd workers",
                )
            )
    coming = {lane for worker in began for lane in worker.lanes}
    idle = [lane for lane in queues.unconsumed(workers) if lane not in paused | coming]
    if idle:
        sentence = f"No worker consumes the lane{'s' if len(idle) > 1 else ''} {', '.join(idle)}."
        found.append(wrong(sentence, "Start one for it.", f"rekkrd worker --queues {','.join(idle)}"))
    versions = sorted({worker.version for worker in alive})
    if len(versions) > 1:
        found.append(
            warning(
                f"{len(versions)} releases at once: {_some(versions)}.",
                "That is fine while a deploy rolls: jobs go to whoever can read them. Else update the rest.",
                "rekkrd workers",
            )
        )
    threads, busy = sum(worker.threads for worker in alive), sum(worker.busy for worker in alive)
    return found or [fine(f"{count(len(alive), 'worker')}, {busy} of {count(threads, 'thread')} busy, one release.")]


def look_at_scheduler(settings: Settings) -> list[Finding]:
    """Whether the clock runs that enqueues what recurs."""
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        holding = entry_pauses.holding(conn)
        found = [judge_entry_pause(pause) for pause in holding.values()]
        if EntryName.UPKEEP not in holding:  # the most frequent, by which a scheduler is seen to live
            found += judge_scheduler(db.ticks(conn), datetime.now(UTC))
    return found


def judge_entry_pause(pause: EntryPause) -> Finding:
    """Judge an entry of the timetable that is paused."""
    return warning(
        f"The entry {pause.entry} is paused until {utc(pause.paused_until)} by {pause.made_by}: {pause.reason}",
        "It goes on by itself then; to end it sooner:",
        f"rekkrd schedule resume {pause.entry}",
    )


def judge_scheduler(ticks: Ticks, now: datetime) -> list[Finding]:
    """Judge the scheduler by its last run, and name runs that a wrong clock stored for the future."""
    found = [_judge_last_run(ticks, now)]
    if ticks.ahead_until is not None:
        found.append(
            warning(
                f"Scheduled runs are stored for the future, the latest for {utc(ticks.ahead_until)}: a clock was wrong "
                "when they were written. They are ignored, and the schedule continues.",
                "Check the clock of the database server and of each host that runs `rekkrd scheduler` (NTP).",
            )
        )
    return found


def _judge_last_run(ticks: Ticks, now: datetime) -> Finding:
    age = lasting((now - (ticks.newest_at or ticks.possible_since)).total_seconds())
    if ticks.newest_at is not None and now - ticks.newest_at < 2 * TICK_EVERY:
        return fine(f"It enqueued what recurs {age} ago.")
    if ticks.newest_at is None and now - ticks.possible_since < 2 * TICK_EVERY:
        return fine(f"The ledger is {age} old; what recurs is enqueued every ten minutes.")
    return warning(
        f"Nothing that recurs was enqueued for {age}: nobody clears what is old, and no alarm is raised.",
        "Start one; it enqueues within ten minutes.",
        "rekkrd scheduler",
    )


def look_at_jobs(settings: Settings) -> list[Finding]:
    """Whether every live job goes on, or waits for a reason."""
    redis = RedisProbe(settings.engine).look()
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        workers = [worker for worker in fleet.workers(conn) if worker.is_consuming]
        kinds = {kind for worker in workers for kind in worker.kinds} or set(CATALOG)
        stuck = db.stuck(conn, patience=PATIENCE, long=LONG, kinds=sorted(kinds))
        backlog = queues.backlog(conn, redis)
        is_held = any(gate.share == 0 for gate in gates.holding(conn, BUDGET))
    consumed = {lane for worker in workers for lane in worker.lanes}
    return judge_jobs(stuck, backlog, consumed=set() if is_held else consumed)


def judge_jobs(stuck: Sequence[Stuck], backlog: Backlog, *, consumed: set[str]) -> list[Finding]:
    """Judge what does not go on; a lane that nobody consumes, or that is held back, is another check's matter."""
    found = [*_judge_standstill(backlog), *(_judge_stuck(one) for one in stuck)]
    for queue in backlog.queues:
        is_still = not (queue.under_way or queue.requests or any(queue.ended.values()))
        if queue.lane in consumed and queue.pause is None and is_still and queue.oldest_seconds > PATIENCE.seconds:
            waited = lasting(queue.oldest_seconds)
            found.append(
                wrong(
                    f"{count(queue.ready, 'step')} in the lane {queue.lane} wait, the first for {waited}, and none "
                    "went on within five minutes though a worker consumes it.",
                    "Read the workers' own logs, and end them one by one: others take over.",
                    "rekkrd queues --once",
                )
            )
    return found or [fine(f"{count(sum(queue.live for queue in backlog.queues), 'live job')}, none stuck.")]


def _judge_standstill(backlog: Backlog) -> list[Finding]:
    """Count the jobs that no worker can continue, with the same message as the job itself and `rekkrd queues`."""
    found = []
    for cause in backlog.causes:
        if cause.code is Code.CLOCK_SET_BACK:
            jobs = sum(queue.delayed for queue in backlog.queues)
        elif cause.code is Code.LEASE_EXPIRED:
            jobs = backlog.expired
        elif cause.code in FULL_STOP:
            jobs = sum(queue.ready + queue.called + queue.under_way for queue in backlog.queues)
        else:
            continue  # what Discogs or an operator stops, another check reports
        if jobs:
            sentence = f"{count(jobs, 'job')} stuck: {cause.message}"
            found.append(wrong(sentence, cause.remedy, "rekkrd queues --once"))
    return found


def _judge_stuck(one: Stuck) -> Finding:
    is_wrong, what, do, command = _TROUBLES[one.trouble]
    sentence = f"{count(one.jobs, 'job')} {what}; the first is {str(one.job_id)[:8]}."
    return (wrong if is_wrong else warning)(sentence, do, command.format(id=str(one.job_id)[:8]))


def look_at_failures(settings: Settings) -> list[Finding]:
    """Whether jobs failed that nobody has put right."""
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        return [judge_failures(db.failed(conn, lately=LATELY))]


def judge_failures(failed: Failed) -> Finding:
    """Judge the failed jobs that are kept."""
    if not failed.kept:
        return fine("No failed job is kept.")
    if not failed.lately:
        return fine(f"{count(failed.kept, 'failed job')} kept, none of the last day: `rekkrd jobs failures`.")
    return warning(
        f"{count(failed.lately, 'job')} failed within a day; {failed.kept:,} are kept.",
        "See what failed alike, and what to do about it.",
        "rekkrd jobs failures",
    )


def look_at_pauses(settings: Settings) -> list[Finding]:
    """Whether an operator paused a lane."""
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        holding = pauses.holding(conn)
    return [
        warning(
            f"The lane {lane} is paused until {utc(pause.paused_until)} by {pause.made_by}: {pause.reason}",
            "It goes on by itself then; to end it sooner:",
            f"rekkrd queues resume {lane}",
        )
        for lane, pause in holding.items()
    ] or [fine("No lane is paused.")]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
