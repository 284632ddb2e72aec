"""Choice after an undo: import again, push what is here, or keep both sides as they are.

An undo leaves no difference that a push could send. Only the choice to push makes deletions and overwrites of it, and
only if the user confirmed their numbers.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from db import Connection, agreed, conflicts, instances, links, undone_records, undos
from db.conflicts import RECORD, Clash, Ending
from db.dry_run import dry_run
from db.undone_records import Differences
from services.errors import ChoiceOutdated, NothingToResume

Choice: TypeAlias = Literal["import_again", "keep_mine", "keep_local"]

BY = "collector"

NOT_PAUSED = "Imports and pushes are not paused."
NOT_ENDED = "The undo has not ended."
OUTDATED = "The push would make {now.deletions} deletions and {now.overwrites} overwrites on Discogs now."


@dataclass(frozen=True, slots=True)
class Option:
    """One choice and its effect. ``pushed`` are the changes on Discogs that it makes, None if it makes none."""

    choice: Choice
    effect: str
    pushed: Differences | None = None


@dataclass(frozen=True, slots=True)
class Paused:
    """A paused connection: how many records and wants the undo changed, and the choices."""

    records: int
    wants: int
    options: tuple[Option, ...]


def preview(conn: Connection, user_id: UUID) -> Paused | None:
    """Return the choices with their effects; None if the connection is not paused. Nothing changes."""
    link = links.link(conn, user_id)
    if link is None or link.paused_reason is None:
        return None
    changed = undone_records.tally(conn, user_id)
    with dry_run(conn):
        _claim(conn, user_id)
        pushed = undone_records.differences(conn, user_id)
    return Paused(
        changed.records,
        changed.wants,
        (
            Option("import_again", "A full import brings both lists from Discogs again. Nothing changes on Discogs."),
            Option("keep_mine", _said(pushed), pushed),
            Option(
                "keep_local",
                "Records and wants that the undo changed stay as they are here and on Discogs: no import and no push "
                "touches them until they are restored one by one.",
            ),
        ),
    )


def choose(
    conn: Connection, user_id: UUID, choice: Choice, *, deletions: int | None = None, overwrites: int | None = None
) -> None:
    """Carry out a choice and end the pause; the caller enqueues the jobs that follow.

    ``keep_mine`` needs the numbers of deletions and overwrites that the user confirmed. Raises NothingToResume,
    ChoiceOutdated; then the caller rolls back.
    """
    link = links.link(conn, user_id)
    if link is None or link.paused_reason is None:
        raise NothingToResume(NOT_PAUSED, "Nothing needs to be done: sync as usual.")
    if undos.unended(conn, user_id) is not None:
        raise NothingToResume(NOT_ENDED, "Start the undo again: it continues where it stopped. Then choose.")
    undone_records.log_choice(conn, user_id, choice)
    if choice == "keep_local":
        undone_records.keep_local(conn, user_id)
    elif choice == "keep_mine":
        _claim(conn, user_id)
        now = undone_records.differences(conn, user_id)
        if (deletions, overwrites) != (now.deletions, now.overwrites):
            raise ChoiceOutdated(OUTDATED.format(now=now), "Look at the choices again, and confirm these two numbers.")
    undone_records.resume(conn, user_id)


def _claim(conn: Connection, user_id: UUID) -> None:
    """Make differences to push of everything that the undo restored here."""
    undone_records.claim_deletions(conn, user_id)
    undone_records.claim_fields(conn, user_id)
    numbers = undone_records.unmarked(conn, user_id)
    undone_records.claim_adds(conn, user_id, numbers)
    known, pacts = instances.known(conn, user_id, numbers), agreed.of_copies(conn, user_id, numbers)
    kept = {number: pact for number, pact in pacts.items() if pact.album is not None}
    # A copy that Discogs does not list: its album becomes an add, as if its user had answered so to a conflict.
    conflicts.keep(
        conn,
        user_id,
        [
            Clash(
                number, known[number].copy.release_id, pact.album.id, RECORD, True, pact.fields, pact.album.fields, None
            )
            for number, pact in kept.items()
            if pact.album is not None
        ],
    )
    agreed.release(conn, user_id, list(kept))
    conflicts.close(conn, user_id, [Ending(number, RECORD, "ours", BY) for number in kept])


def _said(pushed: Differences) -> str:
    return (
        "A push brings Discogs to what is here, edits from before the undo included: "
        f"{pushed.deletions:,} records and wants deleted on Discogs, {pushed.overwrites:,} overwritten, "
        f"{pushed.adds:,} added with new instance ids."
    )
