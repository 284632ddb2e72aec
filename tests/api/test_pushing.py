"""What would go out, over HTTP and in the terminal: everything that waits, with what stops it, and nothing is sent."""

import json
from datetime import UTC, datetime

import pytest
from rich.console import Console

from actors.checkpoints import Act
from actors.pushing.push_preview import OutgoingChange
from cli.push import picture


@pytest.fixture
def waiting(resources, ada, connect):
    """An edited album, one with a grade that Discogs does not have, a deleted one, and one that is new."""
    connect(ada)
    with resources.pool.transaction() as conn:
        conn.execute(
            "UPDATE rekkrd.links SET collection_complete_at = now(), collection_first_complete_at = %s",
            [datetime(2020, 1, 1, tzinfo=UTC)],
        )
        conn.execute("INSERT INTO rekkrd.releases (release_id, title, artist) VALUES (7, 'Title', 'Artist')")
        conn.execute(
            "INSERT INTO rekkrd.fields (user_id, field_id, name, type, options)"
            " VALUES (%s, 1, 'Media Condition', 'dropdown', ARRAY['Very Good (VG)', 'Mint (M)'])",
            [ada],
        )
        for instance_id, grade in ((1, "M"), (2, "Excellent"), (3, None)):
            conn.execute(
                "INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id, media_condition)"
                " VALUES (%s, %s, 7, 1, 'VG')",
                [ada, instance_id],
            )
            album = None
            if grade is not None:
                (row,) = conn.execute(
                    "INSERT INTO albums (user_id, discogs_release_id, discogs_instance_id, discogs_folder_id,"
                    " media_condition) VALUES (%s, 7, %s, 1, %s) RETURNING id",
                    [ada, instance_id, grade],
                ).fetchall()
                album = row["id"]
            conn.execute(
                "INSERT INTO rekkrd.agreed (user_id, instance_id, album_id, fields) VALUES (%s, %s, %s, %s)",
                [ada, instance_id, album, json.dumps({"media_condition": "VG", "discogs_folder_id": 1})],
            )
        conn.execute("INSERT INTO albums (user_id, title, discogs_release_id) VALUES (%s, 'New', 8)", [ada])
    return ada


def test_all_that_waits_is_listed_with_what_stops_it(client, as_app, waiting):
    told = client.get("/api/discogs/push/preview", headers=as_app(waiting)).json()
    assert (
        told["sentence"]
        == "On Discogs: 1 to add, 1 to write, 1 to remove; 5 requests. 1 change cannot go out as it is."
    )
    assert (told["is_confirmed"], told["removals"], told["asks_about_removals"], told["is_whole"]) == (
        False,
        1,
        False,
        True,
    )
    by_copy = {one["instance_id"]: one for one in told["changes"]}
    assert (by_copy[1]["before"], by_copy[1]["after"], by_copy[1]["problem"]) == ("VG", "M", None)
    assert by_copy[2]["problem"].startswith("'Excellent' is no media condition on Discogs")
    assert (by_copy[3]["act"], by_copy[3]["album_id"]) == ("remove", None)
    assert (by_copy[None]["act"], by_copy[None]["title"]) == ("add", "New")


def test_others_see_nothing_of_it(client, as_app, waiting, bob):
    told = client.get("/api/discogs/push/preview", headers=as_app(bob)).json()
    assert (told["changes"], told["sentence"]) == ([], "Nothing waits to go out.")


def test_a_push_is_asked_for_with_the_yes_of_its_owner(client, as_app, waiting):
    body = {"kind": "push_collection", "arguments": {"is_confirmed": True}}
    assert client.post("/api/jobs", headers=as_app(waiting), json=body).status_code == 202
    wrong = {"kind": "push_collection", "arguments": {"is_conformed": True}}
    assert client.post("/api/jobs", headers=as_app(waiting), json=wrong).status_code == 422


def test_changes_fit_into_80_columns_whatever_they_say():
    long = OutgoingChange(
        Act.WRITE, 7, 1, None, "A" * 90, "[bold]T" * 20, "discogs_notes", "before " * 30, "[red]after", "no " * 40
    )
    console = Console(width=80, record=True, file=None, force_terminal=False, no_color=True)
    with console.capture() as captured:
        console.print(picture([long]))
    lines = captured.get().splitlines()
    assert max(map(len, lines)) <= 80
    assert "[red]after" in "".join(line.strip() for line in lines)
