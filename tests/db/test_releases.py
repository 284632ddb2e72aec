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
    assert releases.upsert(conn, [replace(ONE, year=None)]) == 1


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


def test_two_pages_that_share_releases_wait_for_each_other(conn, migrated_database_url):
    """Whatever order they come in: the second stores after the first commits, and none is killed as a deadlock."""
    shared = [replace(ONE, release_id=number) for number in range(1, 200)]
    ended = []

    def store(order):
        with psycopg.connect(migrated_database_url, row_factory=dict_row) as other:
            for title in ("a", "b", "c", "d"):
                releases.upsert(other, [replace(one, title=f"{title} {order}") for one in shared[::order]])
                other.commit()
        ended.append(order)

    threads = [threading.Thread(target=store, args=[order]) for order in (1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(ended) == [-1, 1]
