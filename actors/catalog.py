"""The catalogue of jobs: all that a door needs to enqueue one, without its code."""

from typing import Any

from pydantic import AwareDatetime

from actors.checkpoints import (
    ChangesCheckpoint,
    ForgetCheckpoint,
    ImportCheckpoint,
    LookCheckpoint,
    NightlyCheckpoint,
    PagesFirst,
    PriceCheckpoint,
    PushCheckpoint,
    PushWantsCheckpoint,
    RatesCheckpoint,
    ShopsCheckpoint,
    SnapshotsCheckpoint,
    UndoCheckpoint,
    UpkeepCheckpoint,
)
from workers.kinds import Kind, NoArguments, Plain
from workers.limiter.lanes import Lane


class UndoArguments(Plain):
    """The sync that was shown, by its end; without it, the last one."""

    synced_until: AwareDatetime | None = None


class PushArguments(Plain):
    """What the collector said: yes to the first preview, and that many removals are meant."""

    is_confirmed: bool = False
    allows_removals: bool = False


IMPORT_COLLECTION = Kind(
    name="import_collection",
    sentence="Bring a collection over from Discogs: every copy with its grades, notes, folder and fields.",
    lane=Lane.IMPORT,
    arguments=NoArguments,
    checkpoint=ImportCheckpoint,
    unique="import_collection",
    speaks_for_user=True,
    takes_token=True,
    is_import=True,
)

IMPORT_WANTLIST: Kind[NoArguments, ImportCheckpoint] = Kind(
    name="import_wantlist",
    sentence="Bring a wantlist over from Discogs.",
    lane=Lane.IMPORT,
    arguments=NoArguments,
    checkpoint=PagesFirst,
    unique="import_wantlist",
    speaks_for_user=True,
    takes_token=True,
    is_import=True,
)

REFRESH_COLLECTION: Kind[NoArguments, ImportCheckpoint] = Kind(
    name="refresh_collection",
    sentence="Bring what is new in a collection over from Discogs; one request when nothing is.",
    lane=Lane.IMPORT,
    arguments=NoArguments,
    checkpoint=PagesFirst,
    unique="refresh_collection",
    speaks_for_user=True,
    takes_token=True,
)

PUSH_COLLECTION = Kind(
    name="push_collection",
    sentence="Bring what changed here to Discogs: new records, grades, notes, folders, and what was deleted.",
    lane=Lane.IMPORT,
    arguments=PushArguments,
    checkpoint=PushCheckpoint,
    unique="push_collection",
    speaks_for_user=True,
    takes_token=False,
)

PUSH_WANTLIST = Kind(
    name="push_wantlist",
    sentence="Bring what changed in a wantlist here to Discogs: new wants, notes, ratings, and what was removed.",
    lane=Lane.IMPORT,
    arguments=PushArguments,
    checkpoint=PushWantsCheckpoint,
    unique="push_wantlist",
    speaks_for_user=True,
    takes_token=False,
)

PREVIEW_SYNC = Kind(
    name="preview_sync",
    sentence="Look at both lists on Discogs and say what a sync would do; nothing changes on either side.",
    lane=Lane.IMPORT,
    arguments=NoArguments,
    checkpoint=LookCheckpoint,
    unique="preview_sync",
    speaks_for_user=True,
    takes_token=True,
)

UNDO_SYNC = Kind(
    name="undo_sync",
    sentence="Take back what the last sync did here, and have added again what it removed on Discogs.",
    lane=Lane.IMPORT,
    arguments=UndoArguments,
    checkpoint=UndoCheckpoint,
    unique="undo_sync",
    speaks_for_user=True,
    takes_token=False,
)

FORGET_COLLECTION = Kind(
    name="forget_collection",
    sentence="Remove everything that is known of a collector from Discogs, once they disconnected and asked for it.",
    lane=Lane.BACKGROUND,
    arguments=NoArguments,
    checkpoint=ForgetCheckpoint,
    unique="forget_collection",
    speaks_for_user=False,
    takes_token=False,
)

UPKEEP = Kind(
    name="upkeep",
    sentence="Keep the ledger small: clear jobs that were kept long enough, and what nobody will ask for again.",
    lane=Lane.BACKGROUND,
    arguments=NoArguments,
    checkpoint=UpkeepCheckpoint,
    unique="upkeep",
    speaks_for_user=False,
    takes_token=False,
)

NIGHTLY_SYNC = Kind(
    name="nightly_sync",
    sentence="Enqueue the sync of every archivist whose moment of the night comes.",
    lane=Lane.BACKGROUND,
    arguments=NoArguments,
    checkpoint=NightlyCheckpoint,
    unique="nightly_sync",
    speaks_for_user=False,
    takes_token=False,
)

PUSH_CHANGES = Kind(
    name="push_changes",
    sentence="Enqueue the push of every archivist who changed something here a moment ago.",
    lane=Lane.BACKGROUND,
    arguments=NoArguments,
    checkpoint=ChangesCheckpoint,
    unique="push_changes",
    speaks_for_user=False,
    takes_token=False,
)

REFRESH_PRICES = Kind(
    name="refresh_prices",
    sentence="Ask Discogs anew for the prices that are due, once for everybody, with what the budget leaves over.",
    lane=Lane.BACKGROUND,
    arguments=NoArguments,
    checkpoint=PriceCheckpoint,
    unique="refresh_prices",
    speaks_for_user=False,
    takes_token=False,
)

CHECK_ALERTS = Kind(
    name="check_alerts",
    sentence="Request the lowest prices that alerts wait for: every 6 h within 20 % of the target, else every 24 h.",
    lane=Lane.BACKGROUND,
    arguments=NoArguments,
    checkpoint=PriceCheckpoint,
    unique="check_alerts",
    speaks_for_user=False,
    takes_token=False,
)

REFRESH_RATES = Kind(
    name="refresh_rates",
    sentence="Ask Discogs how it converts between the currencies that somebody has.",
    lane=Lane.BACKGROUND,
    arguments=NoArguments,
    checkpoint=RatesCheckpoint,
    unique="refresh_rates",
    speaks_for_user=False,
    takes_token=False,
)

READ_SHOPS = Kind(
    name="read_shops",
    sentence="Read the shops of sellers whom somebody watches: what is new every day, and all of it once a week.",
    lane=Lane.BACKGROUND,
    arguments=NoArguments,
    checkpoint=ShopsCheckpoint,
    unique="read_shops",
    speaks_for_user=False,
    takes_token=False,
)

VALUE_SNAPSHOTS = Kind(
    name="value_snapshots",
    sentence="Keep what each collection is worth today, and where the change since yesterday came from.",
    lane=Lane.BACKGROUND,
    arguments=NoArguments,
    checkpoint=SnapshotsCheckpoint,
    unique="value_snapshots",
    speaks_for_user=False,
    takes_token=False,
)

CATALOG: dict[str, Kind[Any, Any]] = {
    kind.name: kind
    for kind in (
        IMPORT_COLLECTION,
        IMPORT_WANTLIST,
        REFRESH_COLLECTION,
        PUSH_COLLECTION,
        PUSH_WANTLIST,
        PREVIEW_SYNC,
        UNDO_SYNC,
        FORGET_COLLECTION,
        UPKEEP,
        NIGHTLY_SYNC,
        PUSH_CHANGES,
        REFRESH_PRICES,
        CHECK_ALERTS,
        REFRESH_RATES,
        READ_SHOPS,
        VALUE_SNAPSHOTS,
    )
}
