"""The last sync taken back, over HTTP and in the terminal."""

import json
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from cli import main
from db import operations, sync_log
from db.sync_log import Line

PATH = "/api/discogs/sync/undo"


@pytest.fixture
def synced(resources, ada, connect):
    """A collector whose last sync took over two fields of an album; one of them was edited since."""
    connect(ada)
    said = {"media_condition": "VG", "discogs_notes": "theirs"}
    with resources.pool.transaction() as conn:
        conn.execute("INSERT INTO rekkrd.releases (release_id, title, artist) VALUES (7, 'Aja [bold]', 'Steely Dan')")
        (row,) = conn.execute(
            "INSERT INTO albums (user_id, artist, title, discogs_release_id, discogs_instance_id, media_condition,"
            " discogs_notes) VALUES (%s, 'Steely Dan', 'Aja', 7, 70, 'VG', 'mine') RETURNING id",
            [ada],
        ).fetchall()
        conn.execute(
            "INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id) VALUES (%s, 70, 7, 1)", [ada]
        )
        conn.execute(
            "INSERT INTO rekkrd.agreed (user_id, instance_id, album_id, fields) VALUES (%s, 70, %s, %s)",
            [ada, row["id"], json.dumps(said)],
        )
        conn.execute(
            "INSERT INTO rekkrd.jobs (id, kind, lane, queue, user_id, takes_token, speaks_for_user, state, started_at,"
            " finished_at, outcome) VALUES (%s, 'import_collection', 'import', 'token', %s, true, true, 'completed',"
            " now() - interval '1 minute', clock_timestamp() + interval '1 second', 'x')",
            [uuid4(), ada],
        )
        details = {
            "change": "updated",
            "instance_id": 70,
            "taken": list(said),
            "album": {"before": {"media_condition": "NM", "discogs_notes": ""}, "after": said},
        }
        sync_log.add(conn, ada, [Line("update", 7, row["id"], "success", details)])
    return ada


def test_beforehand_it_says_what_goes_back_and_what_does_not(client, as_app, synced):
    told = client.get(PATH, headers=as_app(synced)).json()
    (item,) = told["items"]
    assert (told["state"], told["undone"], told["is_whole"], told["next_cursor"]) == ("undoable", None, True, None)
    assert (item["act"], item["before"], item["after"]) == (
        "put_back",
        {"media_condition": "VG"},
        {"media_condition": "NM"},
    )
    assert (item["kept"], item["problem"], item["artist"]) == (
        ["discogs_notes"],
        "It changed here since.",
        "Steely Dan",
    )
    assert "1 album restored. 1 change would be left alone." in told["sentence"]
    beyond = {"cursor": item["line_id"]}
    assert client.get(PATH, params=beyond, headers=as_app(synced)).json()["items"] == []
    assert client.get(PATH, params={"cursor": str(uuid4())}, headers=as_app(synced)).status_code == 404


def test_it_is_a_job_of_which_there_is_one_with_a_row_in_the_audit(client, as_app, synced, resources):
    first, again = (client.post(PATH, headers=as_app(synced)) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["job"]["job"]["id"] == again.json()["job"]["job"]["id"]
    with resources.pool.transaction() as conn:
        acts = [(act.action, act.made_by, act.target["user"], act.jobs) for act in operations.acts(conn)]
    assert acts == [("undone", "api", str(synced), 1)]


def test_where_nothing_is_to_be_taken_back_no_job_is_made(client, as_app, bob, connect, resources):
    assert client.post(PATH, headers=as_app(bob)).status_code == 409
    connect(bob)
    answer = client.post(PATH, headers=as_app(bob))
    assert (answer.status_code, answer.json()["job"], answer.json()["state"]) == (200, None, "nothing")
    with resources.pool.transaction() as conn:
        assert operations.acts(conn) == []


def test_what_was_taken_back_says_so(client, as_app, synced, resources):
    with resources.pool.transaction() as conn:
        conn.execute(
            "INSERT INTO rekkrd.undos (user_id, synced_from, synced_until, job_id, ended_at, undone, kept)"
            " SELECT user_id, started_at, finished_at, id, now(), 1, 1 FROM rekkrd.jobs"
        )
    answer = client.post(PATH, headers=as_app(synced))
    assert (answer.status_code, answer.json()["state"]) == (200, "undone")
    assert answer.json()["sentence"].startswith("That sync is undone already.")
    told = client.get(PATH, headers=as_app(synced)).json()
    assert (told["undone"], told["kept"], told["items"]) == (1, 1, [])


def run(*arguments: str):
    return CliRunner().invoke(main.app_for(["sync"]), ["sync", "undo", "ada", *arguments], input="n\n")


def test_the_terminal_lists_and_asks_before_it_does_anything(synced, resources):
    shown = run("--dry-run")
    assert (shown.exit_code, shown.stderr) == (0, "")
    said = " ".join(shown.stdout.split())
    assert "restore Steely Dan - Aja [bold] media VG → NM" in said
    assert "It changed here since." in said
    assert json.loads(run("--dry-run", "--json").stdout)["state"] == "undoable"
    assert run().exit_code == 1
    assert run("--json").exit_code == 2
    with resources.pool.transaction() as conn:
        assert operations.acts(conn) == []
