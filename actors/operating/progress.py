"""A job in a person's words: where it stands, how fast it goes, when it ends, and what it waits for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST
from actors.checkpoints import Stage
from actors.operating.estimate import BEFORE_COLLECTION, expected_records, pages_of
from actors.operating.pace import Pace
from actors.wording import ordinal
from db import Connection, line, links, waiting
from db.jobs import Job, State
from services.operations.causes import SLACK, Cause, Code, Facts, Wait
from services.operations.explanation import Explanation, explain, sentence
from services.operations.facts import System, gather
from services.wording import ended, lasting
from workers.redis_probe import RedisHealth

# Of a step that executes under a valid lease only these stop the result; the others concern the step after it.
_STOPS_RESULT = frozenset({Code.DATABASE_AWAY, Code.DATABASE_READ_ONLY, Code.DATABASE_FULL})
_REQUESTS_BEFORE_PAGES = {Stage.IDENTITY: BEFORE_COLLECTION, Stage.FOLDERS: 2, Stage.FIELDS: 1}
_AFTER_PAGES = frozenset({Stage.LINKING_BY_RELEASE, Stage.LINKING_BY_NAME})
_WALKS = frozenset({IMPORT_COLLECTION.name, IMPORT_WANTLIST.name})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything around a job that decides when it continues.

    ``ahead`` counts steps of its queue that come first, MOST_AHEAD at most. ``expected`` is the number of records
    while the job's own total is unknown.
    """

    system: System
    ahead: int | None = None
    speaking: Job | None = None
    users_by_lane: Mapping[str, int] = field(default_factory=dict)
    expected: int | None = None

    @property
    def now(self) -> datetime:
        """The present by the database's clock."""
        return self.system.now

    @property
    def place(self) -> int | None:
        """Position in the queue, from 1; None when it was not counted to its end."""
        return None if self.ahead is None or self.ahead >= line.MOST_AHEAD else self.ahead + 1


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as a person sees it.

    ``page`` is the last one that is stored. ``waits_for`` is one or more whole sentences, None while a step is under
    way or the job is over; ``causes`` are the reasons behind it. ``going_on_at`` is the earliest time at which the job
    continues, None when it may now or when nobody knows. ``ends_at`` is the ETA, ``seconds_left`` the same by the
    database's clock. ``sentence`` says it all in one line.
    """

    job: Job
    page: int | None
    pages: int | None
    records_per_second: float | None
    requests_left: int | None
    ends_at: datetime | None
    seconds_left: float | None
    place_in_lane: int | None
    going_on_at: datetime | None
    waits_for: str | None
    causes: tuple[Cause, ...]
    is_waiting: bool
    sentence: str


def view(conn: Connection, job: Job, *, pace: Pace, redis: RedisHealth, zone: tzinfo = UTC) -> JobView:
    """Return how this job stands. ``zone`` is the reader's, for times inside sentences."""
    return views(conn, [job], pace=pace, redis=redis, zone=zone)[0]


def views(
    conn: Connection, found: Sequence[Job], *, pace: Pace, redis: RedisHealth, zone: tzinfo = UTC
) -> list[JobView]:
    """Return how several jobs stand: each thing is asked once for all of them, and nothing for those that are over."""
    around = _look_around(conn, [job for job in found if job.state.is_live], redis)
    over = Surroundings(System(datetime.now(UTC)))
    return [tell(job, around.get(job.id, over), pace, zone) for job in found]


def _look_around(conn: Connection, live: Sequence[Job], redis: RedisHealth) -> dict[UUID, Surroundings]:
    if not live:
        return {}
    system = gather(conn, redis)
    users = waiting.users_by_lane(conn)
    ahead = line.count_ahead(conn, [job.id for job in live])
    speaking = waiting.speaking(conn, [job for job in live if job.speaks_for_user])
    unknown = [job for job in live if _has_no_total(job)]
    known = links.links(conn, sorted({job.user_id for job in unknown})) if unknown else {}
    return {
        job.id: Surroundings(
            system,
            ahead=ahead.get(job.id, 0),
            speaking=speaking.get(job.id),
            users_by_lane=users,
            expected=expected_records(job.kind, known.get(job.user_id)) if _has_no_total(job) else None,
        )
        for job in live
    }


def _has_no_total(job: Job) -> bool:
    """Before its first page a job has no total of its own: what the connection knows stands in for it."""
    return job.kind in _WALKS and job.total_records is None


def tell(job: Job, around: Surroundings, pace: Pace, zone: tzinfo = UTC) -> JobView:
    """Return how a job stands; everything that is asked is in the arguments."""
    page, pages = _pages(job)
    left = requests_left(job, around.expected)
    found = explain(facts_of(job, around.system), zone) if job.state.is_live else Explanation(())
    if job.takes_token:
        share = min((hold.share for hold in around.system.holds if hold.share), default=None)
        pace = pace.at(share) if share else pace
    step_seconds = pace.seconds_per_step(job.lane, around.users_by_lane)
    ends_at = None
    if left is not None and job.state.is_live and not found.has_unknown_end:
        still = pace.seconds(left, job.lane, around.users_by_lane)
        ends_at = max(found.until or around.now, around.now) + timedelta(seconds=still)
    waits_for = _waits_for(job, around, found, step_seconds, zone)
    has_place = job.state.is_live and job.leased_until is None and not found.blocking
    return JobView(
        job=job,
        page=page,
        pages=pages,
        records_per_second=records_per_second(job, around.now),
        requests_left=left,
        ends_at=ends_at,
        seconds_left=None if ends_at is None else (ends_at - around.now).total_seconds(),
        place_in_lane=around.place if has_place else None,
        going_on_at=found.until,
        waits_for=waits_for,
        causes=found.causes,
        is_waiting=bool(_stopping(job, around, found).blocking),
        sentence=_sentence(job, waits_for, ends_at, around.now),
    )


