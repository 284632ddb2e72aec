"""What Discogs says twice before it is believed: a step's 403 as a stranger, and the refusal of our own key."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import httpx
import pytest

from db import Connection, fleet, gates, jobs, links, steps, users
from db.errors import StatementRefused
from db.jobs import NOBODY, State
from db.jobs import Job as JobRow
from db.links import Credentials
from tests.new_jobs import enqueue
from workers.kinds import Done, Job, Kind, NoArguments, Progress, Step
from workers.leases import LeaseKeeper
from workers.limiter.errors import GaveUp
from workers.limiter.grant import Grant
from workers.limiter.lanes import Lane
from workers.limiter.limiter import Limiter
from workers.limiter.stop import Stop
from workers.resources import Resources, open_resources
from workers.runner import Runner
from workers.settings import Settings

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
REFUSED_FOLDERS = httpx.Response(403, json={"message": "You are not allowed to view this resource."})
UNKNOWN_CONSUMER = httpx.Response(401, json={"message": "Invalid consumer."})
NOBODY_SIGNED_IN = httpx.Response(401, json={"message": "You must authenticate to access this resource."})
IDENTITY = httpx.Response(200, json={"id": 42, "username": "crates"})


@dataclass
class Gatekeeper:
    """A Discogs that answers a collector's folders, the collector's identity, and our own key as it is told."""

    folders: httpx.Response
    identity: httpx.Response = field(default_factory=lambda: IDENTITY)
    own_key: httpx.Response = field(default_factory=lambda: NOBODY_SIGNED_IN)
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        is_own = request.headers["Authorization"].startswith("Discogs key=")
        asked = "own key" if is_own else "identity" if request.url.path == "/oauth/identity" else "folders"
        self.asked.append(asked)
        told = {"own key": self.own_key, "identity": self.identity, "folders": self.folders}[asked]
        return httpx.Response(told.status_code, content=told.content, headers={"Content-Type": "application/json"})


def _ask_folders(step: Step[NoArguments, NoArguments]) -> None:
    step.discogs.folders("crates")


FOLDERS = Gatekeeper(httpx.Response(200, json={"folders": []}))
Store = Callable[[Connection, Step[NoArguments, NoArguments], None], Done]


def _done(_: Connection, __: Step[NoArguments, NoArguments], ___: None) -> Done:
    return Done("well", Progress(0))


Fetch = Callable[[Step[NoArguments, NoArguments]], None]


def _job(
    *, speaks_for_user: bool, fetch: Fetch = _ask_folders, store: Store = _done
) -> Job[NoArguments, NoArguments, None]:
    kind = Kind(
        name="ask_folders",
        sentence="A job of the tests.",
        lane=Lane.IMPORT,
        arguments=NoArguments,
        checkpoint=NoArguments,
        unique=None,
        speaks_for_user=speaks_for_user,
        takes_token=True,
    )
    return Job(kind, fetch, store)


@pytest.fixture
def resources(migrated_database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resources]:
    for name, value in {
        "DATABASE_URL": migrated_database_url,
        "REDIS_URL": redis_url,
        "DISCOGS_OAUTH_ENCRYPTION_KEY": KEY,
        "DISCOGS_CONSUMER_KEY": "our-key",
        "DISCOGS_CONSUMER_SECRET": "our-secret",
        "DISCOGS_REQUESTS_PER_WINDOW": "600",
        "REKKRD_SEND_DEADLINE_SECONDS": "0.2",
    }.items():
        monkeypatch.setenv(name, value)
    with open_resources(Settings(env_file=None)) as opened:
        yield opened


@pytest.fixture
def ada(resources: Resources) -> UUID:
    """A collector who is connected by OAuth."""
    with resources.pool.transaction() as conn:
        user_id = users.create(conn, "ada").id
        credentials = Credentials("oauth", "token", "secret")
        links.connect(conn, resources.keys, user_id, username="crates", discogs_user_id=42, credentials=credentials)
    return user_id


Ran = tuple[JobRow, list[str]]


@pytest.fixture
def run(resources: Resources) -> Callable[..., Ran]:
    """Run one step against a gate-keeper; say how the job stands, and what was asked."""

    def run_step(
        user_id: UUID,
        gatekeeper: Gatekeeper,
        *,
        speaks_for_user: bool = True,
        limiter: "Limiter | OneToken" = resources.limiter,
        seconds: float = 60,
        fetch: Fetch = _ask_folders,
        store: Store = _done,
    ) -> Ran:
        job = _job(speaks_for_user=speaks_for_user, fetch=fetch, store=store)
        leases = LeaseKeeper(resources.pool, worker="tests", lease_seconds=15, step_deadline_seconds=seconds)
        with resources.pool.transaction() as conn:
            row = enqueue(conn, job.kind, user_id).job
            conn.execute("UPDATE rekkrd.jobs SET called_until = now() + interval '1 minute' WHERE id = %s", [row.id])
        transport = httpx.MockTransport(gatekeeper)
        with httpx.Client(base_url=resources.settings.discogs.api_url, transport=transport) as http:
            known = replace(resources, http=http, limiter=limiter)
            Runner(known, {job.kind.name: job}, leases, worker="tests").run(str(row.id), 0)
        with resources.pool.transaction() as conn:
            found = jobs.find(conn, row.id)
        assert found is not None
        return found, gatekeeper.asked

    return run_step


def link_state(resources: Resources, user_id: UUID) -> str:
    with resources.pool.transaction() as conn:
        link = links.link(conn, user_id)
    assert link is not None
    return link.state


def closed_by(resources: Resources) -> list[str]:
    with resources.pool.transaction() as conn:
        return [gate.cause for gate in gates.holding(conn, resources.limiter.budget)]


def test_a_strangers_403_is_an_attempt_while_discogs_knows_who_we_are(
    resources: Resources, ada: UUID, run: Callable[..., Ran]
) -> None:
    row, asked = run(ada, Gatekeeper(REFUSED_FOLDERS))
    assert asked == ["folders", "identity"]
    assert (row.state, row.attempts, row.requests) == (State.RETRYING, 1, 2)
    assert row.error == "Discogs took us for a stranger, though it knows who we are."
    assert link_state(resources, ada) == "connected"


def test_a_job_that_speaks_for_nobody_may_ask_in_the_name_of_who_is_connected_and_of_nobody_else(
    resources: Resources, ada: UUID, run: Callable[..., Ran]
) -> None:
    clients = []

    def ask_for_ada(step: Step[NoArguments, NoArguments]) -> None:
        client = step.discogs_of(ada)
        clients.append(client)
        if client is not None:
            client.folders("crates")

    row, asked = run(NOBODY, Gatekeeper(FOLDERS.folders), speaks_for_user=False, fetch=ask_for_ada)
    assert (row.state, row.requests, asked) == (State.COMPLETED, 1, ["folders"])
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.links SET state = 'needs_reconnect' WHERE user_id = %s", [ada])
    run(NOBODY, Gatekeeper(FOLDERS.folders), speaks_for_user=False, fetch=ask_for_ada)
    assert clients[1:] == [None]
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.links SET state = 'connected' WHERE user_id = %s", [ada])
        conn.execute("UPDATE profiles SET discogs_oauth_token = 'v1.dropped.AAAA' WHERE id = %s", [ada])
    run(NOBODY, Gatekeeper(FOLDERS.folders), speaks_for_user=False, fetch=ask_for_ada)
    assert clients[2:] == [None]


def test_every_step_is_counted_as_it_ended(resources: Resources, ada: UUID, run: Callable[..., Ran]) -> None:
    run(ada, Gatekeeper(REFUSED_FOLDERS))
    run(ada, Gatekeeper(httpx.Response(200, json={"folders": []})))
    assert resources.figures.flush()
    with resources.pool.transaction() as conn:
        ended = {one.labels["result"]: one.value for one in fleet.tallies(conn) if one.name == "steps"}
    assert ended == {"retried": 1, "completed": 1}


class OneToken:
    """A limiter that has one token, and then none in time."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.is_spent = False

    def acquire(self, *, lane: Lane, user: str, give_up_after: float | None, stop: Stop | None) -> Grant:
        if self.is_spent:
            raise GaveUp("No token came up.")
        self.is_spent = True
        return self.limiter.acquire(lane=lane, user=user, give_up_after=give_up_after, stop=stop)


