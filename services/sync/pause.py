"""Pause of a connection after an undo: no import and no push runs until the user chooses how to go on."""

from db.links import Link
from services.errors import SyncPaused

# Job kinds that change records here or on Discogs; a preview and the undo itself still run.
SYNC_KINDS = frozenset(
    {"import_collection", "import_wantlist", "refresh_collection", "push_collection", "push_wantlist"}
)

MESSAGE = "Imports and pushes are paused, because a sync was undone."
NEXT_STEP = (
    "Choose how to go on: import again, push what is here, or keep both sides as they are. "
    "`GET /api/discogs/sync/resume` or `rekkrd sync resume USER` shows the effect of each choice."
)


def refusal_of(link: Link | None, kind: str) -> SyncPaused | None:
    """Return the error for a job of this kind, None if it may run."""
    if link is None or link.paused_reason is None or kind not in SYNC_KINDS:
        return None
    return SyncPaused(MESSAGE, NEXT_STEP)
