"""The thread that asks for a whole process: how old a grant is when its reply comes late."""

import time
from collections.abc import Sequence
from threading import Event

import pytest

from workers.limiter.errors import GaveUp, LimiterUnavailable
from workers.limiter.lanes import Lane
from workers.limiter.poller import Poller, Waiter
from workers.limiter.script import Asking, Polled


class Ages:
    """A bucket that grants to whoever asks, each time as old as told."""

    def __init__(self, *ages: float) -> None:
        self.ages = list(ages)

    def poll(self, process: str, waiters: Sequence[Asking]) -> Polled:
        if not waiters:
            return Polled({}, 1.0, None)
        return Polled({waiters[0].id: self.ages.pop(0)}, 1.0, None)


def sendable_for(*ages: float) -> tuple[float, list[str]]:
    """How long the token may be sent from the call on, at most, and which grants were given back."""
    returned: list[str] = []
    poller = Poller(
        Ages(*ages),
        send_deadline_seconds=60.0,
        answer_deadline_seconds=60.0,
        give_back=lambda waiter: returned.append(waiter.id),
    )
    waiter = Waiter(Lane.IMPORT, "a")
    sendable_until = poller.wait(waiter, None, None)
    left = sendable_until - time.monotonic()
    poller.close()
    return left, returned


def test_a_grant_told_again_is_as_old_as_it_is():
    left, returned = sendable_for(45.0)
    assert left <= 15.0
    assert returned == []


def test_a_grant_told_too_late_goes_back_and_its_waiter_waits_on():
    left, returned = sendable_for(61.0, 0.0)
    assert left > 0
    assert len(returned) == 1


class Away:
    """A bucket whose first replies are lost."""

    def __init__(self, lost: int) -> None:
        self.lost = lost
        self.is_back = Event()

    def poll(self, process: str, waiters: Sequence[Asking]) -> Polled:
        if self.lost:
            self.lost -= 1
            raise LimiterUnavailable("The reply is lost.")
        self.is_back.set()
        return Polled({}, 1.0, None)


@pytest.mark.parametrize(("answer_deadline_seconds", "given_back"), [(60.0, 1), (0.0, 0)])
def test_what_was_perhaps_granted_is_given_back_only_while_it_may_still_count(answer_deadline_seconds, given_back):
    returned, gave = [], Event()

    def give_back(waiter: Waiter) -> None:
        returned.append(waiter.id)
        gave.set()

    bucket = Away(1)
    poller = Poller(
        bucket,
        send_deadline_seconds=1.0,
        answer_deadline_seconds=answer_deadline_seconds,
        give_back=give_back,
    )
    with pytest.raises(GaveUp):
        poller.wait(Waiter(Lane.IMPORT, "a"), 0.05, None)
    assert bucket.is_back.wait(10)
    assert not given_back or gave.wait(10)
    poller.close()
    assert len(returned) == given_back
