"""When a walk goes on, and when it may say that it saw everything."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.importing.walking import MOST_TRIES, TRIES, Move, Place, after_last, after_page, may_go, newest_of
from db.instances import Unseen
from db.sweeps import Sweep

WHOLE = Sweep(UUID(int=1), 1, "added", "desc", items=250, is_whole=True, seen=250, outcome=None)
LAST = Place(page=3, pages=3, per_page=100, items=250, held=50)


def test_a_walk_goes_on_until_the_last_page():
    assert after_page(WHOLE, replace(LAST, page=2), None) is Move.NEXT_PAGE
    assert after_page(WHOLE, LAST, None) is Move.COMPLETE


def test_a_short_or_empty_page_before_the_last_ends_nothing():
    assert after_page(WHOLE, replace(LAST, page=2, held=0), None) is Move.NEXT_PAGE


def test_the_later_of_both_counts_is_the_end():
    assert after_page(WHOLE, replace(LAST, page=1, pages=1), None) is Move.NEXT_PAGE
    assert after_page(WHOLE, replace(LAST, pages=4), None) is Move.NEXT_PAGE


def test_a_count_of_pages_that_runs_away_ends_with_an_empty_page():
    assert after_page(WHOLE, replace(LAST, page=4, pages=10**9, held=0), None) is Move.COMPLETE


@pytest.mark.parametrize("spoilt", [{"is_whole": False}, {"seen": 249}, {"seen": 251}, {"items": 251}])
def test_whatever_does_not_add_up_is_not_complete(spoilt):
    assert after_last(replace(WHOLE, **spoilt)) is Move.TRY_AGAIN


def test_after_the_last_try_it_gives_up():
    assert after_last(replace(WHOLE, seen=1, nth_try=MOST_TRIES)) is Move.GIVE_UP


def test_every_try_sorts_by_another_key():
    assert {len(set(tries)) for tries in TRIES.values()} == {MOST_TRIES}


def test_a_partial_walk_ends_with_its_page_unless_that_is_all():
    assert after_page(WHOLE, Place(1, 5, 50, 250, 50), 50) is Move.PARTIAL
    assert after_page(replace(WHOLE, items=50, seen=50), Place(1, 1, 50, 50, 50), 50) is Move.COMPLETE


def test_the_free_tier_holds_fifty():
    assert (newest_of("collector"), newest_of("curator"), newest_of("archivist")) == (50, None, None)


@pytest.mark.parametrize(
    ("known", "unseen", "goes"),
    [(0, 0, True), (1, 1, True), (10, 1, True), (10, 2, False), (100, 2, True), (100, 3, False), (10_000, 200, True)],
)
def test_one_record_or_two_percent_may_go_without_asking(known, unseen, goes):
    assert may_go(Unseen(known, unseen)) is goes


@given(st.integers(0, 5_000), st.integers(1, 100), st.integers(0, 60))
def test_every_walk_ends_having_asked_for_every_page(items, per_page, pages):
    page = 0
    while True:
        page += 1
        held = max(0, min(per_page, items - (page - 1) * per_page))
        if after_page(WHOLE, Place(page, pages, per_page, items, held), None) is not Move.NEXT_PAGE:
            break
    assert page * per_page >= items
    assert page <= max(1, pages, -(-items // per_page))
