"""Times and ids as a person at a terminal says them; what every door says is in actors/wording.py."""

from datetime import UTC, datetime


def duration(seconds: float) -> str:
    """Say a length of time in its two largest parts: "16 s", "3 min 20 s", "2 h 05 min", "3 d 4 h"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02} min"
    return f"{hours // 24} d {hours % 24} h"


def ago(when: datetime, now: datetime | None = None) -> str:
    """Say how far away a moment is, in one part: "now", "12 s ago", "5 min ago", "3 d ago", "in 2 min"."""
    seconds = ((now or datetime.now(UTC)) - when).total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        if abs(seconds) >= size:
            distance = f"{int(abs(seconds) // size)} {unit}"
            return f"{distance} ago" if seconds > 0 else f"in {distance}"
    return "now"


def clock(when: datetime) -> str:
    """Say a moment by the clock of this machine; the date only when it is not today's."""
    local = when.astimezone()
    return local.strftime("%H:%M:%S" if local.date() == datetime.now().astimezone().date() else "%Y-%m-%d %H:%M")


def short(identifier: object) -> str:
    """Shorten an id to the part that one types: eight signs are unique among millions of jobs, nearly always."""
    return str(identifier)[:8]
