"""A fleet's week: what it costs is what the product says that it costs, and a budget is never passed."""

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.capacity.carrying import ALL, SIZES, capacity, last_kept
from actors.capacity.classes import Group, classes
from actors.capacity.fleet import MOST_USERS, Fleet
from actors.capacity.people import DAY, Crowd, Spent, cost_a_day, first_import
from actors.capacity.promises import NIGHT, PEOPLE, promises
from actors.capacity.simulation import MEASURED, Week, pages_a_day, requests_a_minute, simulate
from actors.scheduling.nights import LASTS
from workers.limiter.settings import LimiterSettings

LIMITS = LimiterSettings()
SMALL = Fleet(users=60, records=100, wants=20, joining=0, zones=3)


def kept(fleet, limits=LIMITS):
    return {one.name: one for one in promises(simulate(fleet, limits), limits)}


def test_ten_thousand_records_and_a_thousand_wants_cost_113_requests():
    assert first_import(10_000, 1_000) == 113


def test_the_same_seed_gives_the_same_week_and_another_one_another():
    first, again, other = (simulate(SMALL, LIMITS, seed=seed).spent for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_a_week_costs_what_its_parts_cost():
    week = simulate(SMALL, LIMITS)
    for what, requests in cost_a_day(SMALL).items():
        assert week.spent[what] / MEASURED == pytest.approx(requests, rel=0.25, abs=3), what
    assert week.spent[Spent.SHOPS] / MEASURED == pytest.approx(pages_a_day(SMALL), abs=1)
    sides = sum(one.prices * DAY / one.every for one in week.classes)
    assert week.spent[Spent.PRICES] / MEASURED == pytest.approx(sides, rel=0.02)


def test_the_budget_is_never_passed_and_used_up_while_somebody_waits():
    week = simulate(Fleet(users=3_000), LIMITS)
    there = requests_a_minute(LIMITS) * DAY * MEASURED
    assert there * 0.96 <= week.spent.total() <= there
    assert requests_a_minute(LIMITS) == pytest.approx(55 * 60 / 60.6)


def test_each_user_has_one_night_a_date_and_in_seven_nights_one_look_at_all():
    crowd = Crowd(SMALL, seed=1)
    weeks = [list(crowd.nights(day)) for day in range(7)]
    assert all([turn.user for turn in night] == list(range(60)) for night in weeks)
    for night in weeks:
        assert all(0 <= turn.moment - turn.night_began < LASTS.total_seconds() / 60 for turn in night)
    whole = Counter(turn.user for night in weeks for turn in night if turn.left > 2)
    assert set(whole.values()) == {1}


def test_nights_of_other_zones_begin_hours_apart():
    crowd = Crowd(SMALL, seed=1)
    assert {crowd.night_begins(2, place) for place in range(60)} == {2 * DAY + hour * 60 for hour in (3, 4, 5)}


def test_a_small_fleet_keeps_everything():
    found = kept(SMALL)
    assert [one.name for one in found.values() if one.is_kept is False] == []
    assert found[NIGHT].comes <= 181
    assert found[Group.NEAR].comes <= 6 * 60 + 10


def test_too_many_releases_make_every_price_late_and_no_night():
    found = kept(Fleet(users=800, joining=0))
    assert found[Group.NEAR].is_kept is found[Group.SUGGESTIONS].is_kept is False
    assert found[NIGHT].is_kept is found[PEOPLE].is_kept is True
    late = found[Group.SUGGESTIONS].comes / found[Group.SUGGESTIONS].due
    assert late > 1.2
    assert found[Group.NEAR].comes / found[Group.NEAR].due == pytest.approx(late, rel=0.05)  # all as many times as late


def test_a_night_whose_user_still_had_the_last_one_is_a_broken_promise():
    narrow = LimiterSettings(DISCOGS_REQUESTS_PER_WINDOW=1)
    week = simulate(Fleet(users=900, visits=0, edits=0), narrow)
    assert week.dropped > 900
    week.night_ends = Counter({60: week.dropped})
    found = {one.name: one for one in promises(week, narrow)}
    assert (found[NIGHT].is_kept, found[NIGHT].comes) == (False, None)


def test_prices_that_never_come_are_a_broken_promise():
    (near,) = [one for one in classes(Fleet()) if one.group is Group.NEAR and one.is_usual]
    for waited, is_kept in ((59, None), (7 * DAY, False)):
        week = Week(54.0, [near], [Counter()], [Counter({waited: near.prices})])
        found = {one.name: one for one in promises(week, LIMITS)}
        assert (found[Group.NEAR].is_kept, found[Group.NEAR].comes) == (is_kept, None)


def test_what_still_waits_at_the_end_of_the_week_is_told_with_how_long():
    week = simulate(Fleet(users=900, joining=0), LIMITS)
    waiting = sum((one.total() for one in week.waiting), 0)
    assert 0 < waiting < sum(one.prices for one in week.classes)
    assert max(max(one, default=0) for one in week.waiting) > DAY


def test_what_never_happened_is_no_promise():
    found = kept(Fleet(users=3, records=0, wants=0, alerts=0, visits=0, nightly=0))
    assert [one.is_kept for one in found.values() if one.name != PEOPLE] == [None] * 7


def test_what_is_carried_is_kept_and_the_next_size_is_not():
    fleet = Fleet(users=90, records=2_000, wants=0, alerts=1, overlap=0)
    found = capacity(fleet, LIMITS)
    most = found.carried[ALL]
    assert most is not None
    beyond = SIZES[SIZES.index(most) + 1]
    assert not [one for one in kept(fleet.of(most)).values() if one.is_kept is False]
    assert [one for one in kept(fleet.of(beyond)).values() if one.is_kept is False]


@given(st.integers(1, 300), st.data())
def test_the_last_place_that_keeps_is_found_from_any_guess_with_few_looks(below, data):
    kept_for, guess = data.draw(st.integers(0, below)), data.draw(st.integers(0, below - 1))
    looks = []

    def keeps(place):
        assert 0 <= place < below
        looks.append(place)
        return place < kept_for

    assert last_kept(keeps, guess=guess, below=below) == (kept_for - 1 if kept_for else None)
    assert len(set(looks)) <= 2 * below.bit_length() + 2


def test_each_broken_promise_says_how_many_fewer_would_keep_it():
    found = capacity(Fleet(users=400, records=1_000), LIMITS)
    broken = {one.name for one in found.promises if one.is_kept is False}
    assert set(found.carried) == {ALL, *broken}
    assert all(most < 400 for most in found.carried.values())
    assert found.carried[ALL] == min(found.carried.values())
    # An hour, by which both may be late, is more beside six hours than beside a week.
    assert found.carried[Group.NEAR] >= found.carried[Group.SUGGESTIONS]


def test_what_not_even_one_user_keeps_is_said_to_be_none():
    assert capacity(Fleet(users=1, records=900_000), LIMITS).carried[ALL] is None


def test_sizes_grow_from_one_to_the_most_in_small_steps():
    assert (SIZES[0], SIZES[-1]) == (1, MOST_USERS)
    assert all(one < other <= max(one + 1, one * 1.03) for one, other in itertools.pairwise(SIZES))


def test_people_are_drawn_evenly_over_zones_and_never_at_night():
    crowd = Crowd(Fleet(users=400, visits=3, zones=1), seed=3)
    moments = [turn.moment for turn in crowd.visits(0)]
    assert len(moments) == pytest.approx(1_200, rel=0.15)
    assert min(moments) >= 8 * 60
