"""Callers of a limiter: what they count."""

from threading import Event

import pytest
import redis

from benchmarks.callers import Callers, Plan, Trips
from workers.limiter.errors import GaveUp
from workers.limiter.lanes import Lane


def a_plan(**more):
    return Plan("ours", "", "budget", limit=6, window=1.0, answer=0.005, seconds=0.3, **more)


def test_an_arrival_is_noted_for_every_token_in_its_lane_and_every_answer_is_told():
    answers = []

    def take(lane, user):
        return lambda: answers.append(lane)

    found = Callers(a_plan(bulk={"import": 2, "background": 1}, person_every=0.02), take).run()
    lanes = [lane for _, lane in found.arrivals]
    assert set(lanes) == set(Lane)
    assert lanes.count("import") > lanes.count("interactive") > 0
    assert set(answers) == set(Lane)
    assert len(found.waits) == lanes.count("interactive")


def test_who_still_waits_at_the_end_counts_with_the_time_until_then():
    is_over = Event()

    def take(_, __):
        is_over.wait()
        return lambda: None

    found = Callers(a_plan(person_every=0.01), take).run()
    is_over.set()
    assert len(found.waits) == 1
    assert found.waits[0] > 0
    assert found.arrivals == []


def test_of_a_crowd_those_who_leave_are_counted():
    def take(_, __):
        raise GaveUp("Nothing came up.")

    found = Callers(a_plan(crowd_every=0.01), take).run()
    assert found.gave_up == len(found.waits) > 1


@pytest.mark.parametrize(("commands", "trips"), [(1, 1), (3, 1)])
def test_a_pipeline_is_one_trip_and_opening_a_connection_is_none(redis_url, commands, trips):
    counted = Trips()
    with counted.counted(), redis.Redis.from_url(redis_url) as client, client.pipeline(transaction=False) as pipe:
        for _ in range(commands):
            pipe.set("something", "else")
        pipe.execute()
    assert counted.count == trips
