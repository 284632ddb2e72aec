"""The night of archivists: both lists once, spread, in batches, and nobody twice."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from actors.catalog import NIGHTLY_SYNC
from actors.checkpoints import NightlyCheckpoint
from actors.scheduling import nightly
from actors.scheduling.nights import LASTS, LATE, LOOKS_EVERY, MADE_UP_WITHIN
from db import jobs, ticks
from db.jobs import NOBODY
from db.nights import Sleeper
from db.pool import Pool
from tests.new_jobs import enqueue
from workers.kinds import Continue, Done, NoArguments, Outcome, Progress, Step

# In the future, because a past start is due at once, but not more than a year ahead.
THREE = (datetime.now(UTC) + timedelta(days=60)).replace(hour=3, minute=0, second=0, microsecond=0)
SIX = THREE + LASTS  # by then every moment of the night came
HOUR = timedelta(hours=1)


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def people(pool: Pool) -> Callable[..., list[UUID]]:
    """Make connected archivists, or whom else is said."""

    def make(many: int = 1, zone: str = "UTC", tier: str = "archivist", state: str = "connected") -> list[UUID]:
        with pool.transaction() as conn:
            rows = conn.execute(
                """
                INSERT INTO public.profiles (handle, tier, time_zone, discogs_connected_at)
                SELECT gen_random_uuid()::text, %s, %s, '2026-01-01T00:00Z' FROM generate_series(1, %s) RETURNING id
                """,
                [tier, zone, many],
            ).fetchall()
            for row in rows:
                conn.execute("INSERT INTO rekkrd.links (user_id, state) VALUES (%s, %s)", [row["id"], state])
        return sorted(row["id"] for row in rows)

    return make


def step(job_id: UUID, checkpoint: NightlyCheckpoint) -> Step[NoArguments, NightlyCheckpoint]:
    return Step(job_id, NOBODY, NoArguments(), checkpoint, Progress(0), discogs=None, account=None)


def store(
    pool: Pool, now: datetime, checkpoint: NightlyCheckpoint | None = None, job_id: UUID | None = None
) -> Outcome:
    with pool.transaction() as conn:
        return nightly.store(conn, step(job_id or uuid4(), checkpoint or NightlyCheckpoint()), now)


def kept(outcome: Outcome) -> NightlyCheckpoint:
    """The checkpoint as the ledger gives it back."""
    assert isinstance(outcome, Continue)
    assert not outcome.takes_token
    return NightlyCheckpoint.model_validate(outcome.checkpoint.model_dump(mode="json"))


def rows(pool: Pool) -> list[dict[str, Any]]:
    with pool.transaction() as conn:
        return conn.execute("SELECT user_id, kind, due_at FROM rekkrd.jobs ORDER BY user_id, kind").fetchall()


def test_both_lists_of_a_user_come_and_once_a_night(pool, people):
    people()
    outcome = store(pool, SIX)
    assert isinstance(outcome, Done)
    assert outcome.outcome == "The moment of 1 user comes: 2 jobs enqueued."
    assert [row["kind"] for row in rows(pool)] == ["import_collection", "import_wantlist"]
    with pool.transaction() as conn:
        conn.execute("DELETE FROM rekkrd.jobs")  # they ended long before the next look
    for later in (HOUR, 8 * HOUR):
        store(pool, SIX + later)
    assert rows(pool) == []
    store(pool, SIX + timedelta(days=1))
    assert len(rows(pool)) == 2


@pytest.mark.parametrize(
    ("ago", "is_partial", "kind"),
    [
        (timedelta(days=6), False, "refresh_collection"),
        (timedelta(days=6, hours=13), False, "import_collection"),
        (timedelta(days=1), True, "import_collection"),
    ],
)
def test_what_is_new_comes_each_night_and_all_of_it_once_a_week(pool, people, ago, is_partial, kind):
    people()
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.links SET collection_complete_at = %s, is_partial = %s", [SIX - ago, is_partial])
    store(pool, SIX)
    assert [row["kind"] for row in rows(pool)] == sorted([kind, "import_wantlist"])


def test_users_come_one_by_one_over_the_night_and_none_long_before_the_moment(pool, people):
    people(40)
    seen = 0
    for look in range(-1, 18):
        at = THREE + look * LOOKS_EVERY
        store(pool, at)
        new = [row for row in rows(pool) if row["due_at"] >= at]
        assert len(new) <= 2 * 12
        assert all(row["due_at"] < at + LOOKS_EVERY for row in new)
        seen += len(new)
    assert seen == len(rows(pool)) == 2 * 40
    assert len({row["due_at"] for row in rows(pool)}) == 40, "a user's two at one moment, and nobody else's"
    assert all(THREE <= row["due_at"] < SIX for row in rows(pool))


def test_who_is_no_archivist_or_not_connected_is_left_alone(pool, people):
    people(tier="curator")
    people(state="needs_reconnect")
    store(pool, SIX)
    assert rows(pool) == []


@pytest.mark.parametrize(
    ("chosen", "is_confirmed", "kinds"),
    [
        ("false, 'both'", True, []),
        ("true, 'in'", True, ["import_collection", "import_wantlist"]),
        ("true, 'out'", True, ["push_collection", "push_wantlist"]),
        ("true, 'out'", False, []),
        ("true, 'both'", True, ["import_collection", "import_wantlist", "push_collection", "push_wantlist"]),
        ("true, 'both'", False, ["import_collection", "import_wantlist"]),
    ],
)
def test_what_a_user_chose_is_kept_to_and_nothing_goes_out_before_a_first_yes(
    pool, people, chosen, is_confirmed, kinds
):
    people()
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.links SET push_confirmed_at = now() WHERE %s", [is_confirmed])
        conn.execute(
            f"INSERT INTO rekkrd.sync_settings (user_id, is_auto, direction) SELECT id, {chosen} FROM public.profiles"
        )
    store(pool, SIX)
    assert [row["kind"] for row in rows(pool)] == kinds


def test_nothing_goes_out_while_something_comes_over(pool, people):
    people()
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.links SET push_confirmed_at = now()")
        conn.execute("INSERT INTO rekkrd.sync_settings (user_id, direction) SELECT id, 'both' FROM public.profiles")
    store(pool, SIX)
    with pool.transaction() as conn:
        found = conn.execute("SELECT kind FROM rekkrd.jobs WHERE priority < 0").fetchall()
    assert [row["kind"] for row in found] == ["push_collection", "push_wantlist"]


def test_who_wants_it_weekly_has_it_seven_nights_after_the_last(pool, people):
    people()
    with pool.transaction() as conn:
        conn.execute("INSERT INTO rekkrd.sync_settings (user_id, frequency) SELECT id, 'weekly' FROM public.profiles")
    had = []
    for day in range(15):
        outcome = store(pool, SIX + timedelta(days=day))
        assert isinstance(outcome, Done)
        if "1 user " in outcome.outcome:
            had.append(day)
    assert had == [0, 7, 14]


def test_a_night_of_another_zone_comes_by_that_zone(pool, people):
    (tokyo,), _ = people(zone="Asia/Tokyo"), people()
    store(pool, THREE - 6 * HOUR)
    with pool.transaction() as conn:
        (row,) = conn.execute("SELECT user_id, night FROM rekkrd.nights").fetchall()
    assert (row["user_id"], row["night"]) == (tokyo, THREE.date())


def test_a_moment_missed_by_less_than_twelve_hours_is_made_up_for_and_spread_over_an_hour(pool, people):
    people(20)
    store(pool, SIX + LATE + timedelta(seconds=1))
    assert rows(pool) == []
    now = THREE + LATE
    store(pool, now)
    due = {row["due_at"] for row in rows(pool)}
    assert len(due) == 20
    assert all(now <= at < now + MADE_UP_WITHIN for at in due)


def test_who_connected_after_the_night_began_comes_the_next_night(pool, people):
    people()
    with pool.transaction() as conn:
        conn.execute("UPDATE public.profiles SET discogs_connected_at = %s", [THREE + HOUR])
    store(pool, SIX)
    assert rows(pool) == []
    store(pool, SIX + timedelta(days=1))
    assert len(rows(pool)) == 2


def test_a_zone_that_nobody_knows_counts_as_utc_and_is_said(pool, people, capsys):
    people(zone="Mars/Base")
    outcome = store(pool, SIX + 8 * HOUR)  # in many a zone the moment is too long ago by then
    assert isinstance(outcome, Done)
    assert outcome.outcome.endswith("1 user with an unknown time zone: UTC was taken.")
    assert "unknown_time_zone" in capsys.readouterr().out
    assert len(rows(pool)) == 2
    again = store(pool, SIX + 8 * HOUR)
    assert isinstance(again, Done)
    assert "unknown" not in again.outcome


def test_batches_go_on_behind_the_last_user_and_a_batch_done_again_doubles_nobody(pool, people, monkeypatch):
    monkeypatch.setattr(nightly, "BATCH", 2)
    people(5)
    first = kept(store(pool, SIX))
    assert len(rows(pool)) == 4
    store(pool, SIX, NightlyCheckpoint())  # it died after its COMMIT and before anybody heard
    assert len(rows(pool)) == 4
    second = kept(store(pool, SIX + HOUR / 2, first))
    assert second.looked_at == SIX
    outcome = store(pool, SIX + HOUR, second)
    assert isinstance(outcome, Done)
    assert outcome.outcome == "The moment of 5 users comes: 10 jobs enqueued."
    assert len({(row["user_id"], row["kind"]) for row in rows(pool)}) == len(rows(pool)) == 10


def test_who_was_let_begin_by_another_look_meanwhile_has_no_second_night(pool, people, monkeypatch):
    (ada,) = people()
    read = nightly.nights.sleepers

    def read_before_the_other_one_stores(conn, tiers, **said):
        found = read(conn, tiers, **said)
        nightly.nights.begin(conn, {ada: SIX.date()})
        return found

    monkeypatch.setattr(nightly.nights, "sleepers", read_before_the_other_one_stores)
    store(pool, SIX)
    assert rows(pool) == []


def test_who_had_the_night_is_not_asked_for_again():
    zones = {"UTC": nightly.FALL_BACK}
    had, open_still = (
        Sleeper(
            uuid4(),
            "UTC",
            THREE - HOUR,
            night,
            is_weekly=False,
            comes_in=True,
            goes_out=False,
            whole_at=None,
        )
        for night in (THREE.date(), THREE.date() - timedelta(days=1))
    )
    assert set(nightly.whose_night([had, open_still], zones, SIX)) == {open_still.user_id}


def test_a_batch_that_fails_leaves_no_night_without_its_jobs(pool, people):
    people(2)
    with pytest.raises(ZeroDivisionError), pool.transaction() as conn:
        nightly.store(conn, step(uuid4(), NightlyCheckpoint()), SIX)
        raise ZeroDivisionError
    assert rows(pool) == []
    store(pool, SIX)
    assert len(rows(pool)) == 4


def test_the_tick_that_made_the_job_counts_what_came_of_it(pool, people):
    people(3)
    with pool.transaction() as conn:
        job = enqueue(conn, NIGHTLY_SYNC, NOBODY).job
        for hour, is_new in ((0, True), (1, False)):
            ticks.make(conn, "nightly_sync", THREE + hour * HOUR)
            ticks.keep_job(conn, "nightly_sync", THREE + hour * HOUR, job.id, is_new=is_new)
    store(pool, SIX, job_id=job.id)
    with pool.transaction() as conn:
        counted = conn.execute("SELECT enqueued FROM rekkrd.ticks ORDER BY due_at").fetchall()
    assert [row["enqueued"] for row in counted] == [7, 0]


def test_a_live_import_stands_for_the_nightly_one(pool, people):
    (ada,) = people()
    with pool.transaction() as conn:
        mine = enqueue(conn, nightly.IMPORT_COLLECTION, ada).job
    outcome = store(pool, SIX)
    assert isinstance(outcome, Done)
    assert "1 job enqueued" in outcome.outcome
    with pool.transaction() as conn:
        assert mine.id in {job.id for job in jobs.page(conn)}
        assert len(jobs.page(conn)) == 2
