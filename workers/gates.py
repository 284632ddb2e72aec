"""The fleet's gate in two places: Redis, where requests wait for it, and PostgreSQL, where it outlives Redis."""

from datetime import UTC, datetime, timedelta

import structlog

from db import Connection, gates
from db.gates import Gate
from workers.decide import CloseGate
from workers.limiter.limiter import Limiter

log = structlog.get_logger(__name__)


def close(conn: Connection, limiter: Limiter, decision: CloseGate) -> datetime:
    """Close the gate for everybody; the answer is until when. A gate that is closed longer already stays so."""
    until = datetime.now(UTC) + timedelta(seconds=decision.seconds)
    if decision.cause == "throttled":
        # The limiter has closed itself on the 429, and knows how long: its probe may have been answered so as well.
        gate = limiter.snapshot().gate
        until = gate.until if gate is not None else until + timedelta(seconds=limiter.settings.window_seconds)
    else:
        limiter.close_gate(until, decision.reason)
    gates.close(conn, limiter.budget, decision.cause, decision.reason, until)
    log.warning("gate_closed", cause=decision.cause, until=until.isoformat())
    return until


def restore(gate: Gate, limiter: Limiter) -> None:
    """Close the gate in Redis again when Redis lost it; PostgreSQL remembers."""
    known = limiter.snapshot().gate
    if known is None or known.until < gate.closed_until:
        limiter.close_gate(gate.closed_until, gate.reason)
