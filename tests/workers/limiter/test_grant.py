"""A token in somebody's hand: until when it may be sent, and that it ends once."""

import pytest

from discogs.errors import PermitExpired
from workers.limiter.grant import Grant
from workers.limiter.lanes import Lane


class Hand:
    def __init__(self):
        self.now = 10.0
        self.told = []
        self.grant = Grant(
            "g",
            Lane.IMPORT,
            sendable_until=11.0,
            on_answer=lambda *answer: self.told.append(answer),
            on_unused=lambda: self.told.append("unused"),
            clock=lambda: self.now,
        )


def test_a_token_may_be_sent_until_its_deadline():
    hand = Hand()
    hand.now = 11.0
    hand.grant.check()


def test_a_token_past_its_deadline_is_void():
    hand = Hand()
    hand.now = 11.001
    with pytest.raises(PermitExpired):
        hand.grant.check()


def test_a_request_that_was_answered_cannot_be_given_back():
    hand = Hand()
    hand.grant.answered(200, 50, 60)
    hand.grant.unused()
    assert hand.told == [(200, 50, 60)]


def test_an_answer_is_told_once():
    hand = Hand()
    hand.grant.answered(None, None, None)
    hand.grant.answered(200, 50, 60)
    assert hand.told == [(None, None, None)]
