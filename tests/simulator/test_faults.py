"""Everything that can go wrong on request."""

import json
from itertools import pairwise

import httpx
import pytest
from pydantic import ValidationError

from simulator.catalogue.releases import Catalogue
from simulator.faults import Fault

PAGE = "/users/ada/collection/folders/0/releases?per_page=100"


@pytest.fixture
def http(discogs, owner, client):
    return client(discogs, owner)


def test_a_throttle_is_429_in_either_form(discogs, http):
    discogs.break_with(kind="throttle", times=1)
    discogs.break_with(kind="throttle", times=2, is_empty=True)
    got = [http.get(PAGE) for _ in range(3)]
    assert [each.status_code for each in got] == [429, 429, 200]
    assert [each.text for each in got[:2]] == ['{"message": "You are making requests too quickly."}', "\n"]
    assert "x-discogs-ratelimit-remaining" in got[0].headers


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_error_is_html_and_nothing_is_done(discogs, owner, http, status):
    discogs.break_with(kind="error", status=status)
    got = http.post("/users/ada/collection/folders/1/releases/5000000")
    assert (got.status_code, got.headers["content-type"]) == (status, "text/html; charset=UTF-8")
    assert owner.count(0) == 230


def test_200_with_html_or_with_nothing(discogs, http):
    discogs.break_with(kind="html", times=1)
    assert http.get(PAGE).text.startswith("<!DOCTYPE html>")
    discogs.break_with(kind="empty", times=1)
    got = http.get(PAGE)
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, b"", "application/json")


def test_truncated_json_is_framed_well_and_cannot_be_read(discogs, http):
    discogs.break_with(kind="truncated")
    got = http.get(PAGE)
    assert got.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        got.json()


def test_slow_answers_come_too_late_for_the_impatient(discogs, http):
    discogs.break_with(kind="slow", seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        http.get(PAGE, timeout=0.2)


def test_a_drip_comes_whole_in_many_pieces(discogs, owner, http):
    discogs.break_with(kind="drip", seconds=0.2)
    with http.stream("GET", PAGE, headers={"Accept-Encoding": "identity"}) as answer:
        pieces = list(answer.iter_raw())
    assert len(pieces) > 5
    assert len(json.loads(b"".join(pieces))["releases"]) == 100
    assert http.get(PAGE).json()["pagination"]["items"] == 230


def test_a_reset_breaks_the_connection_before_anything_is_done(discogs, owner, http):
    discogs.break_with(kind="reset")
    with pytest.raises(httpx.ReadError):
        http.post("/users/ada/collection/folders/1/releases/5000000")
    assert owner.count(0) == 230
    assert discogs.log.arrivals[-1].status == 0


def test_half_a_body_ends_the_connection(discogs, http):
    discogs.break_with(kind="half", times=1)
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        http.get(PAGE)
    assert http.get(PAGE).status_code == 200


def test_lost_is_done_though_the_answer_says_502(discogs, owner, http):
    discogs.break_with(kind="lost", method="POST")
    assert http.post("/users/ada/collection/folders/1/releases/5000000").status_code == 502
    assert len(owner.copies(5_000_000)) == 1


def test_lost_by_reset_is_done_too(discogs, owner, http):
    discogs.break_with(kind="lost_reset", method="POST")
    with pytest.raises(httpx.ReadError):
        http.post("/users/ada/collection/folders/1/releases/5000000")
    assert len(owner.copies(5_000_000)) == 1


def test_a_revoked_token_is_401_and_an_anonymous_one_sees_what_everyone_sees(discogs, http):
    discogs.break_with(kind="revoked", times=1)
    assert http.get(PAGE).status_code == 401
    discogs.break_with(kind="anonymous", times=1)
    assert "folder_id" not in http.get(PAGE).json()["releases"][0]
    assert "folder_id" in http.get(PAGE).json()["releases"][0]


def test_a_wrong_count_is_claimed_for_items_and_pages(discogs, http):
    discogs.break_with(kind="wrong_count", items=7, pages=2, times=1)
    got = http.get(PAGE).json()["pagination"]
    assert (got["items"], got["pages"]) == (237, 5)
    assert http.get(f"{PAGE}&page=5").status_code == 404


def test_edits_come_in_between_every_so_many_requests(discogs, owner, http):
    discogs.break_with(kind="edits", endpoint="collection", every=2, edits=10, seed=4)
    seen = []
    for _ in range(6):
        http.get(PAGE)
        seen.append([(each.id, dict(each.notes)) for each in owner.instances.values()])
    assert [one != other for one, other in pairwise(seen)] == [False, True, False, True, False]


def test_an_account_becomes_private_or_gets_another_name(discogs, owner, stranger, client):
    http = client(discogs, stranger)
    discogs.break_with(kind="private", user="ada", times=1)
    assert http.get(PAGE).status_code == 403
    discogs.break_with(kind="rename", user="ada", new_name="lovelace", endpoint="identity")
    mine = client(discogs, owner)
    assert mine.get("/oauth/identity").json()["username"] == "lovelace"
    assert [mine.get(f"/users/{name}").status_code for name in ("ada", "lovelace")] == [404, 200]


def test_a_fault_strikes_whom_when_and_as_often_as_it_says():
    fault = Fault(kind="error", path="/folders/", method="GET", user="Ada", after=4, every=3, times=2)
    asked = {"path": "/users/ada/collection/folders/0", "endpoint": "folder", "method": "GET", "users": {"ada"}}
    struck = [number for number in range(12) if fault.strikes(**asked)]
    assert struck == [4, 7]
    other = Fault(kind="error", path="/folders/", method="GET", user="Ada")
    assert not any(
        other.strikes(**(asked | change)) for change in ({"path": "/"}, {"method": "PUT"}, {"users": {"zoe"}})
    )
    assert other.strikes(**asked)


def test_a_probability_follows_from_the_seed():
    asked = {"path": "/", "endpoint": "root", "method": "GET", "users": set()}
    faults = [Fault(kind="error", probability=0.3, seed=5) for _ in range(2)]
    rows = [[fault.strikes(**asked) for _ in range(200)] for fault in faults]
    assert rows[0] == rows[1]
    assert 40 < sum(rows[0]) < 80


def test_a_fault_that_nobody_knows_is_refused():
    with pytest.raises(ValidationError):
        Fault.model_validate({"kind": "gremlins"})
    with pytest.raises(ValidationError):
        Fault.model_validate({"kind": "error", "tims": 1})


def test_odd_titles_and_missing_keys_come_over_the_wire(discogs, client):
    account = discogs.world.create_account("odd", records=2_000, seed=1)
    items = []
    for page in range(1, 21):
        got = client(discogs, account).get(f"/users/odd/collection/folders/0/releases?per_page=100&page={page}")
        items += [each["basic_information"] for each in got.json()["releases"]]
    titles = [each["title"] for each in items]
    assert any("\x00" in each for each in titles)
    assert any(len(each) == 10_000 for each in titles)
    assert any("🌙" in each for each in titles)
    assert any("א" in each for each in titles)
    assert any("<script>" in each for each in titles)
    assert any("year" not in each and "master_id" not in each for each in items)
    assert any(each.get("year") == 0 for each in items)
    assert any(each.get("master_id") == 0 and each["master_url"] is None for each in items)


def test_a_release_is_the_same_whenever_it_is_looked_at():
    one, other = Catalogue(3), Catalogue(3)
    assert [one.release(each) for each in range(5_000, 5_050)] == [other.release(each) for each in range(5_000, 5_050)]
    assert one.release(5_001) != Catalogue(4).release(5_001)
