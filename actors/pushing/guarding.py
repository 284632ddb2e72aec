"""What every push asks before it sends anything, and says when it is done."""

from collections.abc import Callable
from typing import Any, Protocol

from actors.catalog import PushArguments
from actors.importing.walking import GUARDED_SHARE
from actors.wording import count
from db import Connection, outgoing
from db.links import Account
from db.outgoing import Removals
from db.storable import Json
from workers.errors import JobFailed
from workers.kinds import Done, Step

GUARDED_REMOVALS = 10
MOST_LOOKS = 5  # at one change whose sending ended in the dark each time; each look begins the engine's count anew

UNCONFIRMED = (
    "Nothing was changed on Discogs: {waiting} here would go out for the first time. Look at the preview, then push "
    "again and confirm."
)
TOO_MANY = (
    "{removals} of {present:,} would be removed on Discogs {when}, because they were deleted here. If that is meant, "
    "push again and allow removals."
)
AT_ONCE, IN_A_DAY = "at once", "within a day"

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
    return too_many(step, lost, noun=noun)


def too_many(step: Step[PushArguments, Any], lost: Removals, *, noun: str) -> Done | None:
    """Ask before many removals, those counted that went within a day: by this push, or one by one by those before."""
    if step.arguments.allows_removals or not are_many(lost):
        return None
    said = TOO_MANY.format(
        removals=count(lost.removals + lost.lately, noun),
        present=lost.present + lost.lately,
        when=IN_A_DAY if lost.lately else AT_ONCE,
    )
    return Done(f"{said} {lost.lately:,} of them are removed." if lost.lately else said, step.progress)


def are_many(lost: Removals) -> bool:
    """Whether so many removals are asked about: more than ten, or two of a hundred; a single one never is."""
    most = min(GUARDED_REMOVALS, max(1, int((lost.present + lost.lately) * GUARDED_SHARE)))
    return lost.removals > 0 and lost.removals + lost.lately > most


def said_of_leave(step: Step[PushArguments, Any]) -> dict[str, Json]:
    """Return what a removal's line says of the leave to make many: those that have it are counted no more."""
    return {"allowed": True} if step.arguments.allows_removals else {}


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
