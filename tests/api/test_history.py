"""History over HTTP: what became of each record, in words, a page at a time."""

from uuid import uuid4

import pytest

from db import folders, sync_log
from db.folders import Folder
from db.sync_log import Line

HISTORY = "/api/discogs/sync/history"


@pytest.fixture
def album(resources, ada):
    with resources.pool.transaction() as conn:
        row = conn.execute("INSERT INTO albums (user_id) VALUES (%s) RETURNING id", [ada]).fetchone()
        folders.replace(conn, ada, [Folder(7, "Jazz", 1)])
        details = {"change": "updated", "changed": ["folder_id"], "before": {"folder_id": 1}, "after": {"folder_id": 7}}
        sync_log.add(conn, ada, [Line("import", 5_000_000_000, None, "success", {"change": "created"})] * 4)
        sync_log.add(conn, ada, [Line("update", 5_000_000_000, row["id"], "success", details)])
    return str(row["id"])


def test_the_story_of_an_album_is_told_with_its_folders_names(client, as_app, ada, album):
    said = client.get(HISTORY, params={"album": album}, headers=as_app(ada)).json()
    (line,) = said["lines"]
    assert line["sentence"] == "Folder changed on Discogs from folder 1 to Jazz."
    assert (line["album_id"], line["release_id"], line["action"]) == (album, 5_000_000_000, "update")
    assert line["details"]["after"] == {"folder_id": 7}
    assert said["next_cursor"] is None


def test_pages_lead_to_each_other(client, as_app, ada, album):
    seen, cursor = [], None
    for _ in range(3):
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        said = client.get(HISTORY, params=params, headers=as_app(ada)).json()
        seen += [line["id"] for line in said["lines"]]
        cursor = said["next_cursor"]
    assert len(set(seen)) == len(seen) == 5
    assert cursor is None


def test_another_users_cursor_and_history_are_not_there(client, as_app, as_operator, ada, bob, album):
    line = client.get(HISTORY, headers=as_app(ada)).json()["lines"][0]["id"]
    for cursor in (line, str(uuid4())):
        assert client.get(HISTORY, params={"cursor": cursor}, headers=as_app(bob)).status_code == 404
    assert client.get(HISTORY, params={"album": album}, headers=as_app(bob)).json()["lines"] == []
    assert client.get(HISTORY, headers=as_operator).status_code == 403


@pytest.mark.parametrize("wrong", [{"action": "look"}, {"release": 2**63}, {"since": "yesterday"}, {"limit": 0}])
def test_what_cannot_be_asked_is_told(client, as_app, ada, wrong):
    assert client.get(HISTORY, params=wrong, headers=as_app(ada)).status_code == 422
