"""A snapshot a day of its owner's zone, for those whose tier has a value, one collection a step."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from actors.checkpoints import SnapshotsCheckpoint
from actors.market import snapshots
from actors.market.snapshots import BATCH, day_of
from db.jobs import NOBODY
from db.value import Owner
from workers.kinds import Continue, NoArguments, Progress, Step

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


@pytest.fixture
def conn(migrated_database_url):
    with psycopg.connect(migrated_database_url, row_factory=dict_row, autocommit=True) as connection:
        yield connection


def own(conn, *, zone="UTC", tier="curator", albums=1):
    row = conn.execute(
        "INSERT INTO profiles (handle, tier, time_zone) VALUES (%s, %s, %s) RETURNING id", [uuid4().hex, tier, zone]
    ).fetchone()
    for _ in range(albums):
        conn.execute("INSERT INTO albums (user_id) VALUES (%s)", [row["id"]])
    return row["id"]


def run(conn, now=NOON):
    """Drive the job to its end; return what it says and its steps."""
    checkpoint, steps = SnapshotsCheckpoint(), 0
    while True:
        steps += 1
        step = Step(uuid4(), NOBODY, NoArguments(), checkpoint, Progress(0), discogs=None, account=None)
        outcome = snapshots.store(conn, step, now)
        if not isinstance(outcome, Continue):
            return outcome.outcome, steps
        assert not outcome.takes_token
        checkpoint = outcome.checkpoint


def test_a_record_that_only_the_app_knows_is_priced_from_then_on(conn):
    owner = own(conn, albums=0)
    conn.execute("INSERT INTO albums (user_id, discogs_release_id) VALUES (%s, 7), (%s, NULL)", [owner, owner])
    run(conn)
    rows = conn.execute("SELECT release_id, what FROM rekkrd.prices ORDER BY what").fetchall()
    assert [(row["release_id"], row["what"]) for row in rows] == [(7, "stats"), (7, "suggestions")]


def days(conn):
    found = conn.execute("SELECT user_id, snapshot_date FROM discogs_value_history ORDER BY snapshot_date").fetchall()
    return [(row["user_id"], row["snapshot_date"]) for row in found]


def test_everybody_whose_tier_has_a_value_gets_one_a_day(conn):
    ada, bob = own(conn), own(conn, tier="archivist")
    own(conn, tier="collector")
    own(conn, albums=0)
    assert run(conn)[0] == "2 collections valued."
    assert run(conn, NOON + timedelta(hours=11))[0] == "0 collections valued."
    assert sorted(days(conn)) == sorted([(ada, date(2026, 3, 29)), (bob, date(2026, 3, 29))])
    assert run(conn, NOON + timedelta(days=1))[0] == "2 collections valued."


def test_each_collection_is_a_step_of_its_own_and_more_than_a_look_holds_are_all_found(conn, monkeypatch):
    monkeypatch.setattr(snapshots, "BATCH", 3)
    for _ in range(7):
        own(conn)
    assert run(conn) == ("7 collections valued.", 7)
    assert len(days(conn)) == 7
    assert run(conn)[1] == 3
    assert BATCH > 3


def owner(zone, last=None):
    return Owner(UUID(int=1), zone, "USD", last)


@pytest.mark.parametrize(
    ("zone", "now", "day"),
    [
        ("UTC", datetime(2026, 3, 29, 6, 59, tzinfo=UTC), None),
        ("UTC", datetime(2026, 3, 29, 7, tzinfo=UTC), date(2026, 3, 29)),
        ("Pacific/Auckland", datetime(2026, 3, 28, 20, tzinfo=UTC), date(2026, 3, 29)),
        ("America/Los_Angeles", datetime(2026, 3, 29, 13, tzinfo=UTC), None),
        ("America/Los_Angeles", datetime(2026, 3, 29, 14, tzinfo=UTC), date(2026, 3, 29)),
        ("Europe/Berlin", datetime(2026, 3, 29, 5, tzinfo=UTC), date(2026, 3, 29)),  # the clocks went on that night
        ("Europe/Nowhere", datetime(2026, 3, 29, 7, tzinfo=UTC), date(2026, 3, 29)),
    ],
)
def test_a_day_is_due_in_the_morning_of_where_its_owner_lives(zone, now, day):
    assert day_of(owner(zone), now) == day


def test_a_day_that_has_its_snapshot_is_not_due_nor_one_behind_a_journey_west():
    for last in (date(2026, 3, 29), date(2026, 3, 30)):
        assert day_of(owner("UTC", last), NOON) is None
    assert day_of(owner("UTC", date(2026, 3, 28)), NOON) == date(2026, 3, 29)
