"""The catalogue of jobs: all that a door needs to enqueue one, without its code."""

from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from actors.outgoing import Act, Doing
from db.fields import Field as CustomField
from db.prices import What
from workers.kinds import Kind, NoArguments, Plain
from workers.limiter.lanes import Lane


class Stage(StrEnum):
    """Where an import stands."""

    IDENTITY = "identity"
    FOLDERS = "folders"
    FIELDS = "fields"
    PAGES = "pages"
    LINKING_BY_RELEASE = "linking_by_release"
    LINKING_BY_NAME = "linking_by_name"


class ImportCheckpoint(Plain):
    """What an import needs to go on where it stopped; every page that it names is stored.

    ``newest`` is the number of records that a free account holds, None for all; it is settled with the first page, so
    that an upgrade half-way does not change what a page is. ``is_doubted`` says that the identity was asked because
    of the page that comes next; ``are_fields_doubted`` that the custom fields were, which happens once an import.
    ``after`` is the last copy that was looked at for its album.
    """

    stage: Stage = Stage.IDENTITY
    account_id: int | None = None
    sweep: UUID | None = None
    nth_try: int = 1
    newest: int | None = None
    current_page: int = 0
    is_doubted: bool = False
    are_fields_doubted: bool = False
    after: int = 0
    missing: int = 0
    vanished: int = 0


class PagesFirst(ImportCheckpoint):
    """A walk that begins with its pages: who we are is asked only in doubt."""

    stage: Stage = Stage.PAGES


class UpkeepCheckpoint(Plain):
    """How many jobs were cleared, and the last one looked at, by when it ended; ``table`` is None until they are over.

    Then the place of the table that is cleared, and how many rows of each went, by what upkeep calls one.
    """

    cleared: int = 0
    after_at: AwareDatetime | None = None
    after_id: UUID | None = None
    table: int | None = None
    gone: dict[str, int] = Field(default_factory=dict)


class NightlyCheckpoint(Plain):
    """The time that one look is about, the last user looked at, and what came of it so far.

    ``users`` are those whose moment came, ``jobs`` what was enqueued for them.
    """

    looked_at: AwareDatetime | None = None
    after: UUID = UUID(int=0)
    users: int = 0
    jobs: int = 0
    unknown_zones: int = 0


class PriceCheckpoint(Plain):
    """The side of the release that is asked for next, in whose name, and what came of it so far; None to choose.

    ``asked`` are requests, ``forgotten`` releases that nobody has any more.
    """

    release: int = 0
    what: What | None = None
    asker: UUID | None = None
    asked: int = 0
    forgotten: int = 0


class RatesCheckpoint(Plain):
    """The release whose floor is converted, the currencies to convert into, whose turns are left, and what was said.

    The dollar has the first turn and the last; ``release_id`` is None until one is chosen.
    """

    release_id: int | None = None
    currencies: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    said: dict[str, Decimal] = Field(default_factory=dict)
    nth_try: int = 1


class ShopsCheckpoint(Plain):
    """The shop that is read, by which walk, up to which page; ``seller`` is empty to choose one, or for an offer alone.

    ``is_full`` when this walk goes to the end whatever it meets, ``is_steady`` while each page counts the same
    ``offers``. ``listing`` is the offer that somebody waits for. ``asked`` are requests, ``shops`` those that were read
    to their end, ``new`` and ``sold`` offers.
    """

    seller: str = ""
    name: str = ""
    walk: UUID | None = None
    is_full: bool = True
    is_steady: bool = True
    current_page: int = 0
    offers: int = 0
    listing: int | None = None
    asked: int = 0
    shops: int = 0
    looked: int = 0
    new: int = 0
    sold: int = 0


class ChangesCheckpoint(Plain):
    """How many users were looked at because they changed something, and how many pushes that became."""

    users: int = 0
    jobs: int = 0


