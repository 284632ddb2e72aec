"""The fleet's gate in two places: Redis, where requests wait for it, and PostgreSQL, where it outlives Redis."""

from datetime import UTC, datetime, timedelta

import structlog

from db import Connection, gates
from db.gates import Gate
from workers.decide import CloseGate
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.limiter import Limiter

log = structlog.get_logger(__name__)


ALARM_AFTER = timedelta(hours=1)  # jobs do not fail for waiting, so somebody has to hear of it
ALARMING = ("blocked", "rejected")  # these do not pass by themselves


def close_in_redis(limiter: Limiter, decision: CloseGate) -> datetime:
    """Close the gate where requests wait for it; the answer is until when, also without Redis."""
    until = datetime.now(UTC) + timedelta(seconds=decision.seconds or limiter.settings.window_seconds)
    try:
        if decision.cause == "throttled":
            # The limiter has closed itself on the 429, and knows for how long: it may have been the second in a row.
            gate = limiter.snapshot().gate
            until = until if gate is None else gate.until
        else:
            limiter.close_gate(until, decision.reason)
    except LimiterUnavailable as error:
        log.warning("gate_not_in_redis", error=str(error))  # `restore` puts it there; without Redis nobody sends anyway
    say = log.error if decision.cause in ALARMING else log.warning
    say("gate_closed", cause=decision.cause, reason=decision.reason, until=until.isoformat())
    return until


def keep(conn: Connection, limiter: Limiter, decision: CloseGate, until: datetime) -> None:
    """Remember a closed gate where it outlives Redis. A gate that is closed longer already stays so."""
    gates.close(conn, limiter.budget, decision.cause, decision.reason, until)


def restore(gate: Gate, limiter: Limiter) -> None:
    """Close the gate in Redis again if Redis lost it: PostgreSQL remembers. Raises LimiterUnavailable."""
    if limiter.snapshot().gate is None:
        limiter.close_gate(gate.closed_until, gate.reason)


def is_alarming(gate: Gate, now: datetime) -> bool:
    """Whether the gate has been closed for so long that an operator should know."""
    return now - gate.closed_at >= ALARM_AFTER
