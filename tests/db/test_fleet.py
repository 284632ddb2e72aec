"""The fleet as the ledger knows it: who is there, who consumes, what waits, and what was counted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from db import Connection, fleet, kinds
from db.fleet import SignOfLife
from db.kinds import KindRow

SIGN = SignOfLife("here:1:a", "here", 1, "1+a", ["import"], ["count"], 8, 2, 0, 0.5, 0.5, None)


@pytest.fixture
def conn(migrated_database_url: str) -> Iterator[Connection]:
    with psycopg.connect(migrated_database_url, row_factory=dict_row) as opened:
        yield opened


def the_worker(conn: Connection) -> fleet.Worker:
    (worker,) = fleet.workers(conn)
    return worker


def unseen_for(conn: Connection, length: str) -> None:
    conn.execute(
        "UPDATE rekkrd.workers SET seen_at = now() - %(ago)s::interval, looked_at = looked_at - %(ago)s::interval, "
        "asked_at = asked_at - %(ago)s::interval",
        {"ago": length},
    )


def test_a_worker_that_looks_and_asks_consumes(conn):
    fleet.keep(conn, SIGN)
    fleet.keep(conn, replace(SIGN, busy=5))
    worker = the_worker(conn)
    assert (worker.is_alive, worker.is_consuming, worker.busy, worker.took_ago) == (True, True, 5, None)


@pytest.mark.parametrize(
    ("sign", "trouble"),
    [
        ({"looked_ago": 16.0}, "its dispatcher does not look at the line"),
        ({"asked_ago": 16.0}, "its consumers do not ask Redis for work"),
        ({"stuck": 8}, "every thread hangs in a step past its deadline"),
    ],
)
def test_alive_and_consuming_nothing_is_told_apart(conn, sign, trouble):
    fleet.keep(conn, replace(SIGN, **sign))
    worker = the_worker(conn)
    assert (worker.is_alive, worker.is_consuming, worker.trouble) == (True, False, trouble)


def test_a_worker_that_has_not_begun_yet_is_not_called_consuming(conn):
    fleet.keep(conn, replace(SIGN, looked_ago=None))
    assert not the_worker(conn).is_consuming


def test_a_killed_worker_is_shown_as_gone_for_an_hour_and_then_cleared(conn):
    fleet.keep(conn, SIGN)
    unseen_for(conn, "21 seconds")
    assert the_worker(conn).trouble == "gone without a word"
    assert fleet.forget_gone(conn, room=9) == 0
    unseen_for(conn, "61 minutes")
    assert fleet.workers(conn) == []
    assert fleet.forget_gone(conn, room=9) == 1


def test_a_clean_end_leaves_no_row(conn):
    fleet.keep(conn, SIGN)
    fleet.remove(conn, SIGN.name)
    assert fleet.workers(conn) == []


def test_only_an_alive_worker_of_another_version_counts_as_newer(conn):
    fleet.keep(conn, SIGN)
    assert not fleet.has_other_version(conn, "1+a")
    assert fleet.has_other_version(conn, "1+b")
    unseen_for(conn, "21 seconds")
    assert not fleet.has_other_version(conn, "1+b")


def test_figures_said_twice_are_counted_once(conn):
    flush = uuid4()
    counts = {("steps", (("kind", "count"), ("result", "done"))): 2.0}
    assert fleet.add_tallies(conn, flush, counts)
    assert not fleet.add_tallies(conn, flush, counts)
    assert fleet.add_tallies(conn, uuid4(), counts)
    (told,) = fleet.tallies(conn)
    assert (told.name, told.labels, told.value) == ("steps", {"kind": "count", "result": "done"}, 4.0)


def add_job(conn: Connection, **columns: object) -> None:
    row = {
        "kind": "count", "lane": "import", "queue": "import", "user_id": uuid4(), "takes_token": False,
        "speaks_for_user": False, **columns,
    }  # fmt: skip
    names, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    conn.execute(f"INSERT INTO rekkrd.jobs ({names}) VALUES ({places})", row)


def test_each_live_job_is_counted_once_by_what_it_does(conn):
    (now,) = conn.execute("SELECT now() AS now").fetchone().values()
    later = now + timedelta(minutes=1)
    first = uuid4()
    add_job(conn, id=first, due_at=now - timedelta(seconds=90))
    add_job(conn, due_at=now - timedelta(seconds=200), follows=first, awaited_key="key")
    add_job(conn, due_at=later)
    add_job(conn, due_at=now, called_until=later)
    add_job(conn, due_at=now, leased_until=later, leased_by="w", state="running", started_at=now)
    add_job(conn, state="failed", finished_at=now, error_class="X", error="x.")
    add_job(conn, state="completed", started_at=now, finished_at=now - timedelta(minutes=6))
    parts = fleet.line(conn)
    told = [sum(getattr(part, name) for part in parts) for name in ("ready", "delayed", "called", "under_way", "jobs")]
    assert told == [1, 2, 1, 1, 5], "who stands behind another is not ready"
    assert max(part.oldest_seconds for part in parts) == 90
    assert fleet.failed(conn) == {"import": 1}
    assert [(one.kind, one.state, one.jobs) for one in fleet.ended(conn)] == [("count", "failed", 1)]
    assert [(one.worker, one.kind) for one in fleet.held(conn)] == [("w", "count")]
    assert fleet.ready_lanes(conn) == {"import"}


def test_a_kind_that_is_due_and_that_no_worker_alive_knows_is_named(conn):
    kinds.keep(
        conn, [KindRow(kind, "x.", "import", None, False, False, False, {}) for kind in ("count", "new", "idle")]
    )
    (now,) = conn.execute("SELECT now() AS now").fetchone().values()
    add_job(conn, kind="new", due_at=now)
    add_job(conn, kind="count", due_at=now)
    add_job(conn, kind="idle", due_at=now + timedelta(minutes=1))
    ahead = uuid4()
    add_job(conn, id=ahead, due_at=now)
    add_job(conn, kind="idle", due_at=now, follows=ahead, awaited_key="key")
    assert fleet.unknown_kinds(conn) == []
    fleet.keep(conn, SIGN)
    assert fleet.unknown_kinds(conn) == ["new"]
    fleet.keep(conn, replace(SIGN, name="here:2:b", kinds=["new"]))
    assert fleet.unknown_kinds(conn) == []
    conn.execute("UPDATE rekkrd.workers SET seen_at = now() - interval '21 seconds' WHERE name = 'here:2:b'")
    assert fleet.unknown_kinds(conn) == ["new"]
