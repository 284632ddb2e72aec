"""The lanes and the workers as an operator sees them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import Field, model_validator

from actors.operating.queues import Backlog, Neglect, Queue
from api.models import Body, Model, Moment
from api.models.causes import CauseOut
from api.models.limiter import Reason
from api.roles import Role
from db.fleet import Held, Worker
from db.pauses import Pause
from workers.limiter.lanes import Lane


class PauseOut(Model):
    """Nothing is called up from the lane until a time; steps under way end."""

    paused_at: datetime
    paused_until: datetime
    reason: str
    made_by: str

    @classmethod
    def of(cls, pause: Pause) -> "PauseOut":
        return cls(**{name: getattr(pause, name) for name in cls.model_fields})


class QueueOut(Model):
    """One lane at one moment."""

    lane: Lane
    live: int = Field(description="Jobs that are not over.")
    by_state: dict[str, int]
    ready: int = Field(description="Steps that wait for a token or a thread.")
    delayed: int = Field(description="Steps that wait for their time.")
    called: int = Field(description="Called up, and not begun yet.")
    under_way: int
    oldest_seconds: float = Field(description="For how long the oldest of the ready ones has been due.")
    failed: int = Field(description="Failed jobs that nobody has put back or removed.")
    ended: dict[str, int] = Field(description="Jobs that came to each end in the last five minutes.")
    per_minute: float = Field(description="Jobs that came to an end, a minute, of the last five.")
    requests: int = Field(description="Requests to Discogs in the last five whole minutes.")
    pause: PauseOut | None

    @classmethod
    def of(cls, queue: Queue) -> "QueueOut":
        said = {name: getattr(queue, name) for name in cls.model_fields if name != "pause"}
        return cls(**said, pause=None if queue.pause is None else PauseOut.of(queue.pause))


class QueueList(Model):
    """Every queue, and why work waits."""

    queues: list[QueueOut]
    causes: list[CauseOut] = Field(description="Why work waits, the first to fix first; empty when nothing is wrong.")

    @classmethod
    def of(cls, found: Backlog) -> "QueueList":
        return cls(
            queues=[QueueOut.of(queue) for queue in found.queues],
            causes=[CauseOut.of(cause, Role.OPERATOR) for cause in found.causes],
        )


class PauseBody(Body):
    """Until when, and why."""

    until: Moment | None = Field(default=None, description="Either this or `for_seconds`; a week ahead at most.")
    for_seconds: float | None = Field(default=None, gt=0, le=7 * 86_400, examples=[3600])
    reason: Reason = Field(examples=["Discogs is being repaired"])

    @model_validator(mode="after")
    def _names_one_end(self) -> "PauseBody":
        if (self.until is None) == (self.for_seconds is None):
            raise ValueError("name either until or for_seconds")
        return self

    def end(self, now: datetime) -> datetime:
        """Say when it ends."""
        return self.until or now + timedelta(seconds=self.for_seconds or 0)


class HeldOut(Model):
    """A step that a worker has in hand."""

    job_id: UUID
    kind: str
    lane: str
    is_executing: bool = Field(description="False while it waits for its token.")

    @classmethod
    def of(cls, held: Held) -> "HeldOut":
        return cls(**{name: getattr(held, name) for name in cls.model_fields})


class WorkerOut(Model):
    """A worker process as it was seen last."""

    name: str
    host: str
    pid: int
    version: str = Field(description="The release, and behind the + what kinds it knows and how it reads them.")
    lanes: list[str]
    kinds: list[str]
    threads: int
    busy: int
    stuck: int = Field(description="Threads whose step is past its deadline.")
    is_alive: bool
    is_consuming: bool
    trouble: str | None = Field(examples=["its consumers do not ask Redis for work"])
    started_at: datetime
    seen_at: datetime
    holds: list[HeldOut]

    @classmethod
    def of(cls, worker: Worker, held: list[Held]) -> "WorkerOut":
        said = {name: getattr(worker, name) for name in cls.model_fields if name != "holds"}
        return cls(**said, holds=[HeldOut.of(one) for one in held if one.worker == worker.name])


class WorkerList(Model):
    """The workers that were seen within the hour, and what is missing."""

    workers: list[WorkerOut]
    unattended: list[str] = Field(description="Lanes with work for a worker, and no worker that consumes it.")
    unknown_kinds: list[str] = Field(description="Kinds of which something is due, and that no worker knows.")

    @classmethod
    def of(cls, workers: Sequence[Worker], held: list[Held], neglect: Neglect) -> "WorkerList":
        said = [WorkerOut.of(worker, held) for worker in workers]
        return cls(workers=said, unattended=list(neglect.lanes), unknown_kinds=list(neglect.kinds))
