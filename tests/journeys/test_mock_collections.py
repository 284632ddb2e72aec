"""Every sync job over HTTP on mock collections of plan task 27.5: the truth field by field, and requests exact."""

import socket
import sys
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import Launch
from tests.journeys.fleet import PER_PAGE, Fleet, Person

pytestmark = pytest.mark.journey

API = (sys.executable, "-m", "cli.main", "api")
TOKEN = "the-application-of-this-test"
BEFORE_PAGES = 3  # identity, folders, custom fields
LOOK, WRITE = 1, 1


@dataclass
class App:
    """The app's backend, acting for one user."""

    fleet: Fleet
    http: httpx.Client
    person: Person

    def ask(self, method: str, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}", "X-Rekkrd-User": str(self.person.user_id)}
        answer = self.http.request(method, path, headers=headers, json=body or None)
        assert answer.is_success, answer.text
        return answer.json()

    def completed(self, *started: Any) -> list[Any]:
        """Wait until these jobs are completed, and return them."""
        paths = [f"/api/jobs/{one['job']['id']}" for one in started]
        self.fleet.wait_until(
            lambda: all(self.ask("GET", path)["finished_at"] for path in paths), "a job did not finish"
        )
        found = [self.ask("GET", path) for path in paths]
        assert [one["state"] for one in found] == ["completed"] * len(found)
        return found

    def run(self, kind: str, **arguments: Any) -> Any:
        (job,) = self.completed(self.ask("POST", "/api/jobs", kind=kind, arguments=arguments))
        return job

    def requests(self) -> int:
        """Return how many requests were sent for this user so far."""
        return sum(one.user == self.person.username for one in self.fleet.discogs.arrivals())


def pages_of(items: int) -> int:
    return max(1, -(-items // PER_PAGE))


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param((10, 100, 1_000), id="to_1000"),
        pytest.param((5_000, 12_000), id="to_12000", marks=pytest.mark.soak),
    ],
)
def test_jobs_over_http_match_the_truth(new_fleet: Launch, sizes: tuple[int, ...]) -> None:
    fleet = new_fleet()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    api = fleet.launch(API, REKKRD_API_PORT=str(port), REKKRD_API_TOKENS_APPLICATION=TOKEN)
    fleet.wait_until(lambda: bool(api.events("api_listening")), "the API did not start")
    fleet.start_workers(1)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http:
        for size in sizes:
            app = App(fleet, http, fleet.person(records=size, wants=size // 10))
            imports(app, size)
            new_copy(app, size)
            push(app)
            preview(app, size + 1)
            assert fleet.complaints() == []


def imports(app: App, size: int) -> None:
    """Import both lists: exact requests, all records, the last page."""
    collection, wantlist = app.completed(*app.ask("POST", "/api/discogs/sync")["jobs"])
    assert app.requests() == BEFORE_PAGES + pages_of(size) + pages_of(size // 10)
    for job, items in ((collection, size), (wantlist, size // 10)):
        progress = job["progress"]
        assert (progress["processed"], progress["total"]) == (items, items)
        assert progress["page"] == progress["pages"] == pages_of(items)
    assert app.fleet.complaints() == []


def new_copy(app: App, size: int) -> None:
    """Find nothing new for one request, and a new copy for one."""
    before = app.requests()
    app.run("refresh_collection")
    assert app.requests() == before + 1
    release = app.fleet.truth(app.person)["instances"][0]["id"]
    app.fleet.discogs.add_copy(app.person.username, release)
    app.run("refresh_collection")
    assert app.requests() == before + 2
    assert len(app.fleet.truth(app.person)["instances"]) == size + 1
    assert app.fleet.complaints() == []


def push(app: App) -> None:
    """Send one grade that the app changed: a look at the copy and one write."""
    app.ask("PATCH", "/api/discogs/sync/settings", direction="both")
    (album,) = app.fleet.rows(
        "UPDATE albums SET media_condition = CASE media_condition WHEN 'M' THEN 'VG' ELSE 'M' END WHERE id ="
        " (SELECT id FROM albums WHERE user_id = %s ORDER BY id LIMIT 1)"
        " RETURNING discogs_instance_id AS instance, media_condition AS grade",
        app.person.user_id,
    )
    before = app.requests()
    app.run("push_collection", is_confirmed=True)
    assert app.requests() == before + LOOK + WRITE
    (copy,) = [one for one in app.fleet.truth(app.person)["instances"] if one["instance_id"] == album["instance"]]
    said = {note["field_id"]: note["value"] for note in copy["notes"]}
    assert said[1] == {"M": "Mint (M)", "VG": "Very Good (VG)"}[album["grade"]]


def preview(app: App, size: int) -> None:
    """Preview a sync of two lists that agree: one request a page, and nothing to do."""
    before = app.requests()
    app.completed(app.ask("POST", "/api/discogs/sync/preview"))
    assert app.requests() == before + pages_of(size) + pages_of((size - 1) // 10)
    assert app.fleet.complaints() == []
