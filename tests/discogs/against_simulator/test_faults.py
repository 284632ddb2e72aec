"""Every way in which the simulated Discogs can fail has its meaning, and the permit learns what became of it."""

import pytest

from discogs.errors import Blocked, Gone, PastEnd, Throttled, Unavailable
from discogs.handshake import begin

RELEASE = 5_000_001
UNKNOWN = (None, None, None)


@pytest.fixture
def add(as_ada):
    return lambda: as_ada.add_to_collection("ada", 1, RELEASE)


@pytest.fixture
def page(as_ada):
    return lambda: as_ada.collection_page("ada")


@pytest.mark.parametrize("is_empty", [False, True])
def test_a_429_in_either_form_is_throttled_and_nothing_is_done(page, add, ada, simulated, budget, is_empty):
    simulated.break_with(kind="throttle", is_empty=is_empty)
    for ask in (page, add):
        with pytest.raises(Throttled) as caught:
            ask()
        assert caught.value.status == 429
    assert [status for status, _, _ in budget.told] == [429, 429]
    assert budget.told[0][1] is not None
    assert ada.copies(RELEASE) == []


def test_the_limit_itself_is_throttled_too_and_the_headers_reach_the_budget(simulated, as_ada, budget):
    simulated.service.limit.authenticated = 3
    for _ in range(3):
        as_ada.identity()
    with pytest.raises(Throttled):
        as_ada.identity()
    assert [(status, of) for status, _, of in budget.told] == [(200, 3), (200, 3), (200, 3), (429, 3)]
    assert budget.told[-1][1] == 0


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 524])
def test_a_5xx_is_unavailable_and_a_change_may_have_been_made(page, add, ada, simulated, status):
    simulated.break_with(kind="error", status=status)
    for ask, maybe_applied in ((page, False), (add, True)):
        with pytest.raises(Unavailable) as caught:
            ask()
        assert (caught.value.status, caught.value.maybe_applied) == (status, maybe_applied)
    assert ada.copies(RELEASE) == []


@pytest.mark.parametrize(("status", "meaning"), [(403, Blocked), (404, Blocked), (410, Gone)])
def test_html_with_a_refusal_is_a_gate_keepers(page, simulated, status, meaning):
    simulated.break_with(kind="error", status=status)
    with pytest.raises(meaning):
        page()


def test_without_a_name_of_our_own_we_are_turned_away(page, http):
    http.headers["User-Agent"] = ""
    with pytest.raises(Blocked):
        page()


@pytest.mark.parametrize("kind", ["html", "empty", "truncated"])
def test_a_200_that_is_no_answer_is_unavailable_and_never_an_empty_page(page, add, simulated, kind, budget):
    simulated.break_with(kind=kind)
    for ask, maybe_applied in ((page, False), (add, True)):
        with pytest.raises(Unavailable) as caught:
            ask()
        assert caught.value.status in {200, 201}
        assert caught.value.maybe_applied is maybe_applied
    assert {status for status, _, _ in budget.told} <= {200, 201}


def test_html_in_place_of_the_silence_that_a_change_deserves_is_unavailable(as_ada, ada, simulated):
    simulated.break_with(kind="html", method="DELETE")
    copy = next(iter(ada.instances.values()))
    with pytest.raises(Unavailable) as caught:
        as_ada.remove_instance("ada", copy.folder_id, copy.release_id, copy.id)
    assert caught.value.maybe_applied
    assert copy.id in ada.instances


@pytest.mark.parametrize("kind", ["html", "empty"])
def test_a_hand_shake_that_is_answered_with_something_else_is_unavailable(settings, budget, simulated, kind):
    simulated.break_with(kind=kind, endpoint="request_token")
    with pytest.raises(Unavailable):
        begin(settings, budget, "oob")


