"""Jobs: how one is asked for, how it goes, and what it would cost."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, Strict, WithJsonSchema

from actors.catalog import CATALOG
from actors.operating import failures
from actors.operating.estimate import Estimate
from actors.operating.progress import JobView
from api.models import Body, Model, Moment, Short
from api.models.causes import CauseOut
from api.roles import Role
from db.jobs import Job, State

MOST_AT_ONCE = 10_000


class JobBody(Body):
    """A job to be done."""

    kind: Annotated[Short, WithJsonSchema({"type": "string", "enum": sorted(CATALOG)})] = Field(
        examples=["import_collection"]
    )
    arguments: dict[str, Any] = Field(default_factory=dict, description="As the kind asks for; none for imports.")
    user: Short | None = Field(
        default=None,
        description="For operators: the user's id, handle or address. The application sends X-Rekkrd-User; for one of "
        "many jobs it may name the user's id here instead.",
    )
    run_at: Moment | None = Field(
        default=None, description="Not before this moment, at most a year ahead; at once when left out or gone by."
    )
    priority: Annotated[int, Strict(), WithJsonSchema({"type": "integer", "minimum": -100, "maximum": 100})] = Field(
        default=0, description="Which of this user's jobs in a queue comes first: the highest."
    )
    if_live: Annotated[str, WithJsonSchema({"type": "string", "enum": ["return", "replace"]})] = Field(
        default="return",
        description="What becomes of a live job of this user and kind: return it, or replace it by this one. A "
        "request for now that returns a job ends its back-off and keeps its checkpoint; it ends no pause, cooldown or "
        "circuit breaker.",
    )


class JobsBody(Body):
    """Many jobs to be done: all of them or none."""

    jobs: list[JobBody] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ProgressOut(Model):
    """Where a job stands, in records and pages."""

    processed: int
    skipped: int
    total: int | None = Field(description="Null until Discogs said how many there are.")
    page: int | None = Field(description="The last page that is stored.")
    pages: int | None
    records_per_second: float | None


class Cost(Model):
    """What a job spent."""

    requests: int
    steps: int
    failed_attempts: int = Field(description="At the present place; 0 again when the job moves on.")


class Waiting(Model):
    """Why a live job does not go on this moment."""

    sentence: str | None = Field(
        examples=[
            "Discogs asked us to wait (HTTP 429). Continues at 03:14:10 UTC at the earliest. Page 61 of 104 is stored."
        ],
        description="Null while a step is under way.",
    )
    place_in_lane: int | None = Field(description="1 is next; null behind more than 1,000.")
    going_on_at: datetime | None = Field(description="The latest end of all causes; null when nobody knows it.")
    causes: list[CauseOut] = Field(description="Every reason for which this job waits, or its next step will.")


class JobError(Model):
    """Why a job failed, or its last attempt."""

    error_class: str | None
    message: str
    next_step: str = Field(examples=["Connect the account again, then start it again."])
    detail: str | None = Field(description="For operators only.")

    @classmethod
    def of(cls, job: Job, role: Role) -> "JobError | None":
        """Say why, and to the reader what to do about it."""
        if job.error is None:
            return None
        is_operator = role is Role.OPERATOR
        return cls(
            error_class=job.error_class,
            message=job.error,
            next_step=next_step(job.error_class, job.kind, is_operator=is_operator),
            detail=job.error_detail if is_operator else None,
        )


class JobOut(Model):
    """A job as a person sees it."""

    id: UUID
    kind: str
    lane: str
    user_id: UUID
    arguments: dict[str, Any]
    state: State
    sentence: str = Field(examples=["Page 62 of 104, 43 s to go. 3rd in queue import, about 4 s."])
    created_at: datetime
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    ends_at: datetime | None = Field(description="ETA; null while a cause has no known end.")
    requests_left: int | None
    progress: ProgressOut
    cost: Cost
    waits_for: Waiting | None = Field(description="Null when the job is over.")
    outcome: str | None
    error: JobError | None

    @classmethod
    def of(cls, view: JobView, role: Role) -> "JobOut":
        job = view.job
        return cls(
            id=job.id,
            kind=job.kind,
            lane=job.lane,
            user_id=job.user_id,
            arguments=job.args,
            state=job.state,
            sentence=view.sentence,
            created_at=job.created_at,
            due_at=job.due_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            cancel_requested_at=job.cancel_requested_at,
            ends_at=view.ends_at,
            requests_left=view.requests_left,
            progress=ProgressOut(
                processed=job.processed_records,
                skipped=job.skipped_records,
                total=job.total_records,
                page=view.page,
                pages=view.pages,
                records_per_second=None if view.records_per_second is None else round(view.records_per_second, 2),
            ),
            cost=Cost(requests=job.requests, steps=job.steps, failed_attempts=job.attempts),
            waits_for=Waiting(
                sentence=view.waits_for,
                place_in_lane=view.place_in_lane,
                going_on_at=view.going_on_at,
                causes=[CauseOut.of(cause, role) for cause in view.causes],
            )
            if job.state.is_live
            else None,
            outcome=job.outcome,
            error=JobError.of(job, role),
        )


class JobAnswer(Model):
    """The job that does the work; ``is_new`` is false when a live one was there already and stands for it."""

    job: JobOut
    is_new: bool
    replaced: UUID | None = Field(description="The job in whose place it came; a step of that one ends first.")


class AddedOut(Model):
    """What became of one of many jobs."""

    id: UUID = Field(description="The job that does the work.")
    is_new: bool
    replaced: UUID | None


class JobsAnswer(Model):
    """What became of many jobs, in the order in which they were asked for."""

    jobs: list[AddedOut]
    new: int = Field(description="How many of them are new.")


class EstimateOut(Model):
    """What a job would cost at the present line. Nothing was spent, nothing enqueued."""

    kind: str
    records: int | None
    requests: int | None
    seconds: float | None
    users_in_lane: int
    sentence: str = Field(examples=["10,043 records: 104 requests, about 2 min."])

    @classmethod
    def of(cls, estimate: Estimate) -> "EstimateOut":
        return cls(**{name: getattr(estimate, name) for name in cls.model_fields})


class EstimateAnswer(Model):
    """The answer to `estimate=true`."""

    estimate: EstimateOut


class JobPage(Model):
    """Jobs, newest first."""

    jobs: list[JobOut]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")


def next_step(error_class: str | None, kind: str, *, is_operator: bool) -> str:
    """Say what to do about an error, with the route that does it."""
    step = failures.next_step(error_class, kind)
    if not is_operator:
        return step.person
    return f"{step.operator} POST /api/jobs/{{id}}/retry puts one back." if step.should_retry else step.operator
