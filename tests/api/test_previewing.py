"""A sync before it happens, over HTTP and in the terminal."""

import json

import pytest
from typer.testing import CliRunner

from actors.catalog import PREVIEW_SYNC
from cli import main
from db import previews
from db.previews import Item

PATH = "/api/discogs/sync/preview"


@pytest.fixture
def looked(resources, ada, connect):
    """A collector whose look found three things."""
    connect(ada)
    found = [
        Item("comes_in", "new", False, 7, 70, None, "Steely Dan", "Aja", after={"media_condition": "NM"}),
        Item("conflicts", "changed on both sides", False, 8, 80, None, "Can", "Ege", "media_condition", "VG", "G", "M"),
        Item("vanishes", "gone", True, 9, None, None, "Neu!", "Neu! [bold]"),
    ]
    with resources.pool.transaction() as conn:
        previews.start(conn, ada, ada)
        previews.count_request(conn, ada)
        previews.add(conn, ada, found)
        previews.finish(conn, ada, is_whole=True, asks_about_vanished=False)
    return ada


def test_one_answer_has_counts_items_age_and_requests(client, as_app, looked):
    told = client.get(PATH, headers=as_app(looked)).json()
    assert told["counts"] == {"comes_in": 1, "goes_out": 0, "stuck": 0, "conflicts": 1, "vanishes": 1}
    assert told["requests"] == {"spent": 1, "look": 102, "imports": 105, "push": 0}
    assert (told["look"]["is_whole"], told["look"]["is_outdated"], told["is_whole"]) == (True, False, True)
    assert 0 <= told["look"]["age_seconds"] < 600
    new, clash, gone = told["items"]
    assert (new["after"], new["title"]) == ({"media_condition": "NM"}, "Aja")
    assert (clash["base"], clash["before"], clash["after"]) == ("VG", "G", "M")
    assert (gone["way"], gone["is_want"], gone["field"]) == ("vanishes", True, None)


def test_pages_and_ways_are_asked_for(client, as_app, looked):
    first = client.get(PATH, params={"limit": 2}, headers=as_app(looked)).json()
    rest = client.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]}, headers=as_app(looked)).json()
    assert [one["title"] for one in first["items"] + rest["items"]] == ["Aja", "Ege", "Neu! [bold]"]
    assert rest["next_cursor"] is None
    only = client.get(PATH, params={"way": "conflicts"}, headers=as_app(looked)).json()
    assert [one["way"] for one in only["items"]] == ["conflicts"]


def test_others_see_nothing_of_it(client, as_app, looked, bob):
    told = client.get(PATH, headers=as_app(bob)).json()
    assert (told["look"], told["items"]) == (None, [])


def test_a_look_is_a_job_and_a_second_one_waits_for_the_first(client, as_app, ada, connect):
    assert client.post(PATH, headers=as_app(ada)).status_code == 409
    connect(ada)
    first = client.post(PATH, headers=as_app(ada))
    again = client.post(PATH, headers=as_app(ada))
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["job"]["kind"] == PREVIEW_SYNC.name
    assert first.json()["job"]["id"] == again.json()["job"]["id"]


def run(*arguments: str):
    return CliRunner().invoke(main.app_for(["sync"]), ["sync", "preview", "ada", *arguments])


def test_the_terminal_shows_the_same(looked):
    shown = run()
    assert (shown.exit_code, shown.stderr) == (0, "")
    said = " ".join(shown.stdout.split())
    assert "1 would come in, 0 would go out, 1 conflict, 1 would vanish; Discogs was looked at" in said
    assert "Neu! - Neu! [bold]" in said
    assert "media G → M" in said
    assert "Requests to Discogs: a look 102, importing 105, pushing 0. The look took 1." in said
    assert max(map(len, shown.stdout.splitlines()[:3])) <= 80
    told = json.loads(run("--json", "--way", "vanishes").stdout)
    assert [one["release_id"] for one in told["items"]] == [9]
    assert run("--way", "sideways").exit_code == 2
