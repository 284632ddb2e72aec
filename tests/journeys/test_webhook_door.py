"""The app hears of a job's end: a real worker, and the receiver of docs/webhook.md, which verifies what it gets."""

import base64
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.conftest import Launch

DOCUMENT = Path(__file__).parents[2] / "docs" / "webhook.md"
SECRETS = ["whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"a", b"b")]

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine, and the example is in Node"),
]


@contextmanager
def receiver(folder: Path, secret: str) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """Run the example of the document on a free port."""
    (block,) = re.findall(r"^```js\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (folder / "receiver.mjs").write_text(block, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        ["node", "receiver.mjs"],
        cwd=folder,
        env={"PATH": str(Path(str(shutil.which("node"))).parent), "PORT": str(port), "REKKRD_WEBHOOK_SECRETS": secret},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        try:
            yield port, process
        finally:
            process.kill()


def test_the_example_of_the_document_hears_of_each_end_and_verifies_it(new_fleet: Launch, tmp_path: Path) -> None:
    """It knows the old secret only: the worker signs by both while one replaces the other."""
    fleet = new_fleet()
    collector = fleet.person(records=120, wants=0)
    with receiver(tmp_path, SECRETS[0]) as (port, app):
        fleet.start_workers(
            1,
            REKKRD_WEBHOOK_URL=f"http://127.0.0.1:{port}/hook",
            REKKRD_WEBHOOK_SECRETS=f"{SECRETS[1]},{SECRETS[0]}",
        )
        fleet.wait_until(lambda: bool(fleet.rows("SELECT 1 AS there FROM rekkrd.hooks")), "the worker wants no webhook")
        job = fleet.start_import(collector)
        assert app.stdout is not None
        assert app.stdout.readline() == f"job.completed {job.id}\n"
        taken = "SELECT 1 AS there FROM rekkrd.deliveries WHERE delivered_at IS NOT NULL AND status = 204"
        fleet.wait_until(lambda: len(fleet.rows(taken)) == 1, "what the app took is not marked")
