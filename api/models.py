"""What goes over the wire, as pydantic models: the OpenAPI document is made of these."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from actors.connect import Connected
from actors.estimate import Estimate
from actors.progress import JobView
from api.access import Role
from db.jobs import State

Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]
# A page to go back to is a link on our own page: nothing but http and https may stand there.
WebAddress = Annotated[str, StringConstraints(max_length=2000, pattern=r"^https?://[^\s\"'<>\\]+$")]


class Model(BaseModel):
    """Frozen, and nothing unknown is let in: a misspelt key is told, not passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ErrorFacts(Model):
    """Why something was not done."""

    code: str = Field(description="One of a small set; it decides the status.", examples=["conflict"])
    reason: str = Field(description="Tells answers of one code apart, for programs.", examples=["handshake_used"])
    message: str = Field(description="A sentence for a person.", examples=["This hand-shake was finished before."])
    next_step: str = Field(description="What to do.", examples=["Begin the connection anew."])


class ErrorBody(Model):
    """The body of every answer that is not what was asked for."""

    error: ErrorFacts


class BeginBody(Model):
    """How a hand-shake shall come back."""

    callback_url: WebAddress | None = Field(
        default=None,
        description="Where Discogs sends the browser; DISCOGS_CALLBACK_URL otherwise, or our own page.",
        examples=["https://app.example/discogs/callback"],
    )
    return_to: WebAddress | None = Field(
        default=None,
        description="A link on our own last page, back to the app.",
        examples=["https://app.example/shelf"],
    )


class BegunOut(Model):
    """A hand-shake under way."""

    authorize_url: str = Field(description="Send the browser here when your own callback ends the hand-shake.")
    request_token: str = Field(description="Names this hand-shake; Discogs sends it back as `oauth_token`.")
    begin_url: str | None = Field(
        description="Send the browser here instead when our own page ends the hand-shake: there it is given its "
        "cookie. Good for one browser, once; for the signed-in user's eyes only. Null when the callback is not ours."
    )
    expires_at: datetime


class CompleteBody(Model):
    """What Discogs sent to the app's callback."""

    request_token: Short = Field(description="`oauth_token`, or `denied`, of the callback's query.")
    verifier: Short | None = Field(default=None, description="`oauth_verifier` of the callback's query.")
    denied: bool = Field(default=False, description="True when the query had `denied` in place of a verifier.")


class ConnectedOut(Model):
    """The account that is connected now."""

    user_id: UUID
    username: str = Field(examples=["crates"])
    discogs_user_id: int = Field(examples=[12579295])
    num_collection: int | None = Field(
        description="Records in the collection, by Discogs' own count.", examples=[10043]
    )
    num_wantlist: int | None = Field(examples=[12])

    @classmethod
    def of(cls, connected: Connected) -> "ConnectedOut":
        return cls(**{name: getattr(connected, name) for name in cls.model_fields})


class DisconnectBody(Model):
    """How thoroughly to disconnect."""

    forget_account: bool = Field(
        default=False,
        description="Also delete what is known from Discogs and unbind the account, so that another can be connected. "
        "Albums stay.",
    )


class DisconnectedOut(Model):
    """What ended."""

    was_connected: bool
    cancelled_jobs: list[UUID] = Field(
        description="Jobs that spoke for the account; one under way ends after its step."
    )


class JobBody(Model):
    """A job to be done."""

    kind: Short = Field(examples=["import_collection"])
    arguments: dict[str, Any] = Field(default_factory=dict, description="As the kind asks for; none for imports.")
    user: Short | None = Field(
        default=None,
        description="For operators: the user's id, handle or address. The application sends X-Rekkrd-User.",
    )


class Counts(Model):
    """Where a job stands, in records and pages."""

    processed: int
    skipped: int
    total: int | None = Field(description="Null until Discogs said how many there are.")
    page: int | None = Field(description="The last page that is safe.")
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
        examples=["Discogs asked us to wait. Going on at 03:14:10 UTC. Page 61 of 104 is safe."],
        description="Null while a step is under way.",
    )
    place_in_lane: int | None = Field(description="1 is next.")
    going_on_at: datetime | None


class JobError(Model):
    """Why a job failed, or its last attempt."""

    error_class: str | None
    message: str
    detail: str | None = Field(description="For operators only.")


class JobOut(Model):
    """A job as a person sees it."""

    id: UUID
    kind: str
    lane: str
    user_id: UUID
    arguments: dict[str, Any]
    state: State
    sentence: str = Field(examples=["Page 62 of 104, 43 s to go. 3rd in lane import, about 4 s."])
    created_at: datetime
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    ends_at: datetime | None = Field(description="When it should be done, if all goes on as now.")
    requests_left: int | None
    progress: Counts
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
            progress=Counts(
                processed=job.processed_records,
                skipped=job.skipped_records,
                total=job.total_records,
                page=view.page,
                pages=view.pages,
                records_per_second=None if view.records_per_second is None else round(view.records_per_second, 2),
            ),
            cost=Cost(requests=job.requests, steps=job.steps, failed_attempts=job.attempts),
            waits_for=Waiting(sentence=view.waits_for, place_in_lane=view.place_in_lane, going_on_at=view.going_on_at)
            if job.state.is_live
            else None,
            outcome=job.outcome,
            error=None
            if job.error is None
            else JobError(
                error_class=job.error_class,
                message=job.error,
                detail=job.error_detail if role is Role.OPERATOR else None,
            ),
        )


class JobAnswer(Model):
    """The job that does the work; ``is_new`` is false when a live one was there already and stands for it."""

    job: JobOut
    is_new: bool


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
    """The answer to `estimate=1`."""

    estimate: EstimateOut


class JobPage(Model):
    """Jobs, newest first."""

    jobs: list[JobOut]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")


class Health(Model):
    """Whether this process can do its work."""

    status: Literal["ok", "degraded", "away"]
    database: Literal["ok", "away"]
    redis: Literal["ok", "away"] = Field(
        description="Without Redis nothing is sent to Discogs; jobs are taken all the same, and go on later."
    )
