"""End of the pause after an undo: the user's choice, and the jobs that follow from it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST, PUSH_COLLECTION, PUSH_WANTLIST, PushArguments
from actors.gating import admit
from db import Connection, operations
from services.sync.undo_choice import Choice, choose
from workers.enqueue import Enqueued, enqueue
from workers.kinds import Kind

FOLLOWING: Mapping[Choice, Sequence[Kind[Any, Any]]] = {
    "import_again": (IMPORT_COLLECTION, IMPORT_WANTLIST),
    "keep_mine": (PUSH_COLLECTION, PUSH_WANTLIST),
    "keep_local": (),
}


def resume(
    conn: Connection,
    user_id: UUID,
    choice: Choice,
    *,
    by: str,
    deletions: int | None = None,
    overwrites: int | None = None,
) -> list[Enqueued]:
    """Carry out a choice, with an audit row; return the jobs that follow.

    Raises NotConnected, TierTooLow, NothingToResume, ChoiceOutdated; then the caller rolls back.
    """
    choose(conn, user_id, choice, deletions=deletions, overwrites=overwrites)
    following = FOLLOWING[choice]
    if following:
        admit(conn, user_id, *following)
    # The user confirmed how many are deleted, so the push need not ask about many removals once more.
    yes = PushArguments(is_confirmed=True, allows_removals=True) if choice == "keep_mine" else None
    started = [enqueue(conn, kind.name, user_id, yes) for kind in following]
    target = {"user": str(user_id), "choice": choice}
    operations.audit(conn, by=by, action="resumed sync", target=target, jobs=len(started))
    return started
