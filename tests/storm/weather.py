"""The plan of a storm: what strikes when, from a seed and nothing else."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from random import Random

CALM_BEGINNING = 2.0  # seconds in which the work begins


class Kind(StrEnum):
    """What may strike; the value is how the plan and the report call it."""

    KILL = "worker: kill -9"
    STOP = "worker: SIGSTOP for two leases"
    TERMINATE = "worker: SIGTERM"
    REDIS_KILLED = "Redis: kill -9, comes back empty"
    REDIS_RESTARTED = "Redis: restarted, empty"
    REDIS_FLUSHED = "Redis: FLUSHALL, SCRIPT FLUSH"
    REDIS_CUT = "Redis: CLIENT KILL of everybody"
    REDIS_REPLY = "Redis: replies lost"
    POSTGRES_KILLED = "PostgreSQL: kill -9"
    POSTGRES_RESTARTED = "PostgreSQL: restarted"
    POSTGRES_CUT = "PostgreSQL: pg_terminate_backend of all"
    POSTGRES_REPLY = "PostgreSQL: replies lost"
    POSTGRES_COMMIT = "PostgreSQL: reply to COMMIT lost"
    THROTTLE = "Discogs: 429"
    ERROR = "Discogs: 5xx"
    HTML = "Discogs: HTML with 200"
    EMPTY = "Discogs: empty 200"
    TRUNCATED = "Discogs: truncated JSON"
    HALF = "Discogs: half a body, then closed"
    RESET = "Discogs: connection reset"
    SLOW = "Discogs: slower than our deadline"
    DRIP = "Discogs: body drips past our deadline"
    CANCEL = "collector: cancels an import"


SELDOM = frozenset({Kind.THROTTLE, Kind.POSTGRES_KILLED, Kind.POSTGRES_RESTARTED})  # all stand still meanwhile
OFTEN = frozenset({Kind.KILL, Kind.STOP, Kind.TERMINATE, Kind.POSTGRES_REPLY, Kind.POSTGRES_COMMIT, Kind.REDIS_REPLY})


@dataclass(frozen=True, slots=True)
class Blow:
    """One thing that strikes. ``at`` is in seconds from the storm's beginning, ``force`` between 0 and 1."""

    at: float
    kind: Kind
    force: float


def forecast(seed: int, seconds: float, gap: float) -> list[Blow]:
    """Plan a storm with a blow every ``gap`` seconds or more often, and every kind at least once."""
    rng = Random(seed)
    kinds = list(Kind)
    rng.shuffle(kinds)
    count = max(len(kinds), round((seconds - CALM_BEGINNING) / gap))
    weights = [1 if kind in SELDOM else 10 if kind in OFTEN else 2 for kind in kinds]
    blows = kinds + rng.choices(kinds, weights, k=count - len(kinds))
    rng.shuffle(blows)
    share = (seconds - CALM_BEGINNING) / count
    return [
        Blow(round(CALM_BEGINNING + (number + rng.random()) * share, 2), kind, round(rng.random(), 3))
        for number, kind in enumerate(blows)
    ]


def told(blows: list[Blow]) -> list[str]:
    """Say a plan in lines for a person, one for each kind."""
    counts = Counter(blow.kind for blow in blows)
    return [
        f"  {counts[kind]:3} {kind:40} at {', '.join(f'{blow.at:.0f}' for blow in blows if blow.kind is kind)} s"
        for kind in Kind
        if counts[kind]
    ]
