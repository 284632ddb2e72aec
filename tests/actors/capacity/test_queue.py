"""Prices in the simulation: who waits longest beside its interval is next, nothing is lost, all are late alike."""

import itertools
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.capacity.classes import Group, PriceClass
from actors.capacity.prices import MOST, TICK, Queue, settled_stretch, spread
from services.market.pricing import USUAL

HOUR = 60
hours = st.integers(1, 48).map(lambda number: number * HOUR)
sizes = st.lists(st.tuples(hours, st.integers(1, 2_000)), min_size=1, max_size=5)


def made(found):
    return [PriceClass(Group.FLOORS, every, number) for every, number in found]


@settings(max_examples=60)
@given(sizes, st.lists(st.integers(0, 50), min_size=120, max_size=120))
def test_the_stale_go_before_the_fresh_and_no_price_is_lost_or_doubled(found, granted):
    classes = made(found)
    queue = Queue.settled(classes, 1.0, 0, 10**6)
    for now, tokens in enumerate(granted):
        asked = min(tokens, queue.wanted(now))
        before = {index: list(waiting) for index, waiting in enumerate(queue.due)}
        queue.serve(now, asked)
        left = [(now - since) / classes[n].every for n, waiting in enumerate(queue.due) for since, _ in waiting]
        gone = [
            (now - since) / classes[n].every
            for n, waiting in before.items()
            for since, _ in waiting[: len(waiting) - len(queue.due[n])]
        ]
        assert not gone or not left or min(gone) >= max(left)
        here = Counter({index: sum(number for _, number in waiting) for index, waiting in enumerate(queue.due)})
        for cohort in queue.coming.values():
            for index, number in cohort:
                here[index] += number
        assert here == {index: one.prices for index, one in enumerate(classes)}
        assert queue.number_due == sum(number for waiting in queue.due for _, number in waiting)


@given(sizes, st.floats(0.5, 54))
def test_a_settled_fleet_wants_no_more_than_there_is(found, per_minute):
    classes = made(found)
    stretch = settled_stretch(classes, per_minute)
    wanted = sum(one.prices / (one.every * stretch) for one in classes)
    assert wanted <= per_minute * (1 + 1e-9)
    if stretch > 1:  # and it is no later than it has to be: a job's end wastes less than a tick
        assert wanted * 1.001 > per_minute * MOST / (MOST + per_minute * TICK)


def test_a_price_is_due_again_in_its_own_time_and_its_lateness_is_counted():
    (one,) = classes = made([(6 * HOUR, 1)])
    queue = Queue.settled(classes, 54.0, 0, 10**6)
    served = []
    for now in range(4 * 6 * HOUR):
        if queue.wanted(now):
            queue.serve(now, 1)
            served.append(now)
    assert all(later - sooner >= one.every for sooner, later in itertools.pairwise(served))
    assert len(served) >= 3
    assert max(queue.late[0]) < TICK


def test_nothing_is_asked_for_between_the_end_of_a_job_and_the_next_tick():
    queue = Queue.settled(made([(USUAL.days * 24 * HOUR, 3 * MOST)]), 1e-3, 0, 10**6)
    assert queue.wanted(1) == 0
    assert queue.wanted(TICK) == MOST
    queue.serve(TICK, MOST)
    assert queue.wanted(TICK + 1) == 0
    assert queue.wanted(2 * TICK) == MOST


@given(st.integers(1, 10_000), st.floats(1, 10**6))
def test_a_class_is_spread_over_its_whole_time(number, minutes):
    places = spread(number, minutes)
    assert sum(part for _, part in places) == number
    assert all(0 < at < minutes for at, _ in places)
    assert max(part for _, part in places) - min(part for _, part in places) <= 1
