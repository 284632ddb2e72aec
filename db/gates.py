"""Why and until when the fleet sends nothing, or less: Discogs' word, a block, our own credentials, the brake."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from db import Connection
from db.queries import load

Cause = Literal["throttled", "blocked", "rejected"]  # and "operator", who has a brake of his own

_sql = load("gates")


@dataclass(frozen=True, slots=True)
class Hold:
    """What holds a budget back. It passes by itself: ``closed_until`` is compared with the database's clock.

    ``share`` is the part of the budget that is left meanwhile: 0, save for a brake that an operator pulled half.
    ``closed_by`` names that operator. For how long it has held and will hold is told by that clock too: the one of
    whoever reads this may be another.
    """

    budget: str
    cause: Cause | Literal["operator"]
    share: float
    reason: str
    closed_at: datetime
    closed_until: datetime
    closed_by: str | None
    held_seconds: float
    left_seconds: float

    @property
    def is_brake(self) -> bool:
        """Whether an operator pulled it."""
        return self.cause == "operator"


def close(conn: Connection, budget: str, cause: Cause, reason: str, *, seconds: float) -> None:
    """Close a budget for so long. A shorter time does not open it earlier."""
    _sql.close(conn, budget=budget, cause=cause, reason=reason, seconds=seconds)


def brake(conn: Connection, budget: str, *, share: float, reason: str, until: datetime, by: str) -> float:
    """Leave only a share of the budget until a time, 0 for none; the last word counts. Return the seconds until it."""
    return float(_sql.brake(conn, budget=budget, share=share, reason=reason, until=until, closed_by=by))


def release(conn: Connection, budget: str) -> bool:
    """Release the brake. False when it was not pulled."""
    return bool(_sql.release(conn, budget=budget))


def half_open(conn: Connection, budget: str) -> list[str]:
    """End an open circuit breaker for one probe; return its causes, none within a minute of the last probe."""
    return [row["cause"] for row in _sql.half_open(conn, budget=budget)]


def current(conn: Connection, budget: str) -> Hold | None:
    """Return what keeps the budget closed longest, None when it is open. A brake that leaves a share closes nothing."""
    return next((gate for gate in holding(conn, budget) if gate.share == 0), None)


def braked(conn: Connection, budget: str) -> Hold | None:
    """Return the operator's brake, None when it is released."""
    return next((gate for gate in holding(conn, budget) if gate.is_brake), None)


def holding(conn: Connection, budget: str) -> list[Hold]:
    """Return everything that holds the budget back, the longest first."""
    return [Hold(**row) for row in _sql.find_holding(conn, budget=budget)]
