"""Whoever comes behind one that is just granted is heard of at once, not at the poller's next look."""

from threading import Event, Thread

import pytest

from workers.limiter import poller as room
from workers.limiter.lanes import Lane
from workers.limiter.poller import Poller, Waiter
from workers.limiter.script import Polled


class GrantsTheFirst:
    """A script that grants one waiter a call, and knows of nobody whom it was not told of."""

    def __init__(self):
        self.is_asked, self.may_answer = Event(), Event()

    def poll(self, process, asking):
        self.is_asked.set()
        assert self.may_answer.wait(10)
        return Polled({one.id: 0.0 for one in asking[:1]}, 0.001 if len(asking) > 1 else 3600.0, None)


@pytest.fixture
def script():
    return GrantsTheFirst()


@pytest.fixture
def poller(script, monkeypatch):
    monkeypatch.setattr(room, "LONGEST_SLEEP_SECONDS", 3600.0)
    made = Poller(script, send_deadline_seconds=60.0, give_back=lambda _: None)
    yield made
    made.close()


def test_one_that_comes_during_the_call_that_grants_the_one_before(poller, script):
    first = Thread(target=poller.wait, args=(Waiter(Lane.IMPORT, "a"), 10.0, None))
    first.start()
    assert script.is_asked.wait(10)
    granted = []
    second = Thread(target=lambda: granted.append(poller.wait(Waiter(Lane.IMPORT, "b"), 10.0, None)))
    second.start()
    while len(poller._waiters) < 2:
        pass
    script.may_answer.set()
    first.join()
    second.join()
    assert granted


def test_one_that_comes_while_the_one_before_has_its_grant_and_sleeps_still(poller, script):
    script.may_answer.set()
    before = Waiter(Lane.IMPORT, "a")
    with poller._enrolled(before):
        while before.sendable_until is None:
            pass
        assert poller.wait(Waiter(Lane.IMPORT, "b"), 10.0, None)
