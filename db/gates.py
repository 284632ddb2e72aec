"""Why and until when the fleet sends nothing: Discogs' word, a block, our own credentials, an operator's pause."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from db import Connection
from db.queries import load

Cause = Literal["throttled", "blocked", "rejected", "operator"]

_sql = load("gates")


@dataclass(frozen=True, slots=True)
class Gate:
    """One closed gate. It opens by itself: ``closed_until`` is compared with the database's clock."""

    budget: str
    cause: Cause
    reason: str
    closed_at: datetime
    closed_until: datetime


def close(conn: Connection, budget: str, cause: Cause, reason: str, until: datetime) -> None:
    """Close a budget until a time. A shorter time does not open it earlier, unless an operator says so."""
    _sql.close(conn, budget=budget, cause=cause, reason=reason, until=until)


def open_(conn: Connection, budget: str, cause: Cause) -> bool:
    """Open a budget for one cause. False when it was not closed for that."""
    return bool(_sql.open(conn, budget=budget, cause=cause))


def current(conn: Connection, budget: str) -> Gate | None:
    """Return what holds the budget back longest, None when it is open."""
    gates = closed(conn, budget)
    return gates[0] if gates else None


def closed(conn: Connection, budget: str) -> list[Gate]:
    """Return everything that holds the budget back, the longest first."""
    return [Gate(**row) for row in _sql.find_closed(conn, budget=budget)]
