"""A message is a wake-up call: heard twice, by two workers, for nothing, it changes nothing."""

from threading import Event, Thread

import pytest
import redis

from tests.journeys.fleet import LIMIT
from workers.broker import CallBroker, Desk

pytestmark = [pytest.mark.journey, pytest.mark.soak]  # storms repeat messages too, in every gate

EVERY_SECONDS = 0.05


def test_two_workers_that_hold_the_same_messages_do_each_step_once(new_fleet):
    fleet = new_fleet()
    fleet.crowd(2500, *[200] * 6)
    fleet.start_imports()
    fleet.start_workers(2)
    with redis.Redis.from_url(fleet.redis_url) as client:
        broker = CallBroker(client, namespace="rekkrd:calls", desk=Desk(1))
        over = Event()
        sent = 0

        def repeat() -> None:
            nonlocal sent
            while not over.wait(EVERY_SECONDS):
                for job in fleet.rows("SELECT id, kind, queue FROM rekkrd.jobs WHERE finished_at IS NULL"):
                    for _ in range(2):
                        broker.call(job["kind"], job["queue"], str(job["id"]), 0)
                        sent += 1

        repeater = Thread(target=repeat)
        repeater.start()
        try:
            fleet.wait_until_over()
        finally:
            over.set()
            repeater.join()
    spent = fleet.report(f"{sent} messages more than needed; ")
    assert sent > 10 * fleet.steps()
    assert all(worker.events("step_ended") for worker in fleet.workers)
    assert fleet.complaints() == []
    assert spent.requests == fleet.requests_needed()
    assert spent.most <= LIMIT
    assert spent.use >= fleet.timing.least_use
