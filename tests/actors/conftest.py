"""What the tests of the jobs need: a Discogs that is a list in memory, and a hand that drives a job step by step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST
from actors.jobs import JOBS
from db import links
from db.links import Account, Credentials
from discogs.auth import PersonalToken
from discogs.budget import Unlimited
from discogs.client import Discogs, http_client
from discogs.errors import Gone, PastEnd
from discogs.records.collection import BasicInformation, CollectionItem, CollectionPage, Field, Folder, Note
from discogs.records.credits import Artist, Format, Label
from discogs.records.people import Identity
from discogs.records.reading import Rows
from discogs.records.wants import Want as WantItem
from discogs.records.wants import WantPage
from discogs.settings import DiscogsSettings
from tests.actors.everything_owned import everything
from workers.kinds import Done, Progress, Step

__all__ = ["everything"]

GRADES = (
    "Mint (M)",
    "Near Mint (NM or M-)",
    "Very Good Plus (VG+)",
    "Very Good (VG)",
    "Good Plus (G+)",
    "Good (G)",
    "Fair (F)",
    "Poor (P)",
)
FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)


def _make_item(number: int, *, release: int | None = None, **changes) -> CollectionItem:
    """One copy: the higher its number, the newer. ``title``, ``artist`` and ``year`` may be given, or any field."""
    release = release or 100_000 + number
    basic = {
        "title": changes.pop("title", f"Title {release}"),
        "year": changes.pop("year", 1970),
        "master_id": changes.pop("master_id", 5_000_000_000 + release),
        "thumb": changes.pop("thumb", f"https://i.example/{release}-150.jpeg"),
    }
    artist = changes.pop("artist", f"Artist {release}")
    item = CollectionItem(
        instance_id=3_000_000_000 + number,
        release_id=release,
        folder_id=1,
        rating=0,
        date_added=FIRST_DAY + timedelta(minutes=number),
        notes=(Note(1, "Near Mint (NM or M-)"), Note(2, "Generic"), Note(3, f"note {number}")),
        basic=BasicInformation(
            release_id=release,
            artists=(Artist(7, artist, anv="", join="", role="", tracks="", resource_url="", thumbnail_url=""),),
            labels=(Label(11, "Label", f"CAT {release}", "1", "Label", resource_url="", thumbnail_url=""),),
            formats=(Format(name="Vinyl", qty="1", text="Blue", descriptions=("LP",)),),
            genres=("Rock",),
            styles=("Prog",),
            cover_image=f"https://i.example/{release}-600.jpeg",
            resource_url="",
            master_url="",
            **basic,
        ),
    )
    return replace(item, **changes)


def _make_want(number: int, **changes) -> WantItem:
    """One want: the higher its number, the newer."""
    item = _make_item(number)
    want = WantItem(
        release_id=item.release_id,
        rating=0,
        notes=None,
        notes_public=None,
        date_added=item.date_added,
        resource_url="",
        basic=item.basic,
    )
    return replace(want, **changes)


@dataclass
class FakeDiscogs:
    """An account as a list in memory. ``before_page`` is called with the page's number, and may change anything."""

    items: list[CollectionItem] = field(default_factory=list)
    wants: list[WantItem] = field(default_factory=list)
    user_id: int = 42
    username: str = "crates"
    asked: list[str] = field(default_factory=list)
    before_page: Callable[[int], None] = lambda page: None
    lie: Callable[[CollectionPage], CollectionPage] = lambda page: page
    clamp: int = 100
    fields_listed: tuple[Field, ...] = (
        Field(id=1, name="Media Condition", type="dropdown", position=1, public=True, options=GRADES, lines=None),
        Field(
            id=2,
            name="Sleeve Condition",
            type="dropdown",
            position=2,
            public=True,
            options=("Generic", "No Cover", *GRADES),
            lines=None,
        ),
        Field(id=3, name="Notes", type="textarea", position=3, public=True, options=(), lines=3),
    )

    def identity(self) -> Identity:
        self.asked.append("identity")
        return Identity(self.user_id, self.username, resource_url="", consumer_name="Rekkrd")

    def folders(self, username: str) -> Rows[Folder]:
        self.asked.append("folders")
        return Rows(
            (
                Folder(id=0, name="All", count=len(self.items), resource_url=""),
                Folder(id=1, name="Uncategorized", count=0, resource_url=""),
            )
        )

    def fields(self, username: str) -> Rows[Field]:
        self.asked.append("fields")
        return Rows(self.fields_listed)

    def collection_page(self, username, *, page, per_page, sort, sort_order) -> CollectionPage:
        self.before_page(page)
        rows, facts = self._page(
            "collection", self.items, username, page=page, per_page=per_page, sort=sort, sort_order=sort_order
        )
        return self.lie(CollectionPage(items=tuple(rows), **facts))

    def wants_page(self, username, *, page, per_page, sort, sort_order) -> WantPage:
        self.before_page(page)
        rows, facts = self._page(
            "wants", self.wants, username, page=page, per_page=per_page, sort=sort, sort_order=sort_order
        )
        return self.lie(WantPage(items=tuple(rows), **facts))

    def _page(self, name, rows, username, *, page, per_page, sort, sort_order):
        self.asked.append(f"{name} {page}/{per_page} {sort} {sort_order}")
        if username != self.username:
            raise Gone("no such user", status=404)
        per_page = min(per_page, self.clamp)
        pages = max(1, -(-len(rows) // per_page))
        if page > pages:
            raise PastEnd("past the end", status=404)
        key = (lambda row: row.date_added) if sort == "added" else (lambda row: row.basic.title)
        ordered = sorted(rows, key=key, reverse=sort_order == "desc")
        held = ordered[(page - 1) * per_page : page * per_page]
        return held, {"page": page, "pages": pages, "per_page": per_page, "total_items": len(rows)}


@dataclass
class Drive:
    """Drives one job against a real database, as the engine does: fetch outside a transaction, store inside.

    ``is_clumsy`` lets every step die twice before it succeeds: once with its answer in hand, and once having stored
    everything but the commit.
    """

    conn: psycopg.Connection
    user_id: UUID
    discogs: FakeDiscogs
    tier: str = "curator"
    is_clumsy: bool = False
    on_outcome: Callable[[object], None] = lambda _: None

    def account(self) -> Account:
        link = links.link(self.conn, self.user_id)
        known = {name: getattr(link, name) for name in type(link).__slots__} | {"tier": self.tier}
        return Account(credentials=Credentials(kind="oauth", token="t", secret="s"), **known)

    def steps(self, kind, arguments=None, is_repeated=False) -> Iterator[Step | Done]:
        """Every step as it begins, and at last the end. A caller that stops here has killed the worker."""
        job = {job.kind.name: job for job in JOBS}[kind.name]
        job_id, arguments = self.job_row(kind), arguments or kind.arguments()
        checkpoint, progress = kind.checkpoint(), Progress(0)
        while True:
            parsed = kind.checkpoint.model_validate(checkpoint.model_dump(mode="json"))
            step = Step(
                job_id, self.user_id, arguments, parsed, progress, self.discogs, self.account(), is_repeated=is_repeated
            )
            yield step
            if self.is_clumsy:
                job.fetch(step)
                fetched = job.fetch(step)
                with self.conn.transaction(force_rollback=True):
                    job.store(self.conn, step, fetched)
            fetched = job.fetch(step)
            with self.conn.transaction():
                outcome = job.store(self.conn, step, fetched)
            self.on_outcome(outcome)
            progress = outcome.progress
            if isinstance(outcome, Done):
                yield outcome
                return
            checkpoint = outcome.checkpoint

    def run(self, kind, arguments=None) -> Done:
        """Run a job to its end."""
        for at in self.steps(kind, arguments):
            if isinstance(at, Done):
                return at
        raise AssertionError("the job neither ended nor went on")

    def import_collection(self) -> Done:
        return self.run(IMPORT_COLLECTION)

    def import_wantlist(self) -> Done:
        return self.run(IMPORT_WANTLIST)

    @contextmanager
    def speaking_to(self, simulator, account) -> Iterator[None]:
        """Be this account of a simulated Discogs, and ask that instead of the one in memory."""
        settings, profile = DiscogsSettings(api_url=simulator.url), account.profile
        self.execute("UPDATE profiles SET discogs_username = %s, discogs_user_id = %s", profile.username, profile.id)
        with http_client(settings) as http:
            self.discogs = Discogs(http, settings, Unlimited(), PersonalToken(profile.personal_token))
            yield

    def rows(self, statement: str, *values) -> list[dict]:
        return self.conn.execute(statement, [*values] or None).fetchall()

    def one(self, statement: str, *values):
        (row,) = self.rows(statement, *values)
        (value,) = row.values()
        return value

    def execute(self, statement: str, *values) -> int:
        return self.conn.execute(statement, [*values] or None).rowcount

    def missing(self) -> int:
        return self.one("SELECT count(*) FROM rekkrd.instances WHERE missing_since IS NOT NULL")

    def add_album(self, **columns) -> UUID:
        """An album that the app has, as a collector typed it in."""
        names = ", ".join(["user_id", *columns])
        places = ", ".join(["%s"] * (len(columns) + 1))
        return self.one(f"INSERT INTO albums ({names}) VALUES ({places}) RETURNING id", self.user_id, *columns.values())

    def job_row(self, kind) -> UUID:
        return self.one(
            "INSERT INTO rekkrd.jobs (kind, lane, queue, user_id, takes_token, speaks_for_user)"
            " VALUES (%s, 'import', 'import', %s, true, true) RETURNING id",
            kind.name,
            self.user_id,
        )


@pytest.fixture
def conn(migrated_database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(
        migrated_database_url, row_factory=dict_row, prepare_threshold=None, autocommit=True
    ) as connection:
        yield connection


@pytest.fixture
def drive(conn) -> Drive:
    """A collector who is connected to an empty account."""
    user_id = uuid4()
    conn.execute(
        "INSERT INTO public.profiles (id, tier, discogs_username, discogs_user_id, discogs_connected_at)"
        " VALUES (%s, 'curator', 'crates', 42, now())",
        [user_id],
    )
    conn.execute("INSERT INTO rekkrd.links (user_id) VALUES (%s)", [user_id])
    return Drive(conn, user_id, FakeDiscogs())


@pytest.fixture
def make_item():
    return _make_item


@pytest.fixture
def make_want():
    return _make_want