@pytest.mark.parametrize("refusal", [REFUSED_FOLDERS, UNKNOWN_CONSUMER], ids=["stranger", "own key"])
def test_a_refusal_that_could_not_be_looked_at_is_an_attempt(
    resources: Resources, ada: UUID, run: Callable[..., Ran], refusal: httpx.Response
) -> None:
    row, asked = run(ada, Gatekeeper(refusal), limiter=OneToken(resources.limiter))
    assert asked == ["folders"]
    assert (row.state, row.attempts, row.requests) == (State.RETRYING, 1, 1)
    assert (link_state(resources, ada), closed_by(resources)) == ("connected", [])


def test_a_refusal_that_leaves_no_time_to_look_is_an_attempt(
    resources: Resources, ada: UUID, run: Callable[..., Ran]
) -> None:
    row, asked = run(ada, Gatekeeper(REFUSED_FOLDERS), seconds=1.0)
    assert asked == ["folders"]
    assert (row.state, row.attempts, row.requests) == (State.RETRYING, 1, 1)


def test_a_403_of_an_account_that_discogs_does_not_know_asks_to_connect_again(
    resources: Resources, ada: UUID, run: Callable[..., Ran]
) -> None:
    row, asked = run(ada, Gatekeeper(REFUSED_FOLDERS, identity=NOBODY_SIGNED_IN))
    assert asked == ["folders", "identity"]
    assert (row.state, row.error_class, row.requests) == (State.FAILED, "Unauthorised", 2)
    assert link_state(resources, ada) == "needs_reconnect"


