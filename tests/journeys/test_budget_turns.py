"""Turns and shares from the ledger to Discogs: real dispatcher, worker and limiter, by the simulator's log."""

import sys
import time
from pathlib import Path

import pytest

from tests.journeys.asking_worker import ASK_RELEASE, ASK_STATS
from tests.journeys.fleet import LIMIT, Timing
from tests.journeys.spending import Span, spending
from tests.new_jobs import enqueue

pytestmark = [pytest.mark.journey, pytest.mark.soak]  # counts within windows of seconds: not beside other work

ASKING_WORKER = (sys.executable, str(Path(__file__).with_name("asking_worker.py")))
UNHURRIED = Timing(window=18.0)  # a step is stored and the next called up within a token's interval
MUCH, LITTLE = 500, 10
BEFORE = 3  # requests that the first user has had when the second comes
NEXT = 12
LEAST_USE = 0.75  # of a worker that others run beside; the limiter's own figure is in its benchmark


def test_five_hundred_jobs_of_one_user_do_not_hold_up_ten_steps_of_another_nor_a_lane_that_was_idle(new_fleet, timing):
    timing = timing if timing.window == 60 else UNHURRIED
    fleet = new_fleet(timing=timing)
    much, little = fleet.crowd(0, 700, wants=0)  # the second needs ten steps: who, folders, fields, seven pages
    application = {"DISCOGS_CONSUMER_KEY": "rekkrd-simulator-key", "DISCOGS_CONSUMER_SECRET": "rekkrd-simulator-secret"}

    def start_jobs(kind, count):
        with fleet.pool.transaction() as conn:
            for _ in range(count):
                enqueue(conn, kind, much.user_id)

    def came():
        return fleet.discogs.arrivals()

    start_jobs(ASK_RELEASE, MUCH)
    fleet.start_workers(command=ASKING_WORKER, **application)
    fleet.wait_until(lambda: len(came()) >= BEFORE, "nobody asks")
    fleet.start_import(little)
    asked_at = time.time()
    fleet.wait_until(lambda: sum(one.user == little.username for one in came()) >= LITTLE, "ten steps are not done")
    passed = [one for one in came() if one.wall > asked_at]
    last = max(place for place, one in enumerate(passed) if one.user == little.username)

    start_jobs(ASK_STATS, NEXT)
    idle_until = time.time()
    fleet.wait_until(lambda: sum(one.wall > idle_until for one in came()) >= NEXT, "nobody asks any more")
    arrivals = came()
    next_ones = [one.endpoint for one in arrivals if one.wall > idle_until][:NEXT]
    busy = Span(arrivals[0].wall, idle_until)
    spent = spending(arrivals, window=timing.window, limit=LIMIT, busy=busy, waits=[], outages=[], hold=0.0)
    sys.stdout.write(
        f"ten steps done with request {last + 1}; {spent.use_of_work:.3f} of all used by the one lane with work; "
        f"{next_ones.count('stats')} of the next {NEXT} to the lane that came\n"
    )
    assert last < 2 * LITTLE + 2
    assert spent.use_of_work >= max(timing.least_use, LEAST_USE)
    assert next_ones.count("stats") >= NEXT // 4 - 1  # 0.1 beside 0.3, from its first token on
    assert next_ones.count("release")
