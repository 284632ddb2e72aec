"""Alerts fire once per crossing: beside an oracle that looks at the whole path at once, and at the edges by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.market.crossing import Stand, after, fires

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TARGET = Decimal(20)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

targets = st.integers(1, 10**7).map(lambda cents: Decimal(cents).scaleb(-2))
# Floors by how they stand to the target, in thousandths of it: at the edges, a hair beside them, and anywhere.
stands = st.one_of(st.none(), st.sampled_from([0, 999, 1000, 1001, 1049, 1050, 1051, 3000]), st.integers(0, 5000))
gaps = st.one_of(st.sampled_from([1, 12 * 60, 24 * 60 - 1, 24 * 60]), st.integers(1, 30 * 60))
paths = st.lists(st.tuples(gaps, stands), max_size=60)


def priced(path, target):
    """Turn a path's stands into floors."""
    return [(gap, None if stand is None else target * stand / 1000) for gap, stand in path]


def walked(path, target=TARGET, unit=HOUR):
    """Go along a path of (time since the one before, floor), and return at which places it fired."""
    stand, now, fired = Stand(), BEGIN, []
    for place, (gap, floor) in enumerate(path):
        now += gap * unit
        before, stand = stand, after(stand, target=target, floor=floor, now=now)
        assert stand.fired_at is not None or stand == Stand()  # an armed alert carries nothing over
        if fires(before, stand):
            fired.append(place)
    return fired


def counted(path, target):
    """Say at which places alerts are right, out of runs: a low place counts if a whole day of high ones went before."""
    minutes = [sum(gap for gap, _ in path[: place + 1]) for place in range(len(path))]
    is_low = [floor is not None and floor <= target for _, floor in path]
    is_high = [floor is None or 100 * floor >= 105 * target for _, floor in path]
    right = []
    for place in (place for place, low in enumerate(is_low) if low):
        between = range(right[-1] + 1, place) if right else range(0)
        days = (
            minutes[end] - minutes[begin] >= 24 * 60 and all(is_high[begin : end + 1])
            for begin in between
            for end in between
            if begin <= end
        )
        if not right or any(days):
            right.append(place)
    return right


@settings(max_examples=600)
@given(paths, targets)
def test_it_fires_exactly_on_crossings(path, target):
    floors = priced(path, target)
    assert walked(floors, target, MINUTE) == counted(floors, target)


@given(paths, targets, st.integers(2, 3))
def test_a_floor_that_is_stored_again_at_its_moment_changes_nothing(path, target, times):
    stand, now = Stand(), BEGIN
    for gap, floor in priced(path, target):
        now += gap * MINUTE
        once = after(stand, target=target, floor=floor, now=now)
        again = once
        for _ in range(times - 1):
            before, again = again, after(again, target=target, floor=floor, now=now)
            assert not fires(before, again)
        assert again == once
        stand = once


@given(paths, targets)
def test_it_fires_at_prices_that_were_named_and_never_twice_within_a_day(path, target):
    floors = priced(path, target)
    fired = walked(floors, target, MINUTE)
    assert all(floors[place][1] is not None and floors[place][1] <= target for place in fired)
    at = [sum(gap for gap, _ in floors[: place + 1]) for place in fired]
    assert all(later - sooner >= 24 * 60 for sooner, later in pairwise(at))
    lows = [place for place, (_, floor) in enumerate(floors) if floor is not None and floor <= target]
    assert fired[:1] == lows[:1]


def test_a_floor_that_hangs_about_the_target_is_one_crossing():
    assert walked([(6, Decimal(one)) for one in ("25", "20", "20.50", "19", "20.90", "20")]) == [1]


def test_it_is_armed_again_after_a_whole_day_above_and_not_an_hour_before():
    low, high = Decimal(20), Decimal(21)
    assert walked([(1, low), (1, high), (24, high), (1, low)]) == [0, 3]
    assert walked([(1, low), (1, high), (23, high), (1, low)]) == [0]
    assert walked([(1, low), (1, high), (12, Decimal("20.99")), (12, high), (1, low)]) == [0]


def test_while_nothing_is_on_offer_it_comes_to_be_armed_too():
    assert walked([(1, Decimal(20)), (1, None), (24, None), (1, Decimal(20))]) == [0, 3]
