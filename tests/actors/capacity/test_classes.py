"""Prices by how soon they are due again: as the product decides it, and none is lost."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.capacity.classes import USUALLY, Group, classes
from actors.capacity.fleet import Fleet
from services.market import pricing

fleets = st.builds(
    Fleet,
    users=st.integers(1, 5_000),
    records=st.integers(0, 5_000),
    wants=st.integers(0, 500),
    alerts=st.integers(0, 200),
    overlap=st.floats(0, 0.99),
    visits=st.floats(0, 3),
    looks=st.integers(0, 20),
    dear=st.floats(0, 1),
    moving=st.floats(0, 0.5),
    steady=st.floats(0, 0.5),
)


def by_group(found):
    return {group: sum(one.prices for one in found if one.group is group) for group in Group}


@given(fleets)
def test_each_release_has_two_sides_and_each_side_one_class(fleet):
    found = by_group(classes(fleet))
    suggestions = found.pop(Group.SUGGESTIONS)
    assert suggestions == pytest.approx(fleet.releases, abs=3)
    assert sum(found.values()) == pytest.approx(fleet.releases, abs=10)
    assert found[Group.NEAR] + found[Group.FAR] == pytest.approx(fleet.alerted, abs=6)


def test_prices_as_usual_are_due_as_the_product_has_it():
    found = classes(Fleet(dear=0, moving=0, steady=0))
    every = {one.group: timedelta(minutes=one.every) for one in found}
    assert every == {
        Group.NEAR: pricing.ALERTED_SOONEST,
        Group.FAR: pricing.ALERTED,
        Group.WATCHED: pricing.WATCHED,
        Group.FLOORS: pricing.USUAL,
        Group.SUGGESTIONS: pricing.USUAL,
    }
    assert all(one.is_usual for one in found)
    assert set(USUALLY) == set(Group)


def test_an_interval_that_the_product_changes_is_changed_here(monkeypatch):
    monkeypatch.setattr(pricing, "USUAL", timedelta(days=3))
    found = classes(Fleet(dear=0, moving=0, steady=0))
    assert {one.every for one in found if one.group in (Group.FLOORS, Group.SUGGESTIONS)} == {3 * 24 * 60}


def test_dear_and_moving_prices_come_twice_as_often_and_steady_ones_half():
    found = classes(Fleet(visits=0, alerts=0, wants=0, dear=0.5, moving=0.5, steady=0.5))
    days = {one.every / (24 * 60): one.prices for one in found if one.group is Group.FLOORS}
    assert {day: number / 350_000 for day, number in days.items()} == {1.75: 0.25, 3.5: 0.25, 7.0: 0.25, 14.0: 0.25}


def test_what_is_looked_at_twice_is_one_release():
    watched = by_group(classes(Fleet(users=10, records=10, wants=0, alerts=0, overlap=0)))[Group.WATCHED]
    assert watched == pytest.approx(94, abs=1)  # 270 looks at 100 releases leave out 1/e^2.7 of them


def test_no_alert_is_lost_to_rounding():
    found = by_group(classes(Fleet(users=1, records=0, wants=0, alerts=5, overlap=0, dear=0, moving=0)))
    assert [found[group] for group in (Group.NEAR, Group.FAR)] == [1, 4]
