"""Who changed something here is noticed, whoever wrote it; a push is enqueued only for what waits and may go out."""

import pytest

from actors.catalog import PUSH_CHANGES
from actors.pushing.push_changes import BATCH
from db import links


@pytest.fixture
def archivist(drive):
    """An archivist whose changes go out by themselves, with one record that came over."""
    drive.execute("UPDATE profiles SET tier = 'archivist'")
    drive.execute("UPDATE rekkrd.links SET push_confirmed_at = now(), collection_first_complete_at = now()")
    drive.execute("INSERT INTO rekkrd.sync_settings (user_id, direction) VALUES (%s, 'both')", drive.user_id)
    return drive


@pytest.fixture
def album(archivist, make_item):
    archivist.discogs.items = [make_item(1)]
    archivist.import_collection()
    rest(archivist)
    look(archivist)
    return archivist.one("SELECT id FROM albums")


def rest(drive) -> None:
    """Let half a minute go by."""
    drive.execute("UPDATE rekkrd.touched SET touched_at = touched_at - interval '31 seconds'")


def look(drive) -> list[str]:
    """Let the clock look; return which pushes live after it, and end them."""
    drive.execute("DELETE FROM rekkrd.jobs WHERE kind LIKE 'push_%%'")
    drive.run(PUSH_CHANGES)
    return [
        row["kind"]
        for row in drive.rows(
            "SELECT kind FROM rekkrd.jobs WHERE kind LIKE 'push_%%' AND kind <> 'push_changes' ORDER BY kind"
        )
    ]


def noted(drive) -> int:
    return drive.one("SELECT count(*) FROM rekkrd.touched")


def test_what_an_import_writes_is_looked_at_and_sends_nobody_anywhere(archivist, make_item):
    archivist.discogs.items = [make_item(1), make_item(2)]
    archivist.import_collection()
    assert noted(archivist) > 0
    rest(archivist)
    assert look(archivist) == []
    assert noted(archivist) == 0


@pytest.mark.parametrize(
    ("statement", "kinds"),
    [
        ("UPDATE albums SET media_condition = 'VG'", ["push_collection"]),
        ("DELETE FROM albums", ["push_collection"]),
        (
            (
                "INSERT INTO albums (user_id, discogs_release_id, created_at) "
                "SELECT user_id, 7, now() + interval '1 hour' FROM albums"
            ),
            ["push_collection"],
        ),
        ("INSERT INTO discogs_wantlist (user_id, discogs_release_id) SELECT user_id, 7 FROM albums", ["push_wantlist"]),
        ("UPDATE albums SET pressing_country = 'DE'", []),
    ],
)
def test_a_change_by_plain_sql_goes_out_once_it_has_come_to_rest(archivist, album, statement, kinds):
    archivist.execute(statement)
    assert look(archivist) == []
    assert noted(archivist) == 1
    rest(archivist)
    assert look(archivist) == kinds
    assert noted(archivist) == 0
    assert look(archivist) == []


def test_a_push_waits_behind_what_comes_over_and_is_one_however_much_changed(archivist, album):
    for grade in ("VG", "VG+", "G"):
        archivist.execute("UPDATE albums SET media_condition = %s", grade)
    assert noted(archivist) == 1
    rest(archivist)
    look(archivist)
    (job,) = archivist.rows("SELECT priority FROM rekkrd.jobs WHERE kind = 'push_collection'")
    assert job["priority"] < 0


@pytest.mark.parametrize(
    "but",
    [
        "UPDATE rekkrd.sync_settings SET direction = 'in'",
        "UPDATE rekkrd.sync_settings SET is_auto = false",
        "UPDATE rekkrd.links SET push_confirmed_at = NULL",
        "UPDATE profiles SET tier = 'curator'",
        "UPDATE rekkrd.links SET state = 'needs_reconnect'",
    ],
)
def test_nothing_goes_out_by_itself_of_who_does_not_want_it_or_may_not(archivist, album, but):
    archivist.execute(but)
    archivist.execute("UPDATE albums SET media_condition = 'VG'")
    rest(archivist)
    assert look(archivist) == []
    assert noted(archivist) == 0


def test_a_user_is_looked_at_whoever_else_changed_much(archivist, album):
    archivist.execute(
        "WITH others AS (INSERT INTO profiles (handle) SELECT 'u' || n FROM generate_series(1, %s) AS n RETURNING id)"
        " INSERT INTO albums (user_id) SELECT id FROM others",
        BATCH + 5,
    )
    archivist.execute("UPDATE albums SET media_condition = 'VG' WHERE id = %s", album)
    rest(archivist)
    assert look(archivist) == ["push_collection"]
    assert noted(archivist) == 0
    assert links.link(archivist.conn, archivist.user_id) is not None


def test_a_burst_is_one_push_when_it_ends_unless_it_does_not(archivist, album):
    archivist.execute("UPDATE albums SET media_condition = 'VG'")
    rest(archivist)
    archivist.execute("UPDATE albums SET media_condition = 'G'")
    assert look(archivist) == []
    archivist.execute(
        "UPDATE rekkrd.touched SET touched_at = touched_at - interval '10 minutes' "
        "WHERE touched_at < now() - interval '20 s'"
    )
    assert look(archivist) == ["push_collection"]