@pytest.mark.parametrize("kind", ["slow", "drip"])
def test_a_hang_and_a_drip_end_at_the_deadline_of_the_whole_call(speak, oauth, ada, simulated, budget, kind):
    client = speak(oauth(ada), deadline_seconds=0.4)
    simulated.break_with(kind=kind, seconds=3)  # within what httpx would wait for
    for ask, maybe_applied in (
        (lambda: client.collection_page("ada"), False),
        (lambda: client.add_to_collection("ada", 1, RELEASE), True),
    ):
        with pytest.raises(Unavailable, match="in time") as caught:
            ask()
        assert caught.value.maybe_applied is maybe_applied
    assert [status for status, _, _ in budget.told] == ([None, None] if kind == "slow" else [200, 201])
    assert len(ada.copies(RELEASE)) == 1


def test_a_slow_answer_and_a_drip_within_the_deadline_are_answers(page, simulated):
    simulated.break_with(kind="slow", seconds=0.1, times=1)
    simulated.break_with(kind="drip", seconds=0.2)
    assert len(page().items) == 100


@pytest.mark.parametrize("kind", ["reset", "lost_reset"])
def test_a_reset_is_unavailable_whether_or_not_the_change_was_made(page, add, ada, simulated, budget, kind):
    simulated.break_with(kind=kind)
    for ask, maybe_applied in ((page, False), (add, True)):
        with pytest.raises(Unavailable, match="broke") as caught:
            ask()
        assert (caught.value.status, caught.value.maybe_applied) == (None, maybe_applied)
    assert budget.told == [UNKNOWN, UNKNOWN]
    assert len(ada.copies(RELEASE)) == (kind == "lost_reset")


def test_half_a_body_is_unavailable_and_the_next_call_has_a_connection_of_its_own(page, add, ada, simulated, budget):
    simulated.break_with(kind="half", times=2)
    for ask, maybe_applied in ((page, False), (add, True)):
        with pytest.raises(Unavailable, match="broke") as caught:
            ask()
        assert caught.value.maybe_applied is maybe_applied
    assert [status for status, _, _ in budget.told] == [200, 201]
    assert len(ada.copies(RELEASE)) == 1
    assert len(page().items) == 100


def test_a_502_after_the_change_was_made_says_that_it_may_have_been_and_a_look_finds_it(as_ada, add, ada, simulated):
    simulated.break_with(kind="lost", method="POST", times=1)
    with pytest.raises(Unavailable) as caught:
        add()
    assert (caught.value.status, caught.value.maybe_applied) == (502, True)
    (found,) = as_ada.copies_of("ada", RELEASE).items
    assert [each.id for each in ada.copies(RELEASE)] == [found.instance_id]


def test_nothing_is_repeated_on_our_own(page, add, simulated):
    for kind in ("error", "throttle", "reset", "empty", "half"):
        simulated.faults.clear()
        simulated.log.clear()
        simulated.break_with(kind=kind)
        for ask in (page, add):
            with pytest.raises((Unavailable, Throttled)):
                ask()
        assert [each.method for each in simulated.log.arrivals] == ["GET", "POST"]


def test_pages_that_are_claimed_and_not_there_are_past_the_end(as_ada, simulated):
    simulated.break_with(kind="wrong_count", items=7, pages=2, times=1)
    page = as_ada.collection_page("ada")
    assert (page.total_items, page.pages) == (237, 5)
    with pytest.raises(PastEnd):
        as_ada.collection_page("ada", 5)


def test_edits_between_two_pages_show_in_the_count(as_ada, ada, simulated):
    before = as_ada.collection_page("ada").total_items
    simulated.break_with(kind="edits", edits=40, seed=2, times=1)
    assert as_ada.collection_page("ada", 2).total_items == ada.count(0) != before


def test_equal_dates_in_another_order_each_time_are_still_whole_pages(as_ada, ada, simulated):
    for copy in list(ada.instances.values()):
        simulated.world.change_copy(ada, copy.id, added=1_500_000_000)
    simulated.break_with(kind="unstable", times=1)
    first, again = ([each.instance_id for each in as_ada.collection_page("ada").items] for _ in range(2))
    assert first != again
    assert len(set(first)) == len(set(again)) == 100


def test_an_account_that_becomes_private_stays_open_to_its_owner(as_ada, simulated, ada):
    simulated.break_with(kind="private", user="ada", times=1)
    assert as_ada.collection_page("ada").is_owner_view
    assert ada.profile.is_private