class SnapshotsCheckpoint(Plain):
    """The last owner who was looked at, and how many collections were valued."""

    after: UUID = UUID(int=0)
    taken: int = 0


class ForgetCheckpoint(Plain):
    """How far a removal is: among the albums, ``after`` the last one, while ``table`` is None; then the table's place.

    ``removed`` are rows, albums among them; ``albums`` those alone, ``kept`` the albums that stay.
    """

    table: int | None = None
    after: UUID = UUID(int=0)
    removed: int = 0
    albums: int = 0
    kept: int = 0


class UndoArguments(Plain):
    """The sync that was shown, by its end; without it, the last one."""

    synced_until: AwareDatetime | None = None


class PushStage(StrEnum):
    """Where a push stands: it chooses, looks at a release, sends one change, or looks whether an add happened."""

    PLAN = "plan"
    LOOK = "look"
    SEND = "send"
    CHECK = "check"


class PushArguments(Plain):
    """What the collector said: yes to the first preview, and that many removals are meant."""

    is_confirmed: bool = False
    allows_removals: bool = False


class PushCheckpoint(Plain):
    """The release that a push is at, the change under way, and what came of it so far.

    ``passed`` are the changes of this release that could not go out, which are not tried again in this push;
    ``doubted`` those of which Discogs did not find the copy, which was looked for again once.
    """

    stage: PushStage = PushStage.PLAN
    release: int = 0
    doing: Doing | None = None
    passed: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
    added: int = 0
    edited: int = 0
    removed: int = 0
    refused: int = 0


class WantsStage(StrEnum):
    """Where a push of wants stands: it chooses, looks at a page of the wantlist, doubts it, or sends one change."""

    PLAN = "plan"
    LOOK = "look"
    IDENTITY = "identity"
    SEND = "send"


class WantDoing(Plain):
    """One request that changes a want on Discogs; a field that it does not write is None.

    ``agrees`` is what both sides agree on when it is done; ``rating`` 0 takes a rating away.
    """

    act: Act
    release_id: int
    notes: str | None = None
    rating: int | None = None
    agrees: dict[str, str | int | None] = Field(default_factory=dict)


class PushWantsCheckpoint(Plain):
    """When a push of wants began, the page that it looked at last, the change under way, and what came of it so far.

    ``after`` is the last release of which something could not go out, which is not tried again in this push; ``looks``
    how often it looked again because nobody knows whether the change under way was made; ``is_doubted`` says that the
    identity was asked because of the page that comes next.
    """

    stage: WantsStage = WantsStage.PLAN
    began_at: AwareDatetime | None = None
    current_page: int = 0
    is_doubted: bool = False
    after: int = 0
    looks: int = 0
    doing: WantDoing | None = None
    added: int = 0
    edited: int = 0
    removed: int = 0
    refused: int = 0


class LookStage(StrEnum):
    """Where a look before a sync stands: at the custom fields, the collection, or the wantlist."""

    FIELDS = "fields"
    COLLECTION = "collection"
    WANTLIST = "wantlist"


class LookCheckpoint(Plain):
    """The page of a list that a look saw last, in which try, and how long Discogs says that the list is.

    ``fields`` are the custom fields where they had to be asked for, for they are stored by an import only.
    ``is_steady`` while each page of this try counts alike, ``is_whole`` while each list before was seen whole.
    """

    stage: LookStage = LookStage.COLLECTION
    account_id: int | None = None
    fields: tuple[CustomField, ...] | None = None
    nth_try: int = 1
    current_page: int = 0
    listed: int | None = None
    is_steady: bool = True
    is_whole: bool = True
    asks_about_vanished: bool = False


class UndoCheckpoint(Plain):
    """The sync that is taken back, by its end, once it was chosen; how far it came stands in ``rekkrd.undos``."""

    synced_until: AwareDatetime | None = None


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
        REFRESH_RATES,
        READ_SHOPS,
        VALUE_SNAPSHOTS,
    )
}
