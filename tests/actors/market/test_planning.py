"""The planner over random fleets: all that is due comes once, the longest wait first, and what is fresh not before."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.checkpoints import PriceCheckpoint
from actors.market import refresh_prices
from db.pool import Pool
from services.market import pricing
from services.market.pricing import ALERTED_SOONEST, DEAR, LATELY, MOVING, STEADY, USUAL, again_after, alerted_every
from workers.kinds import Done

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SELLER, OTHER = UUID(int=1), UUID(int=2)
IN_DATABASE = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # each example ends with a roll-back

sides = st.fixed_dictionaries(
    {
        "ago": st.integers(-5, 40),  # minutes since it came due; a few are equal, some are to come
        "every": st.sampled_from([6, 12, 24, 168]),  # hours
        "is_claimed": st.sampled_from([False, False, False, True]),
        "is_anybodys": st.sampled_from(["own", "own", "want", "alert", "nobody"]),
    }
)
fleets = st.dictionaries(st.tuples(st.integers(1, 9), st.sampled_from(["stats", "suggestions"])), sides, max_size=16)


@pytest.fixture
def pool(migrated_database_url):
    pool = Pool(migrated_database_url, size=1, timeout_seconds=5)
    yield pool
    pool.close()


class RolledBack(Exception):
    """The example is over."""


def chosen_of(pool, fleet, *, sells):
    """Let a fleet stand in the database, and return all that is chosen until nothing is due, in order."""
    chosen = []
    with suppress(RolledBack), pool.transaction() as conn:
        fill(conn, fleet, sells=sells)
        outcome = refresh_prices.choose(conn, PriceCheckpoint(), has_operator=False)
        while not isinstance(outcome, Done):
            chosen.append((outcome.checkpoint.release, outcome.checkpoint.what, outcome.checkpoint.asker))
            assert len(chosen) <= len(fleet), "chosen again before the others"
            outcome = refresh_prices.choose(conn, outcome.checkpoint, has_operator=False)
        raise RolledBack
    return chosen


def fill(conn, fleet, *, sells):
    for user_id in (SELLER, OTHER):
        conn.execute("INSERT INTO public.profiles (id, handle) VALUES (%s, %s)", [user_id, str(user_id)])
        conn.execute(
            "INSERT INTO rekkrd.links (user_id, curr_abbr, has_seller_settings, seller_settings_at)"
            " VALUES (%s, 'USD', %s, now())",
            [user_id, sells and user_id == SELLER],
        )
    for (release_id, what), side in fleet.items():
        conn.execute(
            "INSERT INTO rekkrd.prices (release_id, what, due_at, every, claimed_until)"
            " VALUES (%s, %s, now() - %s, %s, CASE WHEN %s THEN now() + interval '1 minute' END)",
            [release_id, what, timedelta(minutes=side["ago"]), timedelta(hours=side["every"]), side["is_claimed"]],
        )
    for release_id, how in whose(fleet).items():
        conn.execute("INSERT INTO rekkrd.releases (release_id, title, artist) VALUES (%s, 'Aja', '')", [release_id])
        if how == "own":
            conn.execute(
                "INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id) VALUES (%s, %s, %s, 1)",
                [OTHER, release_id, release_id],
            )
        elif how == "want":
            conn.execute("INSERT INTO rekkrd.wants (user_id, release_id) VALUES (%s, %s)", [OTHER, release_id])
        elif how == "alert":
            conn.execute(
                "INSERT INTO public.discogs_price_alerts (id, user_id, discogs_release_id, target_price)"
                " VALUES (gen_random_uuid(), %s, %s, 9)",
                [OTHER, release_id],
            )


def whose(fleet):
    """Return how each release is somebody's; what one side says goes for both."""
    return {release_id: side["is_anybodys"] for (release_id, _), side in sorted(fleet.items())}


def expected(fleet, *, sells):
    """Return what should be chosen: by the wait beside the interval, then number; of equals the floor."""
    is_anybodys = {release_id: how != "nobody" for release_id, how in whose(fleet).items()}
    due = [
        (Fraction(-side["ago"], side["every"]), release_id, what)
        for (release_id, what), side in fleet.items()
        if side["ago"] >= 0 and not side["is_claimed"] and is_anybodys[release_id] and (sells or what == "stats")
    ]
    return [(release_id, what, SELLER if what == "suggestions" else None) for _, release_id, what in sorted(due)]


@IN_DATABASE
@given(fleet=fleets, sells=st.booleans())
def test_all_that_is_due_is_chosen_once_the_longest_wait_beside_its_interval_first_and_nothing_else(pool, fleet, sells):
    assert chosen_of(pool, fleet, sells=sells) == expected(fleet, sells=sells)


facts = st.fixed_dictionaries(
    {
        "looked_at": st.none() | st.timedeltas(timedelta(), timedelta(days=90)).map(lambda ago: NOW - ago),
        "amount": st.none() | st.decimals(0, 1000, places=2),
        "moved": st.none() | st.decimals(0, 3, places=4),
    }
)
whats = st.sampled_from(["stats", "suggestions"])


@given(whats, facts)
def test_no_price_is_put_off_beyond_two_weeks_nor_asked_more_often_than_a_look_is_answered_from_the_shelf(what, known):
    assert pricing.FRESH <= again_after(what, now=NOW, **known) <= 2 * USUAL


@given(whats, facts)
def test_what_somebody_looks_at_is_dear_or_moves_is_never_due_later_for_it(what, known):
    every = again_after(what, now=NOW, **known)
    assert again_after(what, now=NOW, **known | {"looked_at": NOW}) <= every
    assert again_after(what, now=NOW, **known | {"amount": DEAR}) <= every
    assert again_after(what, now=NOW, **known | {"moved": MOVING}) <= every
    assert again_after(what, now=NOW, **known | {"looked_at": NOW - LATELY}) >= again_after(
        what, now=NOW, **known | {"looked_at": NOW}
    )
    if known["moved"] is None or known["moved"] >= STEADY:
        assert again_after(what, now=NOW, **known | {"moved": Decimal(0)}) >= every


@given(st.decimals(0, 3, places=4), st.decimals(0, 3, places=4))
def test_the_nearer_a_floor_is_to_its_target_the_sooner_it_is_due(one, other):
    near, far = sorted((one, other))
    if near > 0:
        assert ALERTED_SOONEST <= alerted_every(near) <= alerted_every(far) <= alerted_every(None)
