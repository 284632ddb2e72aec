"""What holds the fleet back, in two places: Redis, where requests meet it, and PostgreSQL, where it outlives Redis."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog

from db import Connection, gates, operations
from db.errors import DatabaseError
from db.gates import Gate
from db.pool import Pool
from workers.decide import CloseGate
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.limiter import Limiter
from workers.limiter.snapshot import Brake
from workers.limiter.snapshot import Gate as ShownGate

log = structlog.get_logger(__name__)

BUDGET = "discogs-api"  # whose gates these are; what stands under it in Redis and in the ledger belongs together
ALARM_AFTER = timedelta(hours=1)  # jobs do not fail for waiting, so somebody has to hear of it
ALARMING = ("blocked", "rejected")  # these do not pass by themselves
LOOK_SECONDS = 10.0  # between two looks at Redis while nothing holds the fleet back


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
        log.warning(
            "gate_not_in_redis", error=str(error)
        )  # the mirror puts it there; without Redis nobody sends anyway
    say = log.error if decision.cause in ALARMING else log.warning
    say("gate_closed", cause=decision.cause, reason=decision.reason, until=until.isoformat())
    return until


def keep(conn: Connection, limiter: Limiter, decision: CloseGate, until: datetime) -> None:
    """Remember a closed gate where it outlives Redis. A gate that is closed longer already stays so."""
    gates.close(conn, limiter.budget, decision.cause, decision.reason, until)


def keep_throttle(pool: Pool, budget: str, gate: ShownGate) -> None:
    """Remember a 429 that met somebody at a door: no step's transaction does. Never raises: Redis has it already."""
    try:
        with pool.transaction() as conn:
            gates.close(conn, budget, "throttled", gate.reason, gate.until)
    except DatabaseError as error:
        log.warning("gate_not_in_database", error=str(error))


def brake(pool: Pool, limiter: Limiter, *, share: float, until: datetime, reason: str, by: str) -> None:
    """Leave the fleet only this share of the budget until a time, 0 for none. The last word counts.

    Raises:
        DatabaseError: nothing changed.
        LimiterUnavailable: it is remembered, and takes effect as soon as a worker reaches Redis; nobody sends before.
    """
    with pool.transaction() as conn:
        gates.brake(conn, limiter.budget, share=share, reason=reason, until=until, by=by)
        target = {"share": share, "until": until.isoformat(timespec="seconds"), "reason": reason}
        operations.audit(conn, by=by, action="braked", target=target, jobs=0)
    limiter.brake(share, until, reason)


def release_brake(pool: Pool, limiter: Limiter, *, by: str) -> bool:
    """Let the fleet spend the whole budget again. False when the brake was not pulled. Raises as ``brake``."""
    with pool.transaction() as conn:
        was_pulled = gates.release(conn, limiter.budget)
        if was_pulled:
            operations.audit(conn, by=by, action="released", target={}, jobs=0)
    limiter.release_brake()
    return was_pulled


class Mirror:
    """Keeps Redis at PostgreSQL's word: what an emptied Redis lost comes back, what was released goes.

    Its looks also keep the script's clock going while nobody asks for a token: time that no process lived through
    counts as two seconds there.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._look_at = 0.0
        self._had_any = False
        self._is_orphan = False  # Redis showed a brake of which the ledger knew nothing

    def show(self, holding: Sequence[Gate]) -> None:
        """Put into Redis what holds the budget back by the ledger. Raises LimiterUnavailable."""
        is_due = time.monotonic() >= self._look_at
        if not (holding or self._had_any or self._is_orphan or is_due):
            return
        shown = self._limiter.snapshot()
        gate = next((one for one in holding if not one.is_brake), None)
        if gate is not None and shown.gate is None:
            self._limiter.close_gate(gate.closed_until, gate.reason)
        pulled = next((one for one in holding if one.is_brake), None)
        was_orphan, self._is_orphan = self._is_orphan, pulled is None and shown.brake is not None
        if was_orphan and self._is_orphan:
            # Not at the first sight: it may have been pulled after the ledger was read for this look.
            self._limiter.release_brake()
        elif pulled is not None and (shown.brake is None or not _is_same(shown.brake, pulled)):
            self._limiter.brake(pulled.share, pulled.closed_until, pulled.reason)
        self._had_any = bool(holding)
        self._look_at = time.monotonic() + LOOK_SECONDS


def _is_same(shown: Brake, pulled: Gate) -> bool:
    is_as_long = abs(shown.until - pulled.closed_until) < timedelta(seconds=5)
    return is_as_long and (shown.share, shown.reason) == (pulled.share, pulled.reason)


def is_alarming(gate: Gate, now: datetime) -> bool:
    """Whether an operator should know: at once of what does not pass by itself, else when it lasts.

    The brake is the operator's own.
    """
    return not gate.is_brake and (gate.cause in ALARMING or now - gate.closed_at >= ALARM_AFTER)
