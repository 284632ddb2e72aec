"""Times and sentences inside messages."""

from datetime import UTC, datetime, tzinfo


def ended(text: str) -> str:
    """End a text as a sentence does; what ends already stays."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def lasting(seconds: float) -> str:
    """Say how long something takes, no finer than it can be known: "4 s", "2 min", "1 h 20 min", "9 days"."""
    whole = max(1, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours >= 72:
        return f"{round(minutes / 1440)} days"
    return f"{hours} h {rest:02} min" if rest else f"{hours} h"


def clock(when: datetime, now: datetime, zone: tzinfo = UTC) -> str:
    """Say a moment by the reader's clock, with the date only when it is another day."""
    local = when.astimezone(zone)
    form = "%H:%M:%S" if local.date() == now.astimezone(zone).date() else "%Y-%m-%d %H:%M:%S"
    return local.strftime(form) + (" UTC" if zone is UTC else "")
