"""End of the pause after an undo, over HTTP and in the terminal."""

import pytest
from typer.testing import CliRunner

from cli import main
from db import operations, undone_records
from db.undone_records import UndoneRecord

PATH = "/api/discogs/sync/resume"


@pytest.fixture
def paused(resources, ada, connect):
    """A user with two-way sync whose undo removed a record here that is still on Discogs."""
    connect(ada)
    with resources.pool.transaction() as conn:
        conn.execute("INSERT INTO rekkrd.releases (release_id, title, artist) VALUES (7, 'Aja', 'Steely Dan')")
        conn.execute(
            "INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id) VALUES (%s, 70, 7, 1)", [ada]
        )
        undone_records.pause(conn, ada)
        undone_records.add(conn, ada, [UndoneRecord(False, 70, "drop", ())])
    return ada


def test_choices_say_what_they_change_on_discogs(client, as_app, paused):
    told = client.get(PATH, headers=as_app(paused)).json()
    assert (told["paused_reason"], told["records"], told["wants"]) == ("undone", 1, 0)
    assert {one["choice"]: (one["deletions"], one["overwrites"]) for one in told["choices"]} == {
        "import_again": (None, None),
        "keep_mine": (1, 0),
        "keep_local": (None, None),
    }
    settings = client.get("/api/discogs/sync/settings", headers=as_app(paused)).json()
    assert (settings["paused_reason"], settings["is_in_effect"]) == ("undone", False)
    assert "Choose how to go on" in settings["sentence"]


def test_explicit_jobs_are_refused_while_paused(client, as_app, as_operator, paused):
    sync = client.post("/api/discogs/sync", headers=as_app(paused))
    one = client.post("/api/jobs", json={"kind": "push_collection"}, headers=as_app(paused))
    many = client.post("/api/jobs", json=[{"kind": "import_collection", "user": "ada"}], headers=as_operator)
    assert [answer.status_code for answer in (sync, one)] == [409, 409]
    assert sync.json()["error"]["reason"] == "sync_paused"
    assert "import again, push what is here" in sync.json()["error"]["next_step"]
    assert many.status_code == 422
    assert client.post("/api/discogs/sync/preview", headers=as_app(paused)).status_code == 202


def test_import_again_enqueues_both_imports(client, as_app, paused, resources):
    answer = client.post(PATH, json={"choice": "import_again"}, headers=as_app(paused))
    assert [one["job"]["kind"] for one in answer.json()["jobs"]] == ["import_collection", "import_wantlist"]
    assert client.get(PATH, headers=as_app(paused)).json()["paused_reason"] is None
    with resources.pool.transaction() as conn:
        (act, *_) = operations.acts(conn)
    assert (act.action, act.target["choice"], act.jobs) == ("resumed sync", "import_again", 2)


def test_keep_mine_is_refused_without_the_numbers(client, as_app, paused):
    wrong = client.post(PATH, json={"choice": "keep_mine"}, headers=as_app(paused))
    assert (wrong.status_code, wrong.json()["error"]["reason"]) == (409, "choice_outdated")
    numbers = {"choice": "keep_mine", "deletions": 1, "overwrites": 0}
    right = client.post(PATH, json=numbers, headers=as_app(paused))
    assert [one["job"]["kind"] for one in right.json()["jobs"]] == ["push_collection", "push_wantlist"]


def test_record_that_an_undo_removed_can_be_restored_once(client, as_app, paused):
    path = "/api/discogs/records/70/restore"
    restored, again = (client.post(path, headers=as_app(paused)) for _ in range(2))
    assert restored.json()["album_id"] is not None
    assert (again.status_code, again.json()["error"]["reason"]) == (409, "restore_refused")


def run(*arguments: str, answer: str = "n\n"):
    return CliRunner().invoke(main.app_for(["sync"]), ["sync", "resume", "ada", *arguments], input=answer)


def test_terminal_shows_the_choices_and_asks(paused, client, as_app):
    shown = run()
    assert shown.exit_code == 0
    assert "1 records and wants deleted on Discogs" in " ".join(shown.stdout.split())
    assert run("--choice", "keep_mine").exit_code == 1
    assert run("--choice", "nothing").exit_code == 2
    assert client.get(PATH, headers=as_app(paused)).json()["paused_reason"] == "undone"
    assert run("--choice", "keep_local", answer="y\n").exit_code == 0
    assert "not paused" in run().stdout
