"""An API on a real database, a Discogs of a few accounts behind a real socket, and a limiter that never makes wait."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote, urlencode, urlsplit
from uuid import UUID

import pytest
import uvicorn
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from db import links, users
from db.links import Credentials
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings
from workers.limiter.snapshot import Snapshot, Waits
from workers.resources import Resources, open_resources
from workers.settings import Settings

APPLICATION = "application-" + "a" * 24
OPERATOR = "operator-" + "o" * 24
KEY = "11" * 32


@dataclass
class FakeDiscogs:
    """Who signed in where, and what was asked. Signatures are the simulator's affair."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    callbacks: dict[str, str] = field(default_factory=dict)
    verifiers: dict[str, tuple[str, str]] = field(default_factory=dict)
    signed_in: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=lambda: {"crates": 42, "other": 43, "<b>crates</b>": 44})
    counts: tuple[int, int] = (10_043, 12)
    profile_status: int = 200
    trade_status: int = 200
    is_revoked: bool = False

    def allow(self, request_token: str, username: str = "crates") -> str:
        """Let the account's owner say yes, and return the verifier."""
        verifier = f"verifier-of-{request_token}"
        self.verifiers[request_token] = (verifier, username)
        return verifier

    def answer(self, method: str, path: str, authorization: str) -> tuple[int, str]:
        self.asked.append(f"{method} {path}")
        said = {key: unquote(value) for key, value in re.findall(r'(\w+)="([^"]*)"', authorization)}
        token = said.get("oauth_token") or authorization.removeprefix("Discogs token=")
        if path == "/oauth/request_token":
            made = f"request{len(self.callbacks)}"
            self.callbacks[made] = said["oauth_callback"]
            return 200, urlencode({"oauth_token": made, "oauth_token_secret": "s", "oauth_callback_confirmed": "true"})
        if path == "/oauth/access_token":
            return self._trade(token, said.get("oauth_verifier", ""))
        return self._tell_who(path, self.signed_in.get(token, ""))

    def _trade(self, request_token: str, verifier: str) -> tuple[int, str]:
        expected, username = self.verifiers.pop(request_token, ("", ""))
        if self.trade_status != 200 or verifier != expected:
            return (400 if self.trade_status == 200 else self.trade_status), "Invalid verifier."
        self.signed_in[f"access-{request_token}"] = username
        return 200, urlencode({"oauth_token": f"access-{request_token}", "oauth_token_secret": "top-secret"})

    def _tell_who(self, path: str, username: str) -> tuple[int, str]:
        if not username or self.is_revoked:
            return 401, '{"message": "You must authenticate to access this resource."}'
        who = {"id": self.ids[username], "username": username}
        if path == "/oauth/identity":
            return 200, json.dumps({**who, "resource_url": "", "consumer_name": "Rekkrd"})
        if self.profile_status != 200:
            return self.profile_status, "<html>no</html>"
        records, wants = self.counts
        return 200, json.dumps({**who, "num_collection": records, "num_wantlist": wants, "curr_abbr": "EUR"})


@pytest.fixture
def discogs() -> Iterator[FakeDiscogs]:
    fake = FakeDiscogs()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            self.rfile.read(length)
            status, text = fake.answer(self.command, urlsplit(self.path).path, self.headers.get("authorization", ""))
            self.send_response(status)
            kind = "text/html" if text.startswith("<") else "application/json" if text.startswith("{") else "text/plain"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815  named by http.server

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()


IDLE = Snapshot(
    taken_at=datetime.now(UTC),
    window_seconds=60.0,
    limit=55,
    limit_configured=55,
    free=55,
    spent=0,
    spent_by_lane=dict.fromkeys(Lane, 0),
    in_flight=dict.fromkeys(Lane, 0),
    waiting=(),
    next_token_at=datetime.now(UTC),
    gate=None,
    brake=None,
    cap=None,
    foreign=0,
    shares=LimiterSettings().shares,
    granted=0,
    returned=0,
    throttled=0,
    waits=dict.fromkeys(Lane, Waits(0.0, ((1.0, 0), (float("inf"), 0)))),
)


