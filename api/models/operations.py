"""What operators do to many jobs, what failed alike, and what was done."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from api.models import Body, Model, Moment, Short
from api.models.jobs import next_step
from db.jobs import State
from db.operations import ENDED, LIVE, OVER, Act, Choice, FailureGroup


class _Filter(Body):
    """Jobs that have all of this in common; what is left out does not matter."""

    kind: Short | None = None
    user: Short | None = Field(default=None, description="By id, handle or address.")
    error_class: Short | None = Field(default=None, examples=["Unavailable"])
    newer_than: Moment | None = Field(default=None, description="Only jobs asked for after this moment.")
    older_than: Moment | None = Field(default=None, description="Only jobs asked for before this moment.")
    all: bool = Field(default=False, description="All of these states, without anything else in common.")
    dry_run: bool = Field(default=False, description="Only count them; nothing happens.")
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        default=None, description="`cursor` of the answer before: go on behind what was looked at there."
    )

    @model_validator(mode="after")
    def _says_which(self) -> "_Filter":
        if not self.all and not any((self.kind, self.user, self.error_class, self.newer_than, self.older_than)):
            raise ValueError("say what the jobs have in common (states alone are not enough), or all: true")
        return self

    def choice(self, states: tuple[State, ...], user_id: UUID | None) -> Choice:
        """Say it as the ledger is asked."""
        return Choice(
            states,
            kind=self.kind,
            user_id=user_id,
            error_class=self.error_class,
            newer_than=self.newer_than,
            older_than=self.older_than,
        )


class RetryBody(_Filter):
    """Which jobs to put back into the line."""

    states: tuple[State, ...] = Field(
        default=(State.FAILED,), min_length=1, max_length=2, description="failed, cancelled, or both."
    )

    @model_validator(mode="after")
    def _are_over(self) -> "RetryBody":
        if not set(self.states) <= set(OVER):
            raise ValueError("only failed and cancelled jobs are retried")
        return self


class CancelBody(_Filter):
    """Which live jobs to cancel."""

    states: tuple[State, ...] = Field(
        default=LIVE, min_length=1, max_length=3, description="pending, running, retrying, or some of these."
    )

    @model_validator(mode="after")
    def _are_live(self) -> "CancelBody":
        if not set(self.states) <= set(LIVE):
            raise ValueError("only pending, running and retrying jobs are cancelled")
        return self


class RemoveBody(_Filter):
    """Which jobs that are over to remove."""

    states: tuple[State, ...] = Field(
        default=(State.FAILED,),
        min_length=1,
        max_length=3,
        description="failed, cancelled, completed, or some of these.",
    )

    @model_validator(mode="after")
    def _are_ended(self) -> "RemoveBody":
        if not set(self.states) <= set(ENDED):
            raise ValueError("only failed, cancelled and completed jobs are removed")
        return self


class ManyOut(Model):
    """What came of it. With a dry run only ``matched`` says anything."""

    matched: int = Field(description="Jobs that were looked at; with a dry run those that would be.")
    done: int
    left_alone: int = Field(description="Another job stands for them, or they changed meanwhile.")
    locked: int = Field(description="Another transaction kept them locked: send the same request again later.")
    more: bool = Field(description="There are more than one request does: send the same again with `cursor`.")
    cursor: str | None
    dry_run: bool


class FailuresOut(Model):
    """One group of failed jobs: one kind, one class of error."""

    error_class: str
    kind: str
    jobs: int
    sentence: str = Field(description="Of the newest of them.")
    next_step: str
    oldest_at: datetime
    newest_at: datetime
    newest_id: UUID

    @classmethod
    def of(cls, group: FailureGroup) -> "FailuresOut":
        return cls(
            error_class=group.error_class,
            kind=group.kind,
            jobs=group.jobs,
            sentence=group.error,
            next_step=next_step(group.error_class, group.kind, is_operator=True),
            oldest_at=group.oldest_at,
            newest_at=group.newest_at,
            newest_id=group.newest_id,
        )


class FailureList(Model):
    """What failed alike, the most frequent first."""

    failures: list[FailuresOut]


class ActOut(Model):
    """What an operator did."""

    id: int
    made_at: datetime
    made_by: str = Field(examples=["api: Ada"])
    action: str = Field(examples=["retried"])
    target: dict[str, Any]
    jobs: int

    @classmethod
    def of(cls, act: Act) -> "ActOut":
        return cls(**{name: getattr(act, name) for name in cls.model_fields})


class ActPage(Model):
    """What operators did, the newest first."""

    acts: list[ActOut]
    next_before: int | None = Field(description="Send it as `before` for the next page; null on the last one.")
