"""A job's story: where it stands, how its attempts ended, what it asked of Discogs, and what was logged."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import Field

from actors.operating.progress import JobView
from actors.operating.standing import standing
from api.models import Model
from db.story import Attempt, EndedAs, EndpointUse, LoggedLine


class AttemptOut(Model):
    """An attempt at a step after which the job did not simply go on, or its last one."""

    step: int
    nth: int = Field(description="Which try of this step it was.")
    began_at: datetime | None
    ended_at: datetime
    worker: str | None = Field(description="Null where the job was given up between two claims.")
    ended_as: EndedAs
    error_class: str | None
    error: str | None
    error_detail: str | None
    requests: int | None = Field(description="Null when the worker took the number along.")

    @classmethod
    def of(cls, attempt: Attempt) -> "AttemptOut":
        return cls(**{name: getattr(attempt, name) for name in cls.model_fields})


class EndpointOut(Model):
    """What a job asked of one endpoint of Discogs."""

    endpoint: str = Field(examples=["GET /users/{username}/wants"])
    requests: int
    by_status: dict[str, int] = Field(description="How often it was answered how; `none` where no answer came.")
    mean_seconds: float

    @classmethod
    def of(cls, use: EndpointUse) -> "EndpointOut":
        by_status = {"none" if status is None else str(status): number for status, number in use.by_status.items()}
        return cls(
            endpoint=use.endpoint,
            requests=use.requests,
            by_status=by_status,
            mean_seconds=round(use.mean_seconds, 3),
        )


class LineOut(Model):
    """A line that was logged in a step of the job."""

    step: int
    logged_at: datetime
    level: str
    event: str
    worker: str | None
    facts: dict[str, Any]

    @classmethod
    def of(cls, line: LoggedLine) -> "LineOut":
        return cls(**{name: getattr(line, name) for name in cls.model_fields})


class StoryOut(Model):
    """What is kept of a job besides itself."""

    stands: str = Field(examples=["Page 61 of 104 is stored; the next step reads page 62."])
    checkpoint: dict[str, Any] = Field(description="As the job's kind keeps it; it may change from release to release.")
    worker: str | None = Field(description="Who has the step under way; null between two steps.")
    claimed_at: datetime | None
    attempts: list[AttemptOut] = Field(description="The newest 200, in their order.")
    requests: list[EndpointOut]
    log: list[LineOut] = Field(description="The newest lines, in their order.")

    @classmethod
    def of(
        cls, view: JobView, attempts: Iterable[Attempt], requests: Iterable[EndpointUse], log: Iterable[LoggedLine]
    ) -> "StoryOut":
        job = view.job
        return cls(
            stands=standing(view),
            checkpoint=job.checkpoint,
            worker=job.leased_by,
            claimed_at=job.claimed_at if job.leased_by else None,
            attempts=[AttemptOut.of(attempt) for attempt in attempts],
            requests=[EndpointOut.of(use) for use in requests],
            log=[LineOut.of(line) for line in log],
        )
