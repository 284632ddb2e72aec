"""One choke point: whatever reaches Discogs, from whichever process and door, has a token of its own."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from db import users
from tests.journeys.fleet import Fleet, Timing
from tests.journeys.granting import Granted, Grants, watched_grants, without_grant
from tests.journeys.simulated import Arrival

pytestmark = pytest.mark.journey

WATCHED = (sys.executable, str(Path(__file__).with_name("watched_rekkrd.py")))
UNPERMITTED = (sys.executable, str(Path(__file__).with_name("unpermitted_rekkrd.py")))
APP_TOKEN = "the-application-of-this-test"
QUICK = Timing(window=3.0, send_deadline=0.4, deadline=1.5, lease=1.5, call=1.5, step_deadline=7.0, backoff=0.1)
CODE = re.compile(r"class=code>(\w+)<")
BLOCKED = {"kind": "error", "status": 403, "user": "blocked", "times": 1}  # a page of HTML: we are turned away
COLLECTION, WANTLIST = "import_collection", "import_wantlist"
FAULTS = (
    {"kind": "error", "status": 500, "endpoint": "request_token", "times": 1},
    {"kind": "reset", "endpoint": "access_token", "times": 1},
    {"kind": "throttle", "endpoint": "identity", "user": "doors", "times": 1},
    {"kind": "error", "status": 502, "user": "busy", "after": 2, "times": 1},
    {"kind": "reset", "user": "busy", "after": 3, "times": 1},
    {"kind": "slow", "user": "busy", "after": 4, "times": 1},
    {"kind": "truncated", "user": "busy", "after": 5, "times": 1},
    {"kind": "half", "user": "busy", "after": 6, "times": 1},
    {"kind": "throttle", "user": "busy", "after": 7, "times": 1},
    {"kind": "revoked", "user": "revoked", "after": 1},
)
ENDPOINTS = {"request_token", "access_token", "identity", "profile", "folders", "fields", "collection", "wants"}


class Doors:
    """Every way in which somebody can make the product speak to Discogs."""

    def __init__(self, fleet: Fleet, connections: Path) -> None:
        self.fleet = fleet
        self.users: dict[str, str] = {}  # account on Discogs -> user
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        self.changed = {
            "DISCOGS_AUTHORIZE_URL": f"{fleet.discogs.url}/oauth/authorize",
            "DISCOGS_CONSUMER_KEY": "rekkrd-simulator-key",
            "DISCOGS_CONSUMER_SECRET": "rekkrd-simulator-secret",
            "REKKRD_API_PORT": port,
            "REKKRD_API_TOKENS_APPLICATION": APP_TOKEN,
            "TEST_CONNECTIONS": str(connections),
        }
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False, follow_redirects=True)

    def open(self) -> None:
        worker, api = (self.fleet.launch((*WATCHED, name), **self.changed) for name in ("worker", "api"))
        worker.wait_until_started()
        self.fleet.wait_until(lambda: bool(api.events("api_listening")), "the API did not start")

    def account(self, name: str) -> Any:
        """A user and an account of the same name, not connected yet."""
        with self.fleet.pool.transaction() as conn:
            self.users[name] = str(users.create(conn, name, tier="archivist").id)
        return self.fleet.discogs.open_account(name, records=30, wants=5)

    def connected(self, name: str, **holds: int) -> None:
        """A user who was connected before, by a personal token."""
        person = self.fleet.person(**{"records": 30, "wants": 5, **holds}, username=name)
        self.users[name] = str(person.user_id)

    def post(self, name: str, path: str, **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {APP_TOKEN}", "X-Rekkrd-User": self.users[name]}
        return self.api.post(path, json=body, headers=headers)

    def began(self, name: str) -> dict[str, str]:
        """Begin a hand-shake at the application's door; as often as it takes."""
        while (begun := self.post(name, "/api/discogs/auth/request-token")).status_code == 503:
            pass
        assert begun.status_code == 200, begun.text
        return dict(begun.json())

    def allow(self, token: str, name: str) -> httpx.Response:
        form = {"oauth_token": token, "decision": "allow", "username": name}
        return httpx.post(f"{self.fleet.discogs.url}/oauth/authorize", data=form, trust_env=False)

    def connect_by_application(self, name: str) -> None:
        token = self.began(name)["request_token"]
        sent_back = self.allow(token, name).headers["Location"]
        verifier = httpx.URL(sent_back).params["oauth_verifier"]
        while True:
            ended = self.post(name, "/api/discogs/auth/complete", request_token=token, verifier=verifier)
            if ended.status_code == 200:
                return
            if ended.status_code != 503:  # the verifier was used up by an answer that got lost
                token = self.began(name)["request_token"]
                verifier = httpx.URL(self.allow(token, name).headers["Location"]).params["oauth_verifier"]

    def connect_in_browser(self, name: str) -> None:
        begun = self.began(name)
        question = self.api.post(begun["begin_url"], follow_redirects=False)
        assert question.status_code == 303, question.text
        page = self.api.get(self.allow(begun["request_token"], name).headers["Location"])
        assert page.status_code == 200, page.text

    def deny(self, name: str) -> None:
        token = self.began(name)["request_token"]
        assert self.post(name, "/api/discogs/auth/complete", request_token=token, denied=True).status_code == 409

    def command(self, *arguments: str, said: str = "", by: Sequence[str] = WATCHED) -> str:
        """Run a command to its good end, with what is typed."""
        ended = subprocess.run(
            [*by, *arguments],
            env={**self.fleet.environment(), **self.changed},
            cwd=self.fleet.folder,
            input=said,
            capture_output=True,
            text=True,
            timeout=self.fleet.timing.patience,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def connect_at_terminal(self, name: str) -> None:
        with subprocess.Popen(
            [*WATCHED, "connect", name],
            env={**self.fleet.environment(), **self.changed},
            cwd=self.fleet.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            url = next(line.strip() for line in process.stdout if "oauth_token=" in line)
            code = CODE.search(self.allow(httpx.URL(url).params["oauth_token"], name).text)
            assert code is not None
            process.stdin.write(f"{code[1]}\n")
            process.stdin.close()
            process.stdout.read()
            assert process.wait(self.fleet.timing.patience) == 0


@pytest.fixture
def doors(new_fleet, timing, tmp_path) -> Iterator[Doors]:
    fleet = new_fleet(timing=timing if timing.window == 60 else QUICK)
    doors = Doors(fleet, tmp_path / "connections")
    yield doors
    doors.api.close()


@contextmanager
def watching(doors: Doors) -> Iterator[Grants]:
    with watched_grants(doors.fleet.redis_url) as grants:
        yield grants


def unpermitted(doors: Doors, grants: Sequence[Granted]) -> list[Arrival]:
    return without_grant(
        doors.fleet.discogs.arrivals(), grants, send_deadline=doors.fleet.timing.send_deadline, users=doors.users
    )


def test_nothing_reaches_discogs_without_a_token_whatever_the_door_and_however_it_answers(doors, tmp_path):
    fleet = doors.fleet
    doors.open()
    for name in ("doors", "browser", "terminal", "denied"):
        doors.account(name)
    doors.connected("busy", records=450, wants=130)
    for name in ("revoked", "blocked"):
        doors.connected(name)
    for fault in FAULTS:
        fleet.discogs.break_with(**fault, seconds=2 * fleet.timing.deadline)
    with watching(doors) as watched:
        for name, kind in (("busy", COLLECTION), ("busy", WANTLIST), ("revoked", COLLECTION)):
            assert doors.post(name, "/api/jobs", kind=kind).status_code == 202
        doors.connect_by_application("doors")
        doors.deny("denied")
        doors.connect_in_browser("browser")
        assert doors.post("browser", "/api/jobs", kind=WANTLIST).status_code == 202
        doors.connect_at_terminal("terminal")
        fleet.wait_until_over()
        assert doors.post("doors", "/api/discogs/auth/disconnect").status_code == 200
        assert all(fleet.discogs.struck().values()), "a fault found nobody to strike"

        fleet.discogs.break_with(**BLOCKED)
        before = len(fleet.discogs.arrivals())
        assert doors.post("blocked", "/api/jobs", kind=WANTLIST).status_code == 202
        fleet.wait_until(lambda: fleet.rows("SELECT 1 FROM rekkrd.gates WHERE closed_until > now()"), "no gate closed")
        assert doors.post("doors", "/api/discogs/auth/request-token").status_code == 503
        assert len(fleet.discogs.arrivals()) == before + 1
        grants = watched.all()

    arrivals = fleet.discogs.arrivals()
    sent = [one for one in grants if not one.is_returned]
    sys.stdout.write(f"{len(grants)} grants, {len(grants) - len(sent)} handed back, {len(arrivals)} requests\n")
    assert {one.endpoint for one in arrivals} == ENDPOINTS
    assert unpermitted(doors, grants) == []
    assert len(arrivals) <= len(sent)
    assert all(one.is_answered for one in sent), "a request was sent, and its token never settled"
    opened = [json.loads(line) for line in (tmp_path / "connections").read_text().splitlines()]
    at_discogs = [one for one in opened if is_discogs(one["to"], fleet.discogs.url)]
    assert {one["by"][0] for one in at_discogs} == {"api", "worker", "connect"}
    assert [one for one in at_discogs if not one["is_through_the_door"]] == []
    assert [one for one in opened if isinstance(one["to"], list) and one not in at_discogs] == []


def test_a_process_that_sends_without_a_token_does_not_escape_this_test(doors):
    account = doors.account("careless")
    with watching(doors) as watched:
        doors.command("connect", "careless", "--personal-token", said=f"{account['personal_token']}\n", by=UNPERMITTED)
        caught = unpermitted(doors, watched.all())
    assert [one.endpoint for one in caught] == ["identity", "profile"]


def is_discogs(address: Any, url: str) -> bool:
    return isinstance(address, list) and address[1] == urlsplit(url).port


def test_each_request_needs_a_grant_of_its_own_in_time_and_of_its_user():
    def grant(at: float, user: str = "1", *, is_returned: bool = False) -> Granted:
        return Granted(f"at {at}", at, "import", user, is_returned=is_returned)

    def left(*granted: Granted) -> list[float]:
        came = [Arrival(at, at, at, "ada", "wants", 200, None) for at in (10.0, 10.2)]
        return [one.wall for one in without_grant(came, granted, send_deadline=0.5, users={"ada": "1"})]

    assert left(grant(9.9), grant(10.1)) == []
    assert left(grant(9.9)) == [10.2]
    assert left(grant(9.9), grant(10.3)) == [10.2]
    assert left(grant(9.9), grant(8.0)) == [10.2]
    assert left(grant(9.9), grant(10.1, "2")) == [10.2]
    assert left(grant(9.9), grant(10.1, is_returned=True)) == [10.2]
