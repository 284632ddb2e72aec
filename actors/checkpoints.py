"""Where each job stands: what a step leaves behind for the next one, stored with its work."""

from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field

from db.albums import Value
from db.fields import Field as CustomField
from db.prices import What
from workers.kinds import Plain


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
    to their end, ``new`` and ``sold`` offers, ``unreadable`` entries of shops.
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
    unreadable: int = 0


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


class Act(StrEnum):
    """What one request does."""

    ADD = "add"
    MOVE = "move"
    RATE = "rate"
    WRITE = "write"
    REMOVE = "remove"


class Doing(Plain):
    """One request that changes something on Discogs, and what both sides agree on when it is done.

    ``folder_id`` is where the copy is, or where it is added. ``field`` is a column of albums or an own field, ``value``
    what it says; ``field_id`` and ``text`` are the same in Discogs' words. A move takes a ``rating`` along, 0 for none.
    """

    act: Act
    release_id: int
    folder_id: int
    instance_id: int | None = None
    album_id: UUID | None = None
    intent_id: UUID | None = None
    field: str | None = None
    value: str | int | None = None
    field_id: int | None = None
    text: str = ""
    rating: int | None = None

    @property
    def agrees(self) -> dict[str, Value]:
        """What both sides agree on when it is done, by column of albums."""
        said: dict[str, Value] = {} if self.field is None else {self.field: self.value}
        return said if self.rating is None else said | {"discogs_rating": self.rating or None}

    def rated_alone(self) -> "Doing | None":
        """Return the rating that a move takes along as a change of its own; None where it takes none."""
        if self.act is not Act.MOVE or self.rating is None:
            return None
        said = {"act": Act.RATE, "field": "discogs_rating", "value": self.agrees["discogs_rating"]}
        return self.model_copy(update=said)

    @property
    def key(self) -> str:
        """Tell it from others of its release."""
        return f"{self.instance_id or self.album_id}:{self.field or self.act}"


class PushStage(StrEnum):
    """Where a push stands: it chooses, looks at a release, sends one change, or looks whether an add happened."""

    PLAN = "plan"
    LOOK = "look"
    SEND = "send"
    CHECK = "check"


class PushCheckpoint(Plain):
    """The release that a push is at, those that come next, the change under way, and what came of it so far.

    ``passed`` are the changes of this release that could not go out, which are not tried again in this push;
    ``doubted`` those of which Discogs did not find the copy, which was looked for again once.
    """

    stage: PushStage = PushStage.PLAN
    release: int = 0
    ahead: tuple[int, ...] = ()
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
    unreadable: int = 0


class UndoCheckpoint(Plain):
    """The sync that is taken back, by its end, once it was chosen; how far it came stands in ``rekkrd.undos``."""

    synced_until: AwareDatetime | None = None
