"""Alerts fire once per crossing: beside an oracle that looks at the whole path at once, and at the edges by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.crossing import Stand, after, fires

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TARGET = Decimal(20)
HOUR = timedelta(hours=1)

floors = st.one_of(st.none(), st.sampled_from([Decimal(one) for one in ("19.99", "20", "20.01", "20.99", "21", "40")]))
paths = st.lists(st.tuples(st.integers(1, 30), floors), max_size=60)


def walked(path):
    """Go along a path of (hours since the one before, floor), and return at which places it fired."""
    stand, now, fired = Stand(), BEGIN, []
    for place, (hours, floor) in enumerate(path):
        now += hours * HOUR
        before, stand = stand, after(stand, target=TARGET, floor=floor, now=now)
        if fires(before, stand):
            fired.append(place)
    return fired


def counted(path):
    """Say at which places alerts are right, out of runs: a low place counts if a whole day of high ones went before."""
    hours = [sum(gap for gap, _ in path[: place + 1]) for place in range(len(path))]
    is_low = [floor is not None and floor <= TARGET for _, floor in path]
    is_high = [floor is None or floor >= Decimal(21) for _, floor in path]
    right = []
    for place in (place for place, low in enumerate(is_low) if low):
        between = range(right[-1] + 1, place) if right else range(0)
        days = (
            hours[end] - hours[begin] >= 24 and all(is_high[begin : end + 1])
            for begin in between
            for end in between
            if begin <= end
        )
        if not right or any(days):
            right.append(place)
    return right


@settings(max_examples=600, deadline=None)
@given(paths)
def test_it_fires_exactly_on_crossings(path):
    assert walked(path) == counted(path)


def test_a_floor_that_hangs_about_the_target_is_one_crossing():
    assert walked([(6, Decimal(one)) for one in ("25", "20", "20.50", "19", "20.90", "20")]) == [1]


def test_it_is_armed_again_after_a_whole_day_above_and_not_an_hour_before():
    low, high = Decimal(20), Decimal(21)
    assert walked([(1, low), (1, high), (24, high), (1, low)]) == [0, 3]
    assert walked([(1, low), (1, high), (23, high), (1, low)]) == [0]
    assert walked([(1, low), (1, high), (12, Decimal("20.99")), (12, high), (1, low)]) == [0]


def test_while_nothing_is_on_offer_it_comes_to_be_armed_too():
    assert walked([(1, Decimal(20)), (1, None), (24, None), (1, Decimal(20))]) == [0, 3]
