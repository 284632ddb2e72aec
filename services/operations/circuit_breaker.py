"""The circuit breaker by hand: one probe request before the breaker's own, when an operator has fixed the cause."""

from dataclasses import dataclass
from typing import Literal

import structlog

from db import gates, operations
from db.gates import Hold
from discogs.errors import ApplicationRejected, Blocked, DiscogsError, PermitExpired, Throttled, Unauthorised
from workers import holds
from workers.decide import CloseGate, decide
from workers.limiter.errors import LimiterError
from workers.resources import Resources

log = structlog.get_logger(__name__)

BREAKER = ("blocked", "rejected")  # causes that open the circuit breaker
WAIT_SECONDS = 10.0  # for the permit of the probe

Result = Literal["closed", "open", "cooldown", "unanswered"]

MESSAGES: dict[Result, str] = {
    "closed": "Discogs answers again: the circuit breaker is closed, and requests continue.",
    "open": "Discogs still refuses our requests: the circuit breaker stays open.",
    "cooldown": "Discogs answered 429: requests pause for its cooldown, then continue.",
    "unanswered": "Discogs did not answer the probe: the circuit breaker stays open.",
}


class ProbeRefused(Exception):
    """No probe was sent; ``next_step`` says what to do."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.next_step = next_step


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe that was sent. ``reason`` is Discogs' answer, None if it let us in."""

    result: Result
    reason: str | None = None

    @property
    def message(self) -> str:
        told = MESSAGES[self.result]
        return told if self.reason is None else f"{told} {self.reason}"


def probe(resources: Resources, *, by: str) -> Probe:
    """Send one request while the circuit breaker is open, and close it if Discogs lets us in.

    Raises:
        ProbeRefused: the breaker is closed, a cooldown or an operator's pause holds, or a probe was sent within the
            last minute.
        DatabaseError, LimiterUnavailable: nothing was sent, and the breaker stays open.
    """
    limiter = resources.limiter
    shown = limiter.snapshot()
    with resources.pool.transaction() as conn:
        held = gates.holding(conn, limiter.budget)
        _refuse(held)
        left = gates.half_open(conn, limiter.budget)
        if not left:
            raise ProbeRefused("A probe was sent less than a minute ago.", "Wait a minute, then probe again.")
        operations.audit(conn, by=by, action="probed", target={"causes": sorted(left)}, jobs=0)
    if shown.gate is not None:
        limiter.half_open()
    found = _send(resources)
    log.info("breaker_probed", by=by, result=found.result, reason=found.reason)
    if found.result == "unanswered":
        _reopen(resources, held)
    return found


def _refuse(held: list[Hold]) -> None:
    """Raise ProbeRefused unless the breaker is open and nothing else forbids a request."""
    throttled = next((hold for hold in held if hold.cause == "throttled"), None)
    if throttled is not None:
        until = f"{throttled.closed_until:%H:%M:%S} UTC"
        raise ProbeRefused(f"Discogs asked us to wait until {until}.", "A cooldown ends by itself: wait.")
    if any(hold.is_brake and hold.share == 0 for hold in held):
        raise ProbeRefused("An operator paused all requests.", "`rekkrd limiter resume` ends the pause.")
    if not any(hold.cause in BREAKER for hold in held):
        raise ProbeRefused("The circuit breaker is closed.", "Nothing needs to be done: requests are sent.")


def _send(resources: Resources) -> Probe:
    """Request our own identity with the application's credentials: the answer tells a block and a rejected key."""
    budget = resources.budget_for_person("", give_up_after=WAIT_SECONDS)
    try:
        resources.discogs(None, budget).identity()
    except Unauthorised:
        return Probe("closed")  # the key is good, and speaks for no user
    except (Blocked, ApplicationRejected) as error:
        _open_again(resources, error)
        return Probe("open", str(error))
    except Throttled as error:
        return Probe("cooldown", str(error))
    except (DiscogsError, LimiterError, PermitExpired) as error:
        return Probe("unanswered", str(error))
    return Probe("closed")


def _open_again(resources: Resources, error: DiscogsError) -> None:
    decision = decide(error, attempts=0, max_attempts=1, backoff_seconds=1.0)
    if isinstance(decision, CloseGate):
        seconds = holds.close_in_redis(resources.limiter, decision)
        with resources.pool.transaction() as conn:
            holds.keep(conn, resources.limiter, decision, seconds)


def _reopen(resources: Resources, held: list[Hold]) -> None:
    """Let the breaker stay open for as long as it would have been without the probe."""
    for hold in held:
        if hold.cause in BREAKER and hold.cause != "operator":
            decision = CloseGate(hold.cause, hold.reason, hold.left_seconds)
            holds.close_in_redis(resources.limiter, decision)
            with resources.pool.transaction() as conn:
                holds.keep(conn, resources.limiter, decision, hold.left_seconds)
