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
from db import Connection, gates, line, links, pauses, waiting
from db.gates import Hold
from db.jobs import Job, State
from db.pauses import Pause
from services.wording import clock, ended, lasting
from workers.holds import BUDGET

SLACK = timedelta(seconds=1)  # the database's clock is another machine's: what is due within this is due
NO_WORKER_SECONDS = 15.0  # a first step at the head of the line is called up within two; longer means nobody is there

_REQUESTS_BEFORE_PAGES = {Stage.IDENTITY: BEFORE_COLLECTION, Stage.FOLDERS: 2, Stage.FIELDS: 1}
_AFTER_PAGES = frozenset({Stage.LINKING_BY_RELEASE, Stage.LINKING_BY_NAME})
_WALKS = frozenset({IMPORT_COLLECTION.name, IMPORT_WANTLIST.name})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What around a job decides when it goes on.

    ``ahead`` counts steps of its lane that come first, MOST_AHEAD at most. ``gate`` lets nobody send; ``brake`` is the
    operator's that leaves a share, ``pause`` that of its lane. ``expected`` is how many records there will be while the
    job's own total is unknown.
    """

    now: datetime
    ahead: int | None = None
    gate: Hold | None = None
    brake: Hold | None = None
    pause: Pause | None = None
    speaking: Job | None = None
    users_by_lane: Mapping[str, int] = field(default_factory=dict)
    expected: int | None = None

    @property
    def place(self) -> int | None:
        """Which one it is in its lane; None when that was not counted to its end."""
        return None if self.ahead is None or self.ahead >= line.MOST_AHEAD else self.ahead + 1


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as a person sees it.

    ``page`` is the last one that is safe. ``waits_for`` is one or more whole sentences, None while a step is under way
    or the job is over. ``going_on_at`` is when waiting ends, if that is known; ``ends_at`` is the ETA. ``sentence``
    says it all in one line.
    """

    job: Job
    page: int | None
    pages: int | None
    records_per_second: float | None
    requests_left: int | None
    ends_at: datetime | None
    place_in_lane: int | None
    going_on_at: datetime | None
    waits_for: str | None
    sentence: str


def view(conn: Connection, job: Job, *, pace: Pace, zone: tzinfo = UTC) -> JobView:
    """Look around and say how this job stands. ``zone`` is the reader's, for times inside sentences."""
    return views(conn, [job], pace=pace, zone=zone)[0]


def views(conn: Connection, found: Sequence[Job], *, pace: Pace, zone: tzinfo = UTC) -> list[JobView]:
    """Say how several jobs stand: each thing is asked once for all of them, and nothing for those that are over."""
    around = _look_around(conn, [job for job in found if job.state.is_live])
    over = Surroundings(datetime.now(UTC))
    return [tell(job, around.get(job.id, over), pace, zone) for job in found]


