"""What a kind of job is to the engine: its place in the line, its two halves, and how a step can end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from db import Connection
from db.links import Account
from discogs.client import Discogs
from workers.limiter.lanes import Lane


class Plain(BaseModel):
    """Arguments and checkpoints: plain values, frozen, nothing unknown let in."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NoArguments(Plain):
    """The arguments of a kind that needs none beyond its user."""


A = TypeVar("A", bound=Plain)
C = TypeVar("C", bound=Plain)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Kind(Generic[A, C]):
    """One entry of the catalogue: all that a door needs to enqueue, without the job's code.

    ``unique`` is the key under which a user has at most one live job of this kind; None allows any number.
    ``speaks_for_user`` steps hold the user's one conversation with Discogs while they run.
    ``takes_token`` tells whether the first step sends a request. An ``is_import`` also has the plan's row in
    ``discogs_import_jobs``.
    """

    name: str
    sentence: str
    lane: Lane
    arguments: type[A]
    checkpoint: type[C]
    unique: str | None
    speaks_for_user: bool
    takes_token: bool
    is_import: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job stands, in records. ``total`` is None until Discogs said how many there are."""

    processed: int
    skipped: int = 0
    total: int | None = None


def nobodys(_: UUID) -> Discogs | None:
    """Nobody's account is at hand."""
    return None


@dataclass(frozen=True, slots=True)
class Step(Generic[A, C]):
    """What one step is given: the job as claimed, and a client that takes the step's token when it sends.

    ``account`` is set for kinds that speak for their user, and ``discogs`` then signs in that user's name. A kind that
    speaks for nobody may read shared data with the account that ``discogs_of`` returns: a connected user's, or that of
    DISCOGS_PERSONAL_TOKEN for NOBODY; None if there is none.
    ``is_repeated`` when this very step began before and nobody knows how far it came: what may not happen twice looks
    first.
    """

    job_id: UUID
    user_id: UUID
    arguments: A
    checkpoint: C
    progress: Progress
    discogs: Discogs
    account: Account | None
    is_repeated: bool = False
    discogs_of: Callable[[UUID], Discogs | None] = nobodys


@dataclass(frozen=True, slots=True)
class Continue(Generic[C]):
    """The step is done and another follows. ``takes_token`` tells whether that one sends a request."""

    checkpoint: C
    progress: Progress
    takes_token: bool = True
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The job is completed; ``outcome`` is one sentence for the user.

    ``checkpoint`` is the last position, stored for whoever reads the finished job; None keeps that of the step before.
    """

    outcome: str
    progress: Progress
    checkpoint: Plain | None = None


Outcome = Continue[Any] | Done


@dataclass(frozen=True, slots=True)
class Job(Generic[A, C, R]):
    """A kind with its code. ``fetch`` asks Discogs, outside any transaction; ``store`` writes what came back.

    ``store`` runs in the transaction that also moves the checkpoint, so it happens with it or not at all.
    """

    kind: Kind[A, C]
    fetch: Callable[[Step[A, C]], R]
    store: Callable[[Connection, Step[A, C], R], Outcome]