@dataclass
class FreeLimiter:
    """Grants at once, remembers who asked, and fails when told to."""

    settings: object
    budget: str = "discogs-api"
    error: Exception | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    seen: Snapshot = IDLE

    def acquire(self, *, lane, user, give_up_after, stop):
        if self.error is not None:
            raise self.error
        self.asked.append((str(lane), user))
        return SimpleNamespace(check=lambda: None, answered=lambda *_: None, unused=lambda: None)

    def snapshot(self):
        if self.error is not None:
            raise self.error
        return self.seen

    def close_gate(self, seconds, reason): ...
    def brake(self, share, seconds, reason): ...
    def release_brake(self): ...


@pytest.fixture
def opened(
    migrated_database_url: str, redis_url: str, discogs: FakeDiscogs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Resources]:
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    monkeypatch.setenv("DATABASE_DIRECT_URL", migrated_database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DISCOGS_OAUTH_ENCRYPTION_KEY", KEY)
    monkeypatch.setenv("DISCOGS_API_URL", discogs.url)
    monkeypatch.setenv("DISCOGS_AUTHORIZE_URL", f"{discogs.url}/oauth/authorize")
    monkeypatch.setenv("DISCOGS_CONSUMER_KEY", "our-key")
    monkeypatch.setenv("DISCOGS_CONSUMER_SECRET", "our-consumer-secret")
    monkeypatch.delenv("DISCOGS_CALLBACK_URL", raising=False)
    with open_resources(Settings(env_file=None)) as resources:
        yield resources


@pytest.fixture
def resources(opened: Resources) -> Resources:
    return replace(opened, limiter=FreeLimiter(opened.settings.limiter))


@pytest.fixture
def api_settings() -> ApiSettings:
    return ApiSettings(_env_file=None, tokens_application=APPLICATION, tokens_operator=OPERATOR)


@pytest.fixture
def app(api_settings: ApiSettings, resources: Resources):
    return create_app(api_settings, resources)


@pytest.fixture
def client(app) -> Iterator[TestClient]:
    """The API as a program sees it; a browser's cookies are the browser's own."""
    with TestClient(app, raise_server_exceptions=False, base_url="http://127.0.0.1:8050") as client:
        yield client


@pytest.fixture
def serve():
    """Serve an application on a free port in a thread; yields its address and the server."""

    @contextmanager
    def on_a_port(app):
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
        app.state.is_stopping = lambda: server.should_exit
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", server
        server.should_exit = True
        thread.join()

    return on_a_port


@pytest.fixture
def browser(app):
    """Open a browser with its own cookies: it goes where it is sent, but not to Discogs."""

    @contextmanager
    def open_one():
        yield TestClient(app, raise_server_exceptions=False, base_url="http://127.0.0.1:8050", follow_redirects=False)

    return open_one


def _user(resources: Resources, handle: str, tier: str = "curator") -> UUID:
    with resources.pool.transaction() as conn:
        return users.create(conn, handle, email=f"{handle}@example.org", tier=tier).id


@pytest.fixture
def ada(resources: Resources) -> UUID:
    return _user(resources, "ada")


@pytest.fixture
def bob(resources: Resources) -> UUID:
    return _user(resources, "bob")


@pytest.fixture
def connect(resources: Resources):
    """Connect a user without asking anybody."""

    def to(user_id: UUID, username: str = "crates", discogs_user_id: int = 42, records: int | None = 10_043) -> None:
        with resources.pool.transaction() as conn:
            links.connect(
                conn,
                resources.keys,
                user_id,
                username=username,
                discogs_user_id=discogs_user_id,
                credentials=Credentials("oauth", "stored-token", "stored-secret"),
            )
            links.counts(conn, user_id, num_collection=records, num_wantlist=12, curr_abbr="EUR")

    return to


@pytest.fixture
def as_app():
    """The headers of the app's backend, speaking for a user."""
    return lambda user_id: {"Authorization": f"Bearer {APPLICATION}", "X-Rekkrd-User": str(user_id)}


@pytest.fixture
def as_operator():
    return {"Authorization": f"Bearer {OPERATOR}"}


@pytest.fixture
def query_of():
    return lambda url: {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
