"""A program that we did not write spends from the same budget: the example of docs/limiter.md, beside an import."""

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.journeys.conftest import Launch
from tests.journeys.fleet import Timing
from tests.journeys.oracle import most_in_window

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine, and the example is in Node"),
]

DOCUMENT = Path(__file__).parents[2] / "docs" / "limiter.md"
API = (sys.executable, "-m", "cli.main", "api")
TOKEN = "the-application-of-this-test"
PROGRAMS, CALLS = 3, 12
LIMIT = 12  # so few that they wait for each other, however slow this machine is
QUICK = Timing(window=3.0, send_deadline=0.4, answer_deadline=4.0, lease=1.5, call=1.5)


def example() -> str:
    (block,) = re.findall(r"^```js\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(block)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("timing", [QUICK], ids=["quick"])
def test_the_example_of_the_document_runs_beside_an_import_and_the_window_holds(
    new_fleet: Launch, tmp_path: Path
) -> None:
    fleet = new_fleet()
    collector = fleet.person(records=300, wants=10)
    personal = fleet.discogs.open_account("shop", records=0, wants=0)["personal_token"]
    port = unused_port()
    budget = {"DISCOGS_REQUESTS_PER_WINDOW": str(LIMIT)}
    api = fleet.launch(API, REKKRD_API_PORT=str(port), REKKRD_API_TOKENS_APPLICATION=TOKEN, **budget)
    fleet.wait_until(lambda: bool(api.events("api_listening")), "the API did not start")
    fleet.start_workers(1, **budget)
    program = tmp_path / "example.mjs"
    program.write_text(example(), encoding="utf-8")
    environment = fleet.environment() | {
        "REKKRD_API_URL": f"http://127.0.0.1:{port}",
        "REKKRD_TOKEN": TOKEN,
        "DISCOGS_PERSONAL_TOKEN": personal,
    }
    fleet.start_import(collector)
    paths = [f"/releases/{number}" for number in range(1, CALLS + 1)]
    running = [
        subprocess.Popen(
            ["node", str(program), *paths],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROGRAMS)
    ]
    try:
        said = [each.communicate(timeout=fleet.timing.patience) for each in running]
    finally:
        for each in running:
            each.kill()
    assert [trouble for _, trouble in said] == [""] * PROGRAMS
    assert [out.splitlines() for out, _ in said] == [[f"200 {path}" for path in paths]] * PROGRAMS
    fleet.wait_until_over()
    arrivals = fleet.discogs.arrivals()
    assert len([one for one in arrivals if one.endpoint == "release"]) == PROGRAMS * CALLS
    assert {one.status for one in arrivals} == {200}
    most = most_in_window([one.at for one in arrivals], QUICK.window)
    assert most <= LIMIT
    seen = httpx.get(
        f"http://127.0.0.1:{port}/api/limiter", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False
    ).json()
    assert (seen["in_flight"], seen["foreign"], seen["grants"]["throttled"]) == (0, 0, 0)  # each answer was reported
    assert seen["lanes"]["interactive"]["waits"]["count"] == PROGRAMS * CALLS
