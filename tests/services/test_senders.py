"""Admission of requests to Discogs: by the expected wait for a permit, and never more than there are threads."""

import asyncio
import threading
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from services.senders import SENDER_THREADS, Busy, Demand, Senders
from workers.limiter.stop import Stop

INTERVAL = 60 / 55


@dataclass
class Home:
    """Stands for Resources: settings with a limit, and the stop that ends waits."""

    settings: SimpleNamespace
    stop: Stop | None = None


@pytest.fixture
def home():
    return Home(SimpleNamespace(limiter=SimpleNamespace(window_seconds=60.0, limit=55)))


@pytest.fixture
def gate():
    return threading.Event()


@pytest.fixture
def open_senders(home, gate):
    opened = []

    def to(demand=None, **options):
        opened.append(Senders(home, demand, **options))
        return opened[-1]

    yield to
    gate.set()
    for senders in opened:
        senders.close()


def test_a_request_runs_in_a_sender_thread(open_senders):
    name = asyncio.run(open_senders().run(lambda _: threading.current_thread().name))
    assert name.startswith("sender")


def test_requests_are_admitted_while_their_wait_fits(open_senders, gate):
    senders = open_senders()
    admitted = 0
    with pytest.raises(Busy) as refused:
        for _ in range(60):
            senders.start(lambda _: gate.wait(30))
            admitted += 1
    assert admitted == 18  # the 19th would wait 19 x 60/55 s, above 20 s
    assert refused.value.retry_after == 21


def test_demand_of_other_processes_counts(open_senders):
    senders = open_senders(lambda: Demand(waiting=40, interval=INTERVAL))
    with pytest.raises(Busy) as refused:
        senders.start(lambda _: None)
    assert refused.value.retry_after == 45


def test_no_request_waits_for_a_thread(open_senders, gate):
    senders = open_senders(lambda: Demand(waiting=0, interval=0.001))
    for _ in range(SENDER_THREADS):
        senders.start(lambda _: gate.wait(30))
    with pytest.raises(Busy) as refused:
        senders.start(lambda _: None)
    assert refused.value.retry_after == 1


def test_a_finished_request_frees_its_place(open_senders):
    senders = open_senders()

    def fail(_):
        raise ValueError

    senders.start(lambda _: None).result(10)
    assert senders.start(fail).exception(10) is not None
    assert senders.active == 0


def test_closing_ends_waits_for_a_permit(open_senders):
    senders = open_senders()
    begun = threading.Event()

    def wait_for_a_permit(resources):
        begun.set()
        return resources.stop.wait(30)

    waiting = senders.start(wait_for_a_permit)
    assert begun.wait(10)
    senders.close()
    assert waiting.result(0) is True