def _look_around(conn: Connection, live: Sequence[Job]) -> dict[UUID, Surroundings]:
    if not live:
        return {}
    holding = gates.holding(conn, BUDGET)
    paused = pauses.holding(conn)
    users = waiting.users_by_lane(conn)
    ahead = line.count_ahead(conn, [job.id for job in live])
    speaking = waiting.speaking(conn, [job for job in live if job.speaks_for_user])
    unknown = [job for job in live if _has_no_total(job)]
    known = links.links(conn, sorted({job.user_id for job in unknown})) if unknown else {}
    now = datetime.now(UTC)
    return {
        job.id: Surroundings(
            now,
            ahead=ahead.get(job.id, 0),
            gate=next((gate for gate in holding if not gate.share), None) if job.takes_token else None,
            brake=next((gate for gate in holding if gate.share), None) if job.takes_token else None,
            pause=paused.get(job.lane),
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
    """Say how a job stands; everything that is asked is in the arguments."""
    page, pages = _pages(job)
    left = requests_left(job, around.expected)
    opens_at = _waits_until(job, around)
    pace = pace.at(around.brake.share) if around.brake else pace
    step_seconds = pace.seconds_per_step(job.lane, around.users_by_lane)
    ends_at = None
    if left is not None and job.state.is_live:
        still = pace.seconds(left, job.lane, around.users_by_lane)
        ends_at = max(opens_at or around.now, around.now) + timedelta(seconds=still)
    waits_for = _waits_for(job, around, step_seconds, zone)
    is_in_line = job.state.is_live and job.leased_until is None and opens_at is None
    return JobView(
        job=job,
        page=page,
        pages=pages,
        records_per_second=records_per_second(job, around.now),
        requests_left=left,
        ends_at=ends_at,
        place_in_lane=around.place if is_in_line else None,
        going_on_at=opens_at,
        waits_for=waits_for,
        sentence=_sentence(job, waits_for, ends_at, around.now),
    )


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


def _waits_until(job: Job, around: Surroundings) -> datetime | None:
    """When the job may go on at the earliest, None when that is now."""
    if not job.state.is_live:
        return None
    times = [around.gate.closed_until if around.gate else around.now, job.due_at]
    if around.pause is not None and job.leased_until is None:
        times.append(around.pause.paused_until)
    latest = max(times)
    return latest if latest > around.now + SLACK else None


def _waits_for(job: Job, around: Surroundings, step_seconds: float, zone: tzinfo) -> str | None:
    if not job.state.is_live:
        return None
    if around.gate is not None and around.gate.closed_until > around.now:
        why = f"Paused by an operator: {around.gate.reason}" if around.gate.is_brake else around.gate.reason
        return f"{ended(why)} Going on at {clock(around.gate.closed_until, around.now, zone)}.{_safe(job)}"
    if job.cancel_requested_at is not None:
        return "Ends after its present step."
    slowly = _slowly(around, zone)
    if job.leased_until is not None:
        is_waiting = job.takes_token and not job.is_executing
        return f"Waits for its token, about {lasting(step_seconds)}.{slowly}" if is_waiting else None
    if around.pause is not None:
        return _until_resumed(job, around.pause, around.now, zone)
    return _until_due(job, around.now, zone) or _in_line(job, around, step_seconds) + slowly


def _slowly(around: Surroundings, zone: tzinfo) -> str:
    if around.brake is None:
        return ""
    until = clock(around.brake.closed_until, around.now, zone)
    return f" An operator leaves {around.brake.share:.0%} of the budget until {until}: {ended(around.brake.reason)}"


def _until_resumed(job: Job, pause: Pause, now: datetime, zone: tzinfo) -> str:
    until = clock(pause.paused_until, now, zone)
    return f"Lane {job.lane} is paused by an operator: {ended(pause.reason)} Going on at {until}.{_safe(job)}"


def _until_due(job: Job, now: datetime, zone: tzinfo) -> str | None:
    if job.due_at <= now + SLACK:
        return None
    at = clock(job.due_at, now, zone)
    if job.state is State.RETRYING:
        why = ended(job.error or "The last attempt failed")
        return f"{why} Trying again at {at}, attempt {job.attempts + 1}.{_safe(job)}"
    reason = f"{ended(job.waits_for)} " if job.waits_for else ""
    return f"{reason}{'Going on' if job.steps else 'Begins'} at {at}."


def _in_line(job: Job, around: Surroundings, step_seconds: float) -> str:
    if job.follows is not None:
        return f"Waits for job {str(job.follows)[:8]} to end, whose place it takes."
    if around.speaking is not None:
        return f"Takes turns with {around.speaking.kind.replace('_', ' ')} of the same account."
    if job.called_until is not None and job.called_until > around.now:
        return "Called up."
    ahead = around.ahead or 0
    if ahead >= line.MOST_AHEAD:
        return f"After more than {ahead:,} others in lane {job.lane}, in more than {lasting(ahead * step_seconds)}."
    idle = (around.now - job.due_at).total_seconds()
    if job.steps == 0 and ahead == 0 and job.state is State.PENDING and idle > NO_WORKER_SECONDS:
        return f"Next in lane {job.lane}, but nobody took it for {lasting(idle)}: is a worker running?"
    return f"{ordinal(ahead + 1)} in lane {job.lane}, about {lasting((ahead + 1) * step_seconds)}."


def _safe(job: Job) -> str:
    page, pages = _pages(job)
    if not page:
        return ""
    return f" Page {page:,} of {pages:,} is safe." if pages else f" Page {page:,} is safe."


def _sentence(job: Job, waits_for: str | None, ends_at: datetime | None, now: datetime) -> str:
    if job.state is State.COMPLETED:
        return job.outcome or "Done."
    if job.state is State.FAILED:
        return job.error or "It failed."
    if job.state is State.CANCELLED:
        return f"Cancelled.{_safe(job)}"
    page, pages = _pages(job)
    where = f"Page {min((page or 0) + 1, pages):,} of {pages:,}" if pages else "Under way" if job.steps else "Waiting"
    ends = f", {lasting((ends_at - now).total_seconds())} to go" if ends_at else ""
    return f"{where}{ends}." + (f" {waits_for}" if waits_for else "")
