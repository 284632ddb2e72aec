"""What programs spent counts once, when it is known to be used."""

import pytest

from api.spent import NAMELESS, Given, Spent
from workers.limiter.lanes import Lane

SHOP = Given(Lane.IMPORT, "shop", None, "release")


class Counting:
    def __init__(self):
        self.counted = []

    def count(self, endpoint, *, user, lane, kind):
        self.counted.append((endpoint, user, str(lane), kind))


@pytest.fixture
def usage():
    return Counting()


@pytest.fixture
def spent(usage):
    return Spent(usage, hold_seconds=60.0)


def test_what_was_sent_counts_once_however_often_it_is_reported(spent, usage):
    spent.give("a", SHOP, 0.0)
    for _ in range(3):
        spent.settle("a", was_sent=True)
    assert usage.counted == [("release", None, "import", "program:shop")]


def test_what_was_handed_back_does_not_count(spent, usage):
    spent.give("a", SHOP, 0.0)
    spent.settle("a", was_sent=False)
    spent.settle("a", was_sent=True)
    spent.close()
    assert usage.counted == []


def test_what_is_never_reported_counts_when_its_time_is_over_and_what_is_out_at_the_end(spent, usage):
    spent.give("old", Given(Lane.IMPORT, "shop", "u", None), 0.0)
    spent.give("young", SHOP, 59.0)
    assert usage.counted == []
    spent.give("new", SHOP, 61.0)
    assert usage.counted == [(NAMELESS, "u", "import", "program:shop")]
    spent.close()
    spent.close()
    assert len(usage.counted) == 3


def test_a_token_of_another_process_is_counted_there(spent, usage):
    spent.settle("elsewhere", was_sent=True)
    assert usage.counted == []
