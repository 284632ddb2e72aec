"""What becomes of a step that ended in an error: put back, tried again later, or the job's end, with the reason."""

import traceback

import structlog

from db import Connection, links, steps
from db.errors import MayBeRetried, SealBroken
from db.jobs import Job
from discogs.errors import DiscogsError
from workers import holds
from workers.decide import CloseGate, Fail, GiveBack, RetryLater, decide
from workers.errors import JobFailed
from workers.hand import Hand, in_transaction
from workers.resources import Resources

log = structlog.get_logger(__name__)

MOST_DETAIL = 8000  # characters of a traceback, its end


def settle(resources: Resources, hand: Hand, error: Exception) -> Job:
    """Decide what the error means, and carry it out; the job as it is then. Raises StepLost, MayBeRetried."""
    settings = resources.settings.engine
    decision = decide(
        error,
        attempts=hand.row.attempts,
        max_attempts=settings.max_attempts,
        backoff_seconds=settings.backoff_seconds,
    )
    _log_decision(error, decision)
    if isinstance(decision, CloseGate):
        return _close_gate(resources, hand, decision)
    requests = hand.budget.requests

    def store(conn: Connection, locked: Job) -> Job:
        match decision:
            case GiveBack(after_seconds, waits_for):
                return steps.give_back(
                    conn, locked, requests=requests, after_seconds=after_seconds, waits_for=waits_for
                )
            case RetryLater(after_seconds):
                return steps.retry_later(
                    conn,
                    locked,
                    requests=requests,
                    after_seconds=after_seconds,
                    error_class=_error_class(error),
                    error=_sentence(error),
                    detail=_detail(error),
                )
            case Fail(needs_reconnect):
                if needs_reconnect and hand.account is not None:
                    links.mark_needs_reconnect(conn, hand.account)
                return steps.fail(
                    conn,
                    locked,
                    requests=requests,
                    error_class=_error_class(error),
                    error=_sentence(error),
                    detail=_detail(error),
                )

    return in_transaction(resources.pool, hand, store, has_failed=not isinstance(decision, GiveBack))


def _close_gate(resources: Resources, hand: Hand, decision: CloseGate) -> Job:
    """Redis before the transaction, and whether or not the step is still ours: no row is locked meanwhile."""
    limiter = resources.limiter
    seconds = holds.close_in_redis(limiter, decision)

    def store(conn: Connection, locked: Job) -> Job:
        holds.keep(conn, limiter, decision, seconds)
        return steps.give_back(
            conn, locked, requests=hand.budget.requests, after_seconds=0.0, waits_for=decision.reason
        )

    return in_transaction(resources.pool, hand, store)


def _log_decision(error: Exception, decision: GiveBack | CloseGate | RetryLater | Fail) -> None:
    event = {GiveBack: "step_given_back", CloseGate: "step_gated", RetryLater: "attempt_failed", Fail: "job_failed"}
    say = log.debug if isinstance(decision, GiveBack) else log.warning
    say(event[type(decision)], error_class=_error_class(error), error=_sentence(error))


def _error_class(error: Exception) -> str:
    return error.error_class if isinstance(error, JobFailed) else type(error).__name__


def _sentence(error: Exception) -> str:
    if _is_foreseen(error):
        return str(error)
    return "Something went wrong inside the worker; the details are kept for its makers."


def _detail(error: Exception) -> str | None:
    """Say for the makers what the sentence does not: of an answer its status and beginning, of a bug its place."""
    if isinstance(error, DiscogsError):
        status = "no answer" if error.status is None else f"status {error.status}"
        return ": ".join(part for part in (error.endpoint, status, error.snippet) if part)
    return None if _is_foreseen(error) else "".join(traceback.format_exception(error))[-MOST_DETAIL:]


def _is_foreseen(error: Exception) -> bool:
    return isinstance(error, DiscogsError | JobFailed | MayBeRetried | SealBroken)
