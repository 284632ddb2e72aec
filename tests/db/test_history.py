"""A collector's log is paged without a gap or a double, and filtered by what they ask."""

from datetime import timedelta
from uuid import uuid4

import pytest

from db import sync_log
from db.sync_log import Line, Wanted


@pytest.fixture
def album(conn, ada):
    return conn.execute("INSERT INTO albums (user_id) VALUES (%s) RETURNING id", [ada]).fetchone()["id"]


@pytest.fixture
def lines(conn, ada, album):
    """Seven lines of one moment, and one of the day before."""
    sync_log.add(conn, ada, [Line("import", 100 + n % 3, None, "success", {"n": n}) for n in range(6)])
    sync_log.add(conn, ada, [Line("export", 102, album, "failed", {"n": 6, "job": str(ada)})])
    sync_log.add(conn, ada, [Line("update", 100, None, "success", {"n": 7})])
    conn.execute("UPDATE discogs_sync_log SET created_at = now() - interval '1 day' WHERE details ->> 'n' = '7'")
    conn.execute("UPDATE discogs_sync_log SET created_at = now() WHERE details ->> 'n' <> '7'")


def numbers(page):
    return {line.details["n"] for line in page}


def test_pages_follow_each_other_without_a_gap_or_a_double(conn, ada, lines):
    seen, below = [], None
    while page := sync_log.page(conn, ada, below=below, room=3):
        seen += page
        below = sync_log.place_of(conn, ada, page[-1].id)
    assert [line.created_at for line in seen] == sorted((line.created_at for line in seen), reverse=True)
    assert sorted(line.details["n"] for line in seen) == list(range(8))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(action="export"), {6}),
        (Wanted(status="success"), {0, 1, 2, 3, 4, 5, 7}),
        (Wanted(release_id=102), {2, 5, 6}),
        (Wanted(release_id=102, status="failed"), {6}),
        (Wanted(release_id=999), set()),
    ],
)
def test_what_is_asked_for_comes_and_nothing_else(conn, ada, lines, wanted, found):
    assert numbers(sync_log.page(conn, ada, wanted)) == found


def test_the_story_of_an_album_is_its_own(conn, ada, lines, album):
    assert numbers(sync_log.page(conn, ada, Wanted(album_id=album))) == {6}
    assert numbers(sync_log.page(conn, ada, Wanted(album_id=album, release_id=102))) == {6}
    assert sync_log.page(conn, ada, Wanted(album_id=uuid4())) == []


def test_time_has_an_edge_that_belongs_to_one_side(conn, ada, lines):
    day_ago, now = sorted({line.created_at for line in sync_log.page(conn, ada)})
    assert numbers(sync_log.page(conn, ada, Wanted(until=now))) == {7}
    assert numbers(sync_log.page(conn, ada, Wanted(since=now))) == {0, 1, 2, 3, 4, 5, 6}
    assert sync_log.page(conn, ada, Wanted(since=day_ago + timedelta(seconds=1), until=now)) == []


def test_a_job_is_named_by_the_line_or_by_its_walk(conn, ada, lines):
    job = conn.execute(
        "INSERT INTO rekkrd.jobs (kind, lane, queue, user_id, takes_token, speaks_for_user) "
        "VALUES ('x', 'import', 'token', %s, true, true) RETURNING id",
        [ada],
    ).fetchone()["id"]
    walk = conn.execute(
        "INSERT INTO rekkrd.sweeps (job_id, user_id, list, try, sort, sort_order) "
        "VALUES (%s, %s, 'collection', 1, 'added', 'desc') RETURNING id",
        [job, ada],
    ).fetchone()["id"]
    sync_log.add(conn, ada, [Line("import", 1, None, "success", {"n": 8, "sweep": str(walk)})])
    assert numbers(sync_log.page(conn, ada, Wanted(job_id=job))) == {8}
    assert numbers(sync_log.page(conn, ada, Wanted(job_id=ada))) == {6}


def test_nobody_sees_anothers_log(conn, ada, lines, album):
    bob = conn.execute("INSERT INTO profiles (handle) VALUES ('bob') RETURNING id").fetchone()["id"]
    (first, *_) = sync_log.page(conn, ada)
    assert sync_log.page(conn, bob) == []
    assert sync_log.page(conn, bob, Wanted(album_id=album)) == []
    assert sync_log.place_of(conn, bob, first.id) is None
