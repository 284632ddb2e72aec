"""Two sides of one collection: the app's albums in a database, and the simulated Discogs; jobs between them can die.

Everything the jobs run is the real thing: client, simulator, actors, statements. In place of the engine stands a hand
that takes one step after the other by the engine's rules, so that a history is the same each time.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

from actors.catalog import CATALOG, PushArguments
from actors.checkpoints import PushStage
from actors.jobs import JOBS
from db import links
from db.links import Account, Credentials
from discogs.auth import PersonalToken
from discogs.budget import Unlimited
from discogs.client import Discogs, http_client
from discogs.errors import Blocked, DiscogsError, Throttled, Unavailable
from discogs.grades import shorten
from discogs.settings import DiscogsSettings
from simulator import accounts
from simulator.call import Request
from simulator.faults import Fault
from simulator.records import Instance
from simulator.service import Service
from workers.errors import JobFailed
from workers.kinds import Continue, Done, NoArguments, Progress, Step

RECORDS = 8
NUMBERS = {"media_condition": 1, "sleeve_condition": 2, "discogs_notes": 3, "field_4": 4, "field_5": 5}
COLUMNS = (*NUMBERS, "discogs_folder_id", "discogs_rating")
MOST_ATTEMPTS = 5  # at a step, then the job fails; a worker of ours tries longer
MOST_STEPS = 400  # more than any job here takes

Values = dict[str, str | int | None]


class Killed(BaseException):
    """The worker died here."""


class InProcess(httpx.BaseTransport):
    """The simulator without its wires."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode().partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(request.method, path, query, headers, request.read(), "here", time.monotonic())
        delivery = self._service.deliver(asked)
        answer = delivery.answer
        if delivery.manner == "reset":
            raise httpx.ReadError("reset by peer", request=request)
        if delivery.manner == "half":
            raise httpx.RemoteProtocolError("closed half-way", request=request)
        headers = [("Content-Type", answer.content_type), *answer.headers]
        return httpx.Response(answer.status, headers=headers, content=answer.body)