def facts_of(job: Job, system: System) -> Facts:
    """Return the facts that decide why this live job waits."""
    is_due = job.due_at <= system.now + SLACK
    return Facts(
        system,
        queue=job.lane,
        kind=job.kind,
        takes_permit=job.takes_token,
        due_since=job.due_at if is_due and job.follows is None else None,
        leased_by=job.leased_by,
        leased_until=job.leased_until,
        wait=None if is_due or job.leased_until is not None else _own_wait(job),
    )


def _own_wait(job: Job) -> Wait:
    if job.state is State.RETRYING:
        why = ended(job.error or "The last attempt failed")
        return Wait(job.due_at, f"{why} Attempt {job.attempts + 1} is next.", is_fault=True)
    return Wait(job.due_at, job.waits_for or "Not due yet")


def _stopping(job: Job, around: Surroundings, found: Explanation) -> Explanation:
    """Return the causes that stop the present step: of one that executes under a valid lease, only a few do."""
    is_executing = job.leased_until is not None and job.leased_until > around.now and job.is_executing
    if not is_executing:
        return found
    return Explanation(tuple(cause for cause in found.causes if cause.code in _STOPS_RESULT))


def records_per_second(job: Job, now: datetime) -> float | None:
    """Records a second since the job began, None before there are any."""
    if job.started_at is None or not job.processed_records:
        return None
    seconds = ((job.finished_at or now) - job.started_at).total_seconds()
    return job.processed_records / seconds if seconds > 0 else None


def requests_left(job: Job, expected: int | None = None) -> int | None:
    """Requests until the job ends if all goes well, None while nobody knows how many pages there are."""
    if not job.state.is_live:
        return 0
    if job.kind not in _WALKS:
        return None
    stage = _stage(job)
    if stage in _AFTER_PAGES:
        return 0
    page, pages = _pages(job)
    if pages is None and expected is not None:
        pages = pages_of(expected)
    if pages is None:
        return None
    is_doubt = stage is Stage.IDENTITY and job.checkpoint.get("is_doubted") is True  # back to the same page after it
    return (1 if is_doubt else _REQUESTS_BEFORE_PAGES.get(stage, 0)) + max(0, pages - (page or 0))


def _pages(job: Job) -> tuple[int | None, int | None]:
    if job.kind not in _WALKS:
        return None, None
    page = job.checkpoint.get("current_page")
    total, newest = job.total_records, job.checkpoint.get("newest")
    if total is not None and isinstance(newest, int):
        total = min(total, newest)  # a free account holds the newest only
    return (page if isinstance(page, int) else 0), None if total is None else pages_of(total)


def _stage(job: Job) -> Stage:
    first = Stage.IDENTITY if job.kind == IMPORT_COLLECTION.name else Stage.PAGES
    return Stage(job.checkpoint.get("stage", first))


def _waits_for(job: Job, around: Surroundings, found: Explanation, step_seconds: float, zone: tzinfo) -> str | None:
    if not job.state.is_live:
        return None
    stopping = _stopping(job, around, found)
    if stopping.blocking:
        said = sentence(stopping, around.now, zone, verb="Continues" if job.steps else "Starts")
        return f"{said}{_stored(job)}"
    if job.cancel_requested_at is not None:
        return "Ends after its present step."
    slowly = "".join(f" {cause.message}" for cause in found.causes if cause.code is Code.THROTTLED)
    if job.leased_until is not None:
        is_waiting = job.takes_token and not job.is_executing
        return f"Waits for its permit, about {lasting(step_seconds)}.{slowly}" if is_waiting else None
    return _in_queue(job, around, step_seconds) + slowly


def _in_queue(job: Job, around: Surroundings, step_seconds: float) -> str:
    if job.follows is not None:
        return f"Waits for job {str(job.follows)[:8]} to end, whose place it takes."
    if around.speaking is not None:
        return f"Takes turns with {around.speaking.kind.replace('_', ' ')} of the same account."
    if job.called_until is not None and job.called_until > around.now:
        return "Dispatched to a worker."
    ahead = around.ahead or 0
    if ahead >= line.MOST_AHEAD:
        return f"After more than {ahead:,} others in queue {job.lane}, in more than {lasting(ahead * step_seconds)}."
    return f"{ordinal(ahead + 1)} in queue {job.lane}, about {lasting((ahead + 1) * step_seconds)}."


def _stored(job: Job) -> str:
    page, pages = _pages(job)
    if not page:
        return ""
    return f" Page {page:,} of {pages:,} is stored." if pages else f" Page {page:,} is stored."


def _sentence(job: Job, waits_for: str | None, ends_at: datetime | None, now: datetime) -> str:
    if job.state is State.COMPLETED:
        return job.outcome or "Done."
    if job.state is State.FAILED:
        return job.error or "It failed."
    if job.state is State.CANCELLED:
        return f"Cancelled.{_stored(job)}"
    page, pages = _pages(job)
    where = f"Page {min((page or 0) + 1, pages):,} of {pages:,}" if pages else "Under way" if job.steps else "Waiting"
    ends = f", {lasting((ends_at - now).total_seconds())} to go" if ends_at else ""
    return f"{where}{ends}." + (f" {waits_for}" if waits_for else "")
