"""Tokens that programs of others spend: how one is asked for, what it allows, what is reported back."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from api.models import Body, Model
from workers.limiter.lanes import Lane

PROGRAM = "program:"  # before the name of one who waits and is no user
LONGEST_WAIT_SECONDS = 25.0  # proxies close what is silent for 30 s
ProgramName = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class TokenBody(Body):
    """Who asks for a token, and how long it may take."""

    program: ProgramName = Field(
        description="Your program's name: who waits is shown by it, and programs take turns.", examples=["shop"]
    )
    lane: Lane = Field(default=Lane.INTERACTIVE, description="`interactive` only while a person waits for the answer.")
    user: UUID | None = Field(
        default=None,
        description="For whom the request is: it waits in that user's turn then, not in the program's. "
        "X-Rekkrd-User says the same.",
    )
    endpoint: str | None = Field(
        default=None,
        min_length=1,
        max_length=60,
        description="What will be called, for usage figures.",
        examples=["release"],
    )
    wait_seconds: float = Field(
        default=20.0, ge=0, le=LONGEST_WAIT_SECONDS, description="How long to wait at most; 0 takes only what is free."
    )


class TokenOut(Model):
    """The right to send one request, now."""

    grant: str = Field(description="Names this token in the report.", examples=["interactive-" + "0f" * 16])
    lane: Lane
    send_within_seconds: float = Field(
        description="The request must be on the wire by then, counted from this answer; else hand the token back.",
        examples=[0.98],
    )
    answer_within_seconds: float = Field(
        description="Not reported by then, the request counts as answered at that moment.", examples=[59.9]
    )


class ReportBody(Body):
    """What became of a token: what Discogs answered, or nothing was sent."""

    unused: bool = Field(default=False, description="True when nothing was sent: the place is free again at once.")
    status: int | None = Field(
        default=None, ge=100, le=599, description="Discogs' status; null when no answer came.", examples=[200]
    )
    remaining: int | None = Field(
        default=None, ge=0, le=100_000, description="X-Discogs-Ratelimit-Remaining of the answer.", examples=[41]
    )
    limit: int | None = Field(
        default=None, ge=1, le=100_000, description="X-Discogs-Ratelimit of the answer.", examples=[60]
    )

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "ReportBody":
        if self.unused and (self.status, self.remaining, self.limit) != (None, None, None):
            raise ValueError("unused says that nothing was sent: leave status, remaining and limit out")
        if not self.unused and "status" not in self.model_fields_set:
            raise ValueError("status is missing: send Discogs' status, null when no answer came, or unused")
        return self


class ReportOut(Model):
    """What a token has come to."""

    grant: str
    outcome: Literal["answered", "unused"]
