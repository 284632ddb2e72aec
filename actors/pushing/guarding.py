"""What every push asks before it sends anything, and says when it is done."""

from collections.abc import Callable
from typing import Any, Protocol

from actors.catalog import PushArguments
from actors.importing.walking import GUARDED_SHARE
from actors.wording import count
from db import Connection, outgoing
from db.links import Account
from db.outgoing import Removals
from workers.errors import JobFailed
from workers.kinds import Done, Step

GUARDED_REMOVALS = 10
MOST_LOOKS = 5  # at one change whose sending ended in the dark each time; each look begins the engine's count anew

UNCONFIRMED = (
    "Nothing was changed on Discogs: {waiting} here would go out for the first time. Look at the preview, then push "
    "again and confirm."
)
TOO_MANY = (
    "{removals} of {present:,} would be removed on Discogs at once, because they were deleted here. If that is meant, "
    "push again and allow removals."
)

STUCK = "Discogs did not say, several times, whether it took a change. Nothing is lost: push again later."


class Counted(Protocol):
    """What came of a push so far."""

    @property
    def added(self) -> int: ...

    @property
    def edited(self) -> int: ...

    @property
    def removed(self) -> int: ...

    @property
    def refused(self) -> int: ...


def held_back(
    conn: Connection, step: Step[PushArguments, Any], *, lost: Removals, waiting: Callable[[], int], noun: str
) -> Done | None:
    """Ask for the first yes and before many removals: the end of the push; None when it may go on."""
    if step.arguments.is_confirmed:
        outgoing.confirm(conn, step.user_id)
    elif not outgoing.is_confirmed(conn, step.user_id):
        return Done(UNCONFIRMED.format(waiting=count(waiting(), "change")), step.progress)
    return too_many(step, lost, noun=noun, removed=0)


def too_many(step: Step[PushArguments, Any], lost: Removals, *, noun: str, removed: int) -> Done | None:
    """Ask before many removals, those counted that this push made: more may have been deleted since it began."""
    counted = Removals(lost.removals + removed, lost.present + removed)
    if step.arguments.allows_removals or not are_many(counted):
        return None
    said = TOO_MANY.format(removals=count(counted.removals, noun), present=counted.present)
    return Done(said if not removed else f"{said} {removed:,} of them are removed.", step.progress)


def are_many(lost: Removals) -> bool:
    """Whether so many removals are asked about: more than ten, or two of a hundred; a single one never is."""
    return lost.removals > min(GUARDED_REMOVALS, max(1, int(lost.present * GUARDED_SHARE)))


def account_of(step: Step[PushArguments, Any]) -> Account:
    """Return the account that is pushed to. Raises JobFailed when none is connected: what waits goes on waiting."""
    if step.account is None:
        raise JobFailed("NotConnected", "This account is not connected to Discogs: connect it, then push again.")
    return step.account


def said_of(counted: Counted) -> str:
    """Say what came of a push."""
    numbers = ((counted.added, "added"), (counted.edited, "written"), (counted.removed, "removed"))
    parts = [f"{number:,} {name}" for number, name in numbers if number]
    said = f"On Discogs: {', '.join(parts)}." if parts else "Nothing waited to go out."
    if counted.refused:
        said += f" {count(counted.refused, 'change')} could not go out: the history says why."
    return said
