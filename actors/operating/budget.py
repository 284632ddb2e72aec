"""The budget of the fleet in a person's words: what is left of it, why it is less than it could be, and the brake."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from actors.errors import BrakeRefused, HoldRefused
from services.wording import clock, ended
from workers import holds
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.settings import LimiterSettings
from workers.limiter.snapshot import Snapshot
from workers.resources import Resources
from workers.terminal_text import has_control_characters

LONGEST_HOLD = timedelta(days=7)  # whoever needs longer says so again; what was forgotten ends by itself

Cause = Literal["reserve", "discogs", "others", "brake"]


@dataclass(frozen=True, slots=True)
class Lowered:
    """One reason for spending less than the settings name; ``limit`` is what it alone would leave in a window."""

    cause: Cause
    limit: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Pulled:
    """A brake that was pulled just now. ``is_shown`` is False while Redis is away: it takes effect with its return."""

    share: float
    until: datetime
    reason: str
    is_shown: bool


def limit_now(seen: Snapshot, settings: LimiterSettings) -> int:
    """Return what the fleet may spend in a window now, less what others spend; 0 while nobody may send."""
    if seen.gate is not None:
        return 0
    total = _total(seen, settings)
    return max(1, min(seen.limit, total - max(settings.reserved_per_window, seen.foreign)))


def lowered(seen: Snapshot, settings: LimiterSettings, zone: tzinfo = UTC) -> list[Lowered]:
    """Say why the fleet may spend less than DISCOGS_REQUESTS_PER_WINDOW, a reason at a time."""
    total, found = _total(seen, settings), []
    if settings.reserved_per_window:
        sentence = f"REKKRD_RESERVED_PER_WINDOW leaves {settings.reserved_per_window} to other programs."
        found.append(Lowered("reserve", settings.limit, sentence))
    if total < settings.requests_per_window:
        sentence = f"Discogs allows this address less than the settings: {total} in a window, with our margin."
        found.append(Lowered("discogs", total, sentence))
    if seen.foreign > settings.reserved_per_window:
        sentence = f"Other programs on this address spent {seen.foreign} of the window, by Discogs' own count."
        found.append(Lowered("others", max(1, total - seen.foreign), sentence))
    if seen.brake is not None:
        limit = max(1, int(settings.limit * seen.brake.share)) if seen.brake.share else 0
        found.append(Lowered("brake", limit, braked(seen.brake.share, seen.brake.until, seen.brake.reason, zone)))
    return found


def braked(share: float, until: datetime, reason: str, zone: tzinfo = UTC) -> str:
    """Say what a brake does."""
    ends = f"until {clock(until, datetime.now(UTC), zone)}"
    what = f"Half the budget is left {ends}" if share == 0.5 else f"{share:.0%} of the budget is left {ends}"
    if not share:
        what = f"Nobody sends to Discogs {ends}, people at screens included"
    return f"{what}: {ended(reason)}"


def sentence(seen: Snapshot, settings: LimiterSettings, zone: tzinfo = UTC) -> str:
    """Say in one line how the budget stands."""
    if seen.gate is not None:
        return f"Nobody sends before {clock(seen.gate.until, seen.taken_at, zone)}: {ended(seen.gate.reason)}"
    seconds = max(0.0, (seen.next_token_at - seen.taken_at).total_seconds())
    spent = f"{seen.spent} of {limit_now(seen, settings)} spent in the last {seen.window_seconds:g} s"
    return f"{spent}, {seen.free} free, next token in {seconds:.1f} s."


def pull_brake(resources: Resources, *, share: float, until: datetime, reason: str, by: str) -> Pulled:
    """Leave the fleet a share of its budget until a time, 0 for none; the last word counts.

    Raises:
        BrakeRefused: the time is past or too far away, or the reason is empty; nothing changed.
        DatabaseError: nothing changed.
    """
    refuse_nonsense(share, until, reason, datetime.now(UTC))
    is_shown = True
    try:
        holds.brake(resources.pool, resources.limiter, share=share, until=until, reason=reason.strip(), by=by)
    except LimiterUnavailable:
        is_shown = False
    return Pulled(share, until, reason.strip(), is_shown)


def release_brake(resources: Resources, *, by: str) -> bool:
    """Release the brake before its time; False when it was not pulled. Without Redis it goes when that is back."""
    try:
        return holds.release_brake(resources.pool, resources.limiter, by=by)
    except LimiterUnavailable:
        return True


def refuse_nonsense(share: float, until: datetime, reason: str, now: datetime) -> None:
    """Raise BrakeRefused when this is no brake that anybody means."""
    if not 0 <= share < 1:
        raise BrakeRefused("This is no share of the budget.", "Name one from 0 to below 1; releasing leaves all of it.")
    refuse_hold(until, reason, now, BrakeRefused)


def refuse_hold(until: datetime, reason: str, now: datetime, refused: type[HoldRefused]) -> None:
    """Raise this error when something is to be held back without a reason, or until a time that nobody means."""
    if not reason.strip():
        raise refused("No reason was given.", "Say in a few words why: everybody whose job waits will read it.")
    if has_control_characters(reason):
        raise refused("The reason has a control character.", "Leave it out: the reason is shown on terminals.")
    if until <= now:
        raise refused(f"{until:%Y-%m-%d %H:%M:%S %Z} is past.", "Name a time to come.")
    if until - now > LONGEST_HOLD:
        raise refused(
            f"{until:%Y-%m-%d %H:%M %Z} is more than {LONGEST_HOLD.days} days ahead.",
            "Name a sooner time, and say it again when that ends.",
        )


def _total(seen: Snapshot, settings: LimiterSettings) -> int:
    """What Discogs leaves to everybody on our address, as the limiter takes it."""
    return min(settings.requests_per_window, seen.cap or settings.requests_per_window)
