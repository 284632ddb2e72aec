"""An application in another language hands over work in its own transaction: the example of docs/enqueue.md."""

import re
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.journeys.conftest import Launch

DOCUMENT = Path(__file__).parents[2] / "docs" / "enqueue.md"
PACKAGES = Path(__file__).parent / "node"

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not on this machine, and the example is in Node"),
]


def example() -> str:
    (block,) = re.findall(r"^```js\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(block)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Node package with what the example imports."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PACKAGES / name, tmp_path)
    fetched = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if fetched.returncode:
        pytest.skip(f"npm could not fetch pg: {fetched.stderr[-300:]}")
    (tmp_path / "example.mjs").write_text(example(), encoding="utf-8")
    return tmp_path


def test_the_example_of_the_document_enqueues_with_its_own_change_and_hears_the_end(
    new_fleet: Launch, folder: Path
) -> None:
    fleet = new_fleet()
    collector = fleet.person(records=120, wants=0)
    fleet.start_workers(1)
    run = subprocess.run(
        ["node", "example.mjs", str(collector.user_id)],
        cwd=folder,
        env=fleet.environment() | {"DATABASE_DIRECT_URL": fleet.database_url},
        capture_output=True,
        text=True,
        timeout=fleet.timing.patience,
        check=False,
    )
    assert (run.stderr, run.stdout.splitlines()) == ("", ["enqueued", "completed"])
    with psycopg.connect(fleet.database_url) as conn:
        row = conn.execute("SELECT email FROM public.profiles WHERE id = %s", [collector.user_id]).fetchone()
    assert row == ("ada@example.org",)
