"""Releases are shared by all collectors: written in one order, and only when there is news."""

import threading
from dataclasses import replace

import psycopg
from psycopg.rows import dict_row

from db import releases
from db.releases import Release

ONE = Release(1, 5_000_000_000, "Title", "Artist", 1970, [{"name": "A"}], [{"catno": "X"}], [], ("Rock",), (), "t", "c")


def test_a_release_is_stored_with_all_its_fields(conn):
    assert releases.upsert(conn, [ONE]) == 1
    row = conn.execute("SELECT * FROM rekkrd.releases").fetchone()
    assert (row["master_id"], row["title"], row["artist"], row["year"]) == (5_000_000_000, "Title", "Artist", 1970)
    assert (row["artists"], row["labels"], row["formats"]) == ([{"name": "A"}], [{"catno": "X"}], [])
    assert (row["genres"], row["styles"], row["thumb"], row["cover_image"]) == (["Rock"], [], "t", "c")


def test_nothing_is_written_without_news(conn):
    releases.upsert(conn, [ONE])
    assert releases.upsert(conn, [ONE]) == 0
    assert releases.upsert(conn, [replace(ONE, year=1971)]) == 1


UNTOLD = Release(1, None, None, None, None, None, None, None, None, None, "", "")


def test_what_a_page_does_not_tell_leaves_what_is_known(conn):
    releases.upsert(conn, [ONE])
    for name in Release.__slots__[1:]:
        untold = replace(ONE, **{name: getattr(UNTOLD, name)})
        assert releases.upsert(conn, [untold]) == 0, name
    assert releases.upsert(conn, [replace(UNTOLD, title="", artist="", artists=[])]) == 0
    assert releases.find(conn, [1]) == {1: ONE}


def test_zero_empties_a_year_and_a_master(conn):
    releases.upsert(conn, [ONE])
    assert releases.upsert(conn, [replace(ONE, year=0, master_id=0)]) == 1
    assert releases.upsert(conn, [replace(ONE, year=0, master_id=0)]) == 0
    assert releases.find(conn, [1]) == {1: replace(ONE, year=None, master_id=None)}


def test_a_release_of_which_nothing_is_told_is_stored_empty(conn):
    releases.upsert(conn, [UNTOLD])
    assert releases.find(conn, [1]) == {1: Release(1, None, "", "", None, [], [], [], (), (), "", "")}


def test_what_is_an_hour_old_is_confirmed(conn):
    releases.upsert(conn, [ONE])
    conn.execute("UPDATE rekkrd.releases SET fetched_at = now() - interval '61 minutes'")
    assert releases.upsert(conn, [ONE]) == 1
    assert conn.execute(
        "SELECT now() - fetched_at < interval '1 minute' AS is_new FROM rekkrd.releases"
    ).fetchone() == {"is_new": True}


def test_a_blank_picture_never_replaces_one_that_is_there(conn):
    releases.upsert(conn, [ONE])
    assert releases.upsert(conn, [replace(ONE, thumb="", cover_image="")]) == 0
    releases.upsert(conn, [replace(ONE, thumb="", cover_image="new", title="New")])
    row = conn.execute("SELECT thumb, cover_image, title FROM rekkrd.releases").fetchone()
    assert row == {"thumb": "t", "cover_image": "new", "title": "New"}


def test_a_release_twice_on_a_page_is_one(conn):
    assert releases.upsert(conn, [ONE, ONE, replace(ONE, release_id=2)]) == 2


def test_two_pages_that_share_releases_wait_for_each_other_instead_of_dying_together(conn, migrated_database_url):
    one, two = replace(ONE, release_id=1, title="New"), replace(ONE, release_id=2, title="New")
    releases.upsert(conn, [replace(one, title="Old"), replace(two, title="Old")])

    def store_both():
        with psycopg.connect(migrated_database_url, row_factory=dict_row) as other:
            releases.upsert(other, [two, one])  # as they stand on the page

    page = threading.Thread(target=store_both)
    with psycopg.connect(migrated_database_url, row_factory=dict_row) as first:
        releases.upsert(first, [one])
        page.start()
        while not conn.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall():
            pass  # until the page waits for release 1; release 2 must not be held meanwhile
        first.execute("SET lock_timeout = '2s'")
        releases.upsert(first, [replace(two, title="Other")])
    page.join(timeout=30)
    assert conn.execute("SELECT title FROM rekkrd.releases ORDER BY release_id").fetchall() == [
        {"title": "New"},
        {"title": "New"},
    ]