class Mortal(httpx.BaseTransport):
    """Passes requests on until somebody is to die: before the request is sent, or after it was carried out."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.dies: str | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.dies == "before":
            raise Killed
        response = self.inner.handle_request(request)
        if self.dies == "after":
            response.read()
            response.close()
            raise Killed
        return response

    def close(self) -> None:
        self.inner.close()


@contextmanager
def client(service: Service, url: str | None, token: str) -> Iterator[tuple[Discogs, Mortal]]:
    """Make the real client of the simulator: over HTTP if it has an address, else without any network."""
    settings = DiscogsSettings(api_url=url or "http://simulator")
    with http_client(settings) as http:
        mortal = Mortal(InProcess(service) if url is None else http._transport)  # the seam of httpx
        http._transport = mortal
        yield Discogs(http, settings, Unlimited(), PersonalToken(token)), mortal


@dataclass
class Job:
    """A job between its steps. ``is_clean`` while nothing went wrong and nothing was edited since it began."""

    kind: str
    id: UUID
    arguments: Any
    checkpoint: Any
    progress: Progress = field(default_factory=lambda: Progress(0))
    is_repeated: bool = False
    is_clean: bool = True
    outcome: str | None = None
    has_failed: bool = False
    attempts: int = 0
    steps: int = 0


class World:
    """Both sides as they are. What is done to them is in ``tests.sync.moves``, what must be true in the oracle."""

    records, wants = RECORDS, 0
    agreed = "SELECT instance_id AS number, album_id, fields FROM rekkrd.agreed WHERE user_id = %s ORDER BY 1"

    def __init__(self, conn: psycopg.Connection[dict[str, Any]], service: Service, seed: int) -> None:
        self.conn, self.service, self.user_id = conn, service, uuid4()
        self.account: accounts.Account = service.world.create_account(
            f"crates{seed}", records=self.records, wants=self.wants, seed=seed
        )
        self.releases = sorted({one.release_id for one in self.account.instances.values()})[:5]
        self.job: Job | None = None
        self.last: Job | None = None
        self.ever: dict[int, int] = {}
        self.dies_storing = False
        self.meanwhile: Callable[[], None] | None = None
        profile = self.account.profile
        conn.execute(
            "INSERT INTO public.profiles (id, tier, discogs_username, discogs_user_id, discogs_connected_at)"
            " VALUES (%s, 'curator', %s, %s, now())",
            [self.user_id, profile.username, profile.id],
        )
        conn.execute("INSERT INTO rekkrd.links (user_id, push_confirmed_at) VALUES (%s, now())", [self.user_id])

    @contextmanager
    def connected(self, url: str | None) -> Iterator["World"]:
        """Open the connection to Discogs."""
        with client(self.service, url, self.account.profile.personal_token) as (self.discogs, self.mortal):
            yield self

    # Both sides as they are

    def albums(self) -> dict[UUID, dict[str, Any]]:
        """Our side. ``copy`` is the number of the copy that both sides agreed is this album."""
        rows = self.conn.execute(
            "SELECT a.*, p.instance_id AS copy FROM public.albums AS a LEFT JOIN rekkrd.agreed AS p"
            " ON p.album_id = a.id AND p.user_id = a.user_id WHERE a.user_id = %s"
            " ORDER BY a.created_at, a.discogs_instance_id, a.discogs_release_id, a.id",
            [self.user_id],
        )
        blank = {name: None for name in NUMBERS if name.startswith("field_")}
        return {row["id"]: blank | row | (row.get("discogs_fields") or {}) for row in rows}

    def copies(self) -> dict[int, Values]:
        """Discogs' side, in our words."""
        with self.service.world.lock:
            return {number: shown(one) for number, one in sorted(self.account.instances.items())}

    def note_copies(self) -> None:
        """Remember every copy that was ever there."""
        with self.service.world.lock:
            self.ever |= {number: one.release_id for number, one in self.account.instances.items()}

    def conflicts(self) -> list[dict[str, Any]]:
        return self.conn.execute(
            "SELECT * FROM rekkrd.conflicts WHERE user_id = %s ORDER BY found_at, id", [self.user_id]
        ).fetchall()

    def missing(self) -> set[int]:
        """Copies that are marked missing."""
        return {
            row["instance_id"]
            for row in self.conn.execute(
                "SELECT instance_id FROM rekkrd.instances WHERE user_id = %s AND missing_since IS NOT NULL",
                [self.user_id],
            )
        }

    def state(self) -> str:
        """All that a sync may change, to see whether it changed anything."""
        waiting = (
            "SELECT id, resolution FROM rekkrd.conflicts WHERE user_id = %(user)s UNION ALL"
            " SELECT id, 'asked' FROM rekkrd.questions WHERE user_id = %(user)s AND answered_at IS NULL ORDER BY id"
        )
        of_both = self.conn.execute(self.agreed, [self.user_id]).fetchall()
        asked = self.conn.execute(waiting, {"user": self.user_id}).fetchall()
        return repr([self.albums(), self.copies(), of_both, asked])

    # Jobs

    def begin(self, kind: str, **arguments: bool) -> Job:
        """Put a job into the ledger; one at a time speaks with Discogs, so the last one is brought to its end."""
        self.finish()
        of = CATALOG[kind]
        row = self.conn.execute(
            "INSERT INTO rekkrd.jobs (kind, lane, queue, user_id, takes_token, speaks_for_user)"
            " VALUES (%s, 'import', 'import', %s, true, true) RETURNING id",
            [kind, self.user_id],
        ).fetchone()
        assert row is not None
        said = PushArguments(**arguments) if of.arguments is PushArguments else NoArguments()
        self.job = Job(kind, row["id"], said, of.checkpoint(), is_clean=not self.service.faults.all())
        return self.job

    def finish(self) -> None:
        """Take steps until the job is over; a worker that dies is followed by another."""
        while self.job is not None:
            self.step()

    def step(self) -> None:
        """Take one step of the job, as the engine does: ask outside of a transaction, store inside."""
        job = self.job
        if job is None:
            return
        job.steps += 1
        assert job.steps < MOST_STEPS, f"{job.kind} does not end: {job.checkpoint}"
        try:
            outcome = self._step(job)
        except Killed:
            job.is_clean, job.is_repeated = False, True
        except (Throttled, Blocked):
            job.is_clean = False
        except Unavailable as error:
            job.is_clean, job.is_repeated, job.attempts = False, True, job.attempts + 1
            if job.attempts == MOST_ATTEMPTS:
                job.has_failed, job.outcome, self.job = True, str(error), None
        except (DiscogsError, JobFailed) as error:
            job.is_clean, job.has_failed, job.outcome, self.job = False, True, str(error), None
        else:
            job.is_repeated, job.attempts, job.progress = False, 0, outcome.progress
            if isinstance(outcome, Done):
                job.outcome, self.job = outcome.outcome, None
            else:
                job.checkpoint = type(job.checkpoint).model_validate(outcome.checkpoint.model_dump(mode="json"))
        finally:
            self.mortal.dies, self.dies_storing, self.last = None, False, job
            self.note_copies()

    def is_about_to_write(self, release_id: int) -> bool:
        """Whether a push has looked at this release and not written yet: Discogs knows no "if it is still so"."""
        job = self.job
        if job is None or job.is_repeated or not isinstance(job.arguments, PushArguments):
            return False
        return job.checkpoint.stage is PushStage.SEND and job.checkpoint.release == release_id

    def _step(self, job: Job) -> Continue[Any] | Done:
        code = next(one for one in JOBS if one.kind.name == job.kind)
        step = Step(
            job.id,
            self.user_id,
            job.arguments,
            job.checkpoint,
            job.progress,
            self.discogs,
            self._link(),
            is_repeated=job.is_repeated,
        )
        fetched = code.fetch(step)
        if self.meanwhile is not None:
            edit, self.meanwhile = self.meanwhile, None
            edit()
        with self.conn.transaction():
            outcome = code.store(self.conn, step, fetched)
            if self.dies_storing:
                raise Killed
        return outcome

    def _link(self) -> Account:
        link = links.link(self.conn, self.user_id)
        known = {name: getattr(link, name) for name in type(link).__slots__}
        return Account(credentials=Credentials(kind="oauth", token="t", secret="s"), **known)

    def break_with(self, fault: Fault) -> None:
        """Let Discogs fail from now on, as the fault says."""
        self.service.faults.add(fault)


def shown(copy: Instance) -> Values:
    """Say what a copy on the simulator says, in the words of our columns."""
    media, sleeve = copy.notes.get(1), copy.notes.get(2)
    return {
        "media_condition": None if media is None else shorten(media),
        "sleeve_condition": None if sleeve is None else shorten(sleeve),
        "discogs_notes": copy.notes.get(3),
        "field_4": copy.notes.get(4),
        "field_5": copy.notes.get(5),
        "discogs_folder_id": copy.folder_id,
        "discogs_rating": copy.rating or None,
        "discogs_release_id": copy.release_id,
    }


def own(album: Mapping[str, Any]) -> Values:
    """Take from an album what it shares with its copy, and may go out."""
    return {name: album[name] for name in COLUMNS}
