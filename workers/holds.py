"""What holds the fleet back, in two places: Redis, where requests meet it, and PostgreSQL, where it outlives Redis.

Each place has a clock of its own, and none of them is ours: what goes from one to the other are seconds that are left.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from db import Connection, gates, operations
from db.errors import DatabaseError
from db.gates import Hold
from db.pool import Pool
from workers.decide import CloseGate
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.limiter import Limiter
from workers.limiter.script import Closed
from workers.limiter.snapshot import Snapshot

log = structlog.get_logger(__name__)

BUDGET = "discogs-api"  # that they hold back; what stands under it in Redis and in the ledger belongs together
ALARM_AFTER = timedelta(hours=1)  # jobs do not fail for waiting, so somebody has to hear of it
ALARMING = ("blocked", "rejected")  # these do not pass by themselves
SAME_SECONDS = 5.0  # between two ends of one brake, by two clocks that were asked one after the other
LOOK_SECONDS = 10.0  # between two looks at Redis while nothing holds the fleet back


def close_in_redis(limiter: Limiter, decision: CloseGate) -> float:
    """Close the gate where requests wait for it; the answer is for how many seconds, also without Redis."""
    seconds = decision.seconds or limiter.settings.window_seconds
    try:
        if decision.cause == "throttled":
            # The limiter has closed itself on the 429, and knows for how long: it may have been the second in a row.
            shown = limiter.snapshot()
            seconds = seconds if shown.gate is None else (shown.gate.until - shown.taken_at).total_seconds()
        else:
            limiter.close_gate(seconds, decision.reason)
    except LimiterUnavailable as error:
        log.warning(
            "gate_not_in_redis", error=str(error)
        )  # the mirror puts it there; without Redis nobody sends anyway
    say = log.error if decision.cause in ALARMING else log.warning
    say("gate_closed", cause=decision.cause, reason=decision.reason, seconds=seconds)
    return seconds


def keep(conn: Connection, limiter: Limiter, decision: CloseGate, seconds: float) -> None:
    """Remember a closed gate where it outlives Redis. A gate that is closed longer already stays so."""
    gates.close(conn, limiter.budget, decision.cause, decision.reason, seconds=seconds)


def keep_throttle(pool: Pool, budget: str, gate: Closed) -> None:
    """Remember a 429 that met somebody at a door: no step's transaction does. Never raises: Redis has it already."""
    try:
        with pool.transaction() as conn:
            gates.close(conn, budget, "throttled", gate.reason, seconds=gate.left)
    except DatabaseError as error:
        log.warning("gate_not_in_database", error=str(error))


def brake(pool: Pool, limiter: Limiter, *, share: float, until: datetime, reason: str, by: str) -> None:
    """Leave the fleet only this share of the budget until a time, 0 for none. The last word counts.

    Raises:
        DatabaseError: nothing changed.
        LimiterUnavailable: it is remembered, and takes effect as soon as a worker reaches Redis; nobody sends before.
    """
    with pool.transaction() as conn:
        left_seconds = gates.brake(conn, limiter.budget, share=share, reason=reason, until=until, by=by)
        target = {"share": share, "until": until.isoformat(timespec="seconds"), "reason": reason}
        operations.audit(conn, by=by, action="braked", target=target, jobs=0)
    limiter.brake(share, left_seconds, reason)


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

    def show(self, holding: Sequence[Hold]) -> None:
        """Put into Redis what holds the budget back by the ledger. Raises LimiterUnavailable."""
        is_due = time.monotonic() >= self._look_at
        if not (holding or self._had_any or self._is_orphan or is_due):
            return
        shown = self._limiter.snapshot()
        gate = next((one for one in holding if not one.is_brake), None)
        if gate is not None and shown.gate is None:
            self._limiter.close_gate(gate.left_seconds, gate.reason)
        pulled = next((one for one in holding if one.is_brake), None)
        was_orphan, self._is_orphan = self._is_orphan, pulled is None and shown.brake is not None
        if was_orphan and self._is_orphan:
            # Not at the first sight: it may have been pulled after the ledger was read for this look.
            self._limiter.release_brake()
        elif pulled is not None and not _is_shown(shown, pulled):
            self._limiter.brake(pulled.share, pulled.left_seconds, pulled.reason)
        self._had_any = bool(holding)
        self._look_at = time.monotonic() + LOOK_SECONDS


def _is_shown(shown: Snapshot, pulled: Hold) -> bool:
    if shown.brake is None:
        return False
    left_seconds = (shown.brake.until - shown.taken_at).total_seconds()
    is_as_long = abs(left_seconds - pulled.left_seconds) < SAME_SECONDS
    return is_as_long and (shown.brake.share, shown.brake.reason) == (pulled.share, pulled.reason)


def is_alarming(hold: Hold) -> bool:
    """Whether an operator should know: at once of what does not pass by itself, else when it lasts.

    The brake is the operator's own.
    """
    return not hold.is_brake and (hold.cause in ALARMING or hold.held_seconds >= ALARM_AFTER.total_seconds())
