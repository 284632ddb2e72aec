"""The message that an import ends with."""

from collections.abc import Sequence

from actors.wording import count
from db.sweeps import Sweep

MOST_NAMED = 3  # entries that the message names; the sync log has all of them


def sentence(sweep: Sweep, *, noun: str, items: int, missing: int, vanished: int, asked: int) -> str:
    """Say what came over; ``noun`` is what one entry of the list is called."""
    if sweep.outcome == "partial":
        said = [f"The {sweep.seen:,} newest of {count(items, noun)}; upgrade to go on."]
    elif sweep.outcome == "unreadable":
        said = [f"{sweep.seen:,} of {count(items, noun)}."]
    elif sweep.outcome == "complete":
        said = [f"{count(sweep.seen, noun)}: complete."]
    else:
        said = [
            f"Changing too fast, nothing removed: {sweep.seen:,} of {count(items, noun)} seen in the last try.",
            "Import again when the list is at rest.",
        ]
    if sweep.unreadable:
        said.append(_unreadable(sweep.unreadable))
    if missing:
        said.append(f"{count(missing, noun)} no longer on Discogs: marked as missing, nothing was deleted.")
    if vanished:
        said.append(f"{count(vanished, noun)} would go missing at once: nothing was marked, a question waits for you.")
    if asked:
        said.append(f"{asked:,} might be in your library already: a question waits for you.")
    return " ".join(said)


def _unreadable(described: Sequence[str]) -> str:
    more = len(described) - MOST_NAMED
    named = "; ".join(described[:MOST_NAMED]) + (f"; and {more:,} more" if more > 0 else "")
    return f"{len(described):,} could not be read: {named}. Nothing was marked as missing; the history lists them."
