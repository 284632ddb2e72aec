"""A minute's requests among the lanes, beside what the limiter promises of its shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.capacity.sharing import Sharing
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings

SHARES = LimiterSettings().shares
wants = st.fixed_dictionaries({lane: st.integers(0, 80) for lane in Lane})
minutes = st.lists(st.tuples(st.integers(0, 56), wants), min_size=1, max_size=40)


@given(minutes)
def test_all_is_given_that_is_there_and_nobody_gets_more_than_they_want(week):
    sharing = Sharing(SHARES)
    for tokens, wanted in week:
        given_out = sharing.out(tokens, wanted)
        assert sum(given_out.values()) == min(tokens, sum(wanted.values()))
        assert all(0 <= given_out[lane] <= wanted[lane] for lane in Lane)


@given(st.dictionaries(st.sampled_from(list(Lane)), st.integers(0, 60), min_size=3), st.integers(40, 56))
def test_over_many_minutes_each_lane_has_at_least_its_share_or_all_it_wants(wanted, tokens):
    sharing, got = Sharing(SHARES), dict.fromkeys(Lane, 0)
    for _ in range(100):
        for lane, number in sharing.out(tokens, wanted).items():
            got[lane] += number
    for lane in Lane:
        assert got[lane] >= 100 * min(wanted[lane], tokens * SHARES[lane]) - 3


def test_what_interactive_leaves_goes_to_the_others_by_their_shares():
    given_out = Sharing(SHARES).out(55, {Lane.INTERACTIVE: 15, Lane.IMPORT: 99, Lane.BACKGROUND: 99})
    assert given_out == {Lane.INTERACTIVE: 15, Lane.IMPORT: 30, Lane.BACKGROUND: 10}


def test_a_lane_without_work_saves_nothing_up():
    sharing = Sharing(SHARES)
    for _ in range(50):
        sharing.out(50, {Lane.INTERACTIVE: 0, Lane.IMPORT: 99, Lane.BACKGROUND: 0})
    given_out = sharing.out(40, {Lane.INTERACTIVE: 0, Lane.IMPORT: 99, Lane.BACKGROUND: 99})
    assert given_out[Lane.BACKGROUND] == pytest.approx(10, abs=1)
