"""One check of `rekkrd doctor` at a time, each with its own time-out: whatever one does, the others are made."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Thread

from actors.doctor.findings import Finding, Level, left_out, wrong
from actors.errors import ActorError
from cli.errors import CommandFailed
from cli.next_steps import next_step_after
from db.errors import DatabaseError
from discogs.errors import DiscogsError
from services.errors import ServiceError
from workers.errors import EngineError
from workers.limiter.errors import LimiterError

FORESEEN = (CommandFailed, ActorError, ServiceError, DatabaseError, EngineError, DiscogsError, LimiterError)

Look = Callable[[], list[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """A name, what it does, how many seconds it may take, and the checks on whose answers it builds."""

    section: str
    name: str
    look: Look
    seconds: float
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What one check found, and in how many seconds."""

    check: Check
    findings: Sequence[Finding]
    seconds: float


def examine(checks: Sequence[Check], begin: Callable[[Check], None] = lambda _: None) -> Iterator[Seen]:
    """Make the checks in order. ``begin`` is called before each; what cannot be looked at is left out, and says why."""
    stopped: dict[str, str] = {}  # what did not go, and what it was in the end
    for check in checks:
        begin(check)
        began = time.monotonic()
        blocking = [stopped[need] for need in check.needs if need in stopped]
        findings = [left_out(f'Not looked at while "{blocking[0]}" is wrong.')] if blocking else _within_time(check)
        if blocking or any(finding.stops for finding in findings):
            stopped[check.name] = blocking[0] if blocking else check.name
        yield Seen(check, findings, time.monotonic() - began)


def _within_time(check: Check) -> list[Finding]:
    """Look in a thread of its own: a driver's time-outs end most waits, but a resolver's wait ends nobody."""
    said: list[list[Finding]] = []
    thread = Thread(target=lambda: said.append(_looked(check)), name=f"doctor-{check.name}", daemon=True)
    thread.start()
    thread.join(check.seconds)
    if said:
        return said[0]
    return [
        wrong(
            f"No answer within {check.seconds:g} s.",
            "Something on the way swallows what we send: a firewall, a wrong address, or a host that hangs.",
            stops=True,
        )
    ]


def _looked(check: Check) -> list[Finding]:
    try:
        return check.look()
    except FORESEEN as error:
        do = error.next_step if isinstance(error, CommandFailed) else next_step_after(error)
        return [wrong(str(error), do, stops=True)]
    except Exception as error:  # noqa: BLE001  a check's bug is a finding: at 3 a.m. the others matter more
        sentence = f"This check itself broke: {type(error).__name__}."
        return [Finding(Level.WRONG, sentence, "Report what `rekkrd --debug doctor` shows.", stops=True)]