def test_a_401_is_believed_at_once(resources: Resources, ada: UUID, run: Callable[..., Ran]) -> None:
    row, asked = run(ada, Gatekeeper(NOBODY_SIGNED_IN))
    assert asked == ["folders"]
    assert (row.state, row.error_class) == (State.FAILED, "Unauthorised")
    assert link_state(resources, ada) == "needs_reconnect"


def test_our_own_key_refused_by_itself_stops_the_fleet_and_touches_no_link(
    resources: Resources, ada: UUID, run: Callable[..., Ran]
) -> None:
    row, asked = run(ada, Gatekeeper(UNKNOWN_CONSUMER, own_key=UNKNOWN_CONSUMER))
    assert asked == ["folders", "own key"]
    assert (row.state.is_live, row.attempts) == (True, 0)
    assert row.waits_for is not None
    assert "DISCOGS_CONSUMER_KEY" in row.waits_for
    assert closed_by(resources) == ["rejected"]
    assert resources.limiter.snapshot().gate is not None
    assert link_state(resources, ada) == "connected"


def test_one_token_refused_in_our_keys_words_stops_its_collector_only(
    resources: Resources, ada: UUID, run: Callable[..., Ran]
) -> None:
    row, asked = run(ada, Gatekeeper(UNKNOWN_CONSUMER))
    assert asked == ["folders", "own key"]
    assert (row.state, row.error_class) == (State.FAILED, "Unauthorised")
    assert row.error == "Discogs no longer lets us into this account: connect it again."
    assert closed_by(resources) == []
    assert link_state(resources, ada) == "needs_reconnect"


def test_our_own_key_refused_where_no_collector_signed_is_not_asked_again(
    resources: Resources, run: Callable[..., Ran]
) -> None:
    row, asked = run(uuid4(), Gatekeeper(UNKNOWN_CONSUMER, own_key=UNKNOWN_CONSUMER), speaks_for_user=False)
    assert asked == ["own key"]
    assert row.state.is_live
    assert closed_by(resources) == ["rejected"]


def test_a_database_too_busy_for_a_step_is_an_attempt_and_no_crash(
    resources: Resources, ada: UUID, run: Callable[..., Ran]
) -> None:
    def too_slow(conn: Connection, *_: object) -> Done:
        conn.execute("SET LOCAL statement_timeout = 1")
        conn.execute("SELECT pg_sleep(1)")
        raise AssertionError

    row, _ = run(ada, FOLDERS, seconds=0.0, store=too_slow)
    assert (row.state, row.attempts, row.is_executing, row.requests) == (State.RETRYING, 1, False, 1)
    assert row.error is not None
    assert row.error.startswith("The database is busy: ")


def test_a_database_that_was_away_for_a_step_is_no_attempt(
    resources: Resources, ada: UUID, run: Callable[..., Ran]
) -> None:
    def cut_off(conn: Connection, *_: object) -> Done:
        conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        raise AssertionError

    row, _ = run(ada, FOLDERS, seconds=0.0, store=cut_off)
    assert (row.state, row.attempts, row.is_executing, row.requests) == (State.RUNNING, 0, False, 1)
    assert row.waits_for == "the ledger (PostgreSQL) was out of reach"


def test_a_step_whose_end_cannot_be_written_ends_no_thread(
    resources: Resources, ada: UUID, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StatementRefused("No.", sqlstate="23514", constraint="jobs_check")

    monkeypatch.setattr(steps, "give_back", refuse)
    monkeypatch.setattr(steps, "complete", refuse)
    monkeypatch.setattr(steps, "retry_later", refuse)
    row, _ = run(ada, FOLDERS)
    assert (row.state, row.is_executing) == (State.RUNNING, True)


def test_operator_token_signs_beside_a_consumer_key(
    resources: Resources, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    clients, signed = [], []

    class Signed(Gatekeeper):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            signed.append(request.headers["Authorization"])
            return super().__call__(request)

    def ask_for_operator(step: Step[NoArguments, NoArguments]) -> None:
        client = step.discogs_of(NOBODY)
        clients.append(client)
        if client is not None:
            client.folders("house")

    run(NOBODY, Gatekeeper(FOLDERS.folders), speaks_for_user=False, fetch=ask_for_operator)
    assert clients == [None]
    monkeypatch.setenv("REKKRD_ENV", "production")
    monkeypatch.setenv("DISCOGS_PERSONAL_TOKEN", "operators-token")
    resources.settings.__dict__.pop("discogs", None)
    run(NOBODY, Signed(FOLDERS.folders), speaks_for_user=False, fetch=ask_for_operator)
    assert signed == ["Discogs token=operators-token"]
