"""Every verb is one request of the documented form, and every trap of Discogs has its test."""

import json
from decimal import Decimal

import httpx
import pytest

from discogs.auth import PersonalToken
from discogs.errors import (
    ApplicationRejected,
    Blocked,
    Gone,
    Invalid,
    PastEnd,
    SellerSettings,
    Throttled,
    Unauthorised,
    Unavailable,
)
from discogs.ids import ALL_FOLDERS, FieldId, FolderId, InstanceId, MasterId, ReleaseId
from discogs.money import Money
from discogs.records.search import Query

U, F, R, I = "alice", FolderId(3), ReleaseId(249504), InstanceId(2_147_483_649)  # noqa: E741  one letter a number
FOLDER = {"id": 3, "name": "Jazz", "count": 0}
WANT = {"id": R, "rating": 4, "notes": "n", "basic_information": {"id": R}}


def pagination(page=1, pages=1, items=0, per_page=100):
    return {"page": page, "pages": pages, "per_page": per_page, "items": items, "urls": {}}


def page_of(key, *rows, **at):
    return {"pagination": pagination(**{"items": len(rows), **at}), key: list(rows)}


def copy(instance_id, release_id=R, **more):
    return {"id": release_id, "instance_id": instance_id, "folder_id": 1, "rating": 0, "basic_information": {}, **more}


@pytest.mark.parametrize(
    ("call", "answer", "line", "body"),
    [
        (lambda d: d.identity(), {"id": 1, "username": U}, "GET /oauth/identity", None),
        (lambda d: d.profile(U), {"id": 1, "username": U}, "GET /users/alice", None),
        (lambda d: d.folders(U), {"folders": [FOLDER]}, "GET /users/alice/collection/folders", None),
        (lambda d: d.fields(U), {"fields": []}, "GET /users/alice/collection/fields", None),
        (
            lambda d: d.collection_page(U, 2),
            page_of("releases"),
            "GET /users/alice/collection/folders/0/releases?page=2&per_page=100&sort=added&sort_order=desc",
            None,
        ),
        (
            lambda d: d.copies_of(U, R),
            page_of("releases"),
            "GET /users/alice/collection/releases/249504?page=1&per_page=100",
            None,
        ),
        (
            lambda d: d.collection_value(U),
            {"minimum": "€1", "median": "€2", "maximum": "€3"},
            "GET /users/alice/collection/value",
            None,
        ),
        (
            lambda d: d.add_to_collection(U, F, R),
            {"instance_id": I},
            "POST /users/alice/collection/folders/3/releases/249504",
            None,
        ),
        (
            lambda d: d.change_instance(U, F, R, I, rating=0),
            None,
            "POST /users/alice/collection/folders/3/releases/249504/instances/2147483649",
            {"rating": 0},
        ),
        (
            lambda d: d.change_instance(U, F, R, I, rating=5, to_folder=FolderId(7)),
            None,
            "POST /users/alice/collection/folders/3/releases/249504/instances/2147483649",
            {"rating": 5, "folder_id": 7},
        ),
        (
            lambda d: d.remove_instance(U, F, R, I),
            None,
            "DELETE /users/alice/collection/folders/3/releases/249504/instances/2147483649",
            None,
        ),
        (
            lambda d: d.set_field(U, F, R, I, field_id=FieldId(1), value=""),
            None,
            "POST /users/alice/collection/folders/3/releases/249504/instances/2147483649/fields/1",
            {"value": ""},
        ),
        (lambda d: d.create_folder(U, "Jazz"), FOLDER, "POST /users/alice/collection/folders", {"name": "Jazz"}),
        (lambda d: d.rename_folder(U, F, "Jazz"), FOLDER, "POST /users/alice/collection/folders/3", {"name": "Jazz"}),
        (lambda d: d.delete_folder(U, F), None, "DELETE /users/alice/collection/folders/3", None),
        (
            lambda d: d.wants_page(U),
            page_of("wants"),
            "GET /users/alice/wants?page=1&per_page=100&sort=added&sort_order=desc",
            None,
        ),
        (
            lambda d: d.put_want(U, R, notes="", rating=4),
            WANT,
            "PUT /users/alice/wants/249504",
            {"notes": "", "rating": 4},
        ),
        (lambda d: d.put_want(U, R), WANT, "PUT /users/alice/wants/249504", None),
        (lambda d: d.edit_want(U, R, notes="n"), WANT, "POST /users/alice/wants/249504", {"notes": "n"}),
        (lambda d: d.remove_want(U, R), None, "DELETE /users/alice/wants/249504", None),
        (
            lambda d: d.search(Query(barcode="5014438200319", type="release")),
            page_of("results"),
            "GET /database/search?type=release&barcode=5014438200319&page=1&per_page=100",
            None,
        ),
        (lambda d: d.release(R), {"id": R}, "GET /releases/249504", None),
        (lambda d: d.master(MasterId(5)), {"id": 5}, "GET /masters/5", None),
        (
            lambda d: d.master_versions(MasterId(5)),
            page_of("versions"),
            "GET /masters/5/versions?page=1&per_page=100",
            None,
        ),
        (
            lambda d: d.marketplace_stats(R, currency="EUR"),
            {"num_for_sale": 0, "lowest_price": None},
            "GET /marketplace/stats/249504?curr_abbr=EUR",
            None,
        ),
        (
            lambda d: d.listing(2_237_957_062),
            {"id": 2_237_957_062, "release": {"id": 249_504}},
            "GET /marketplace/listings/2237957062",
            None,
        ),
        (lambda d: d.price_suggestions(R), {}, "GET /marketplace/price_suggestions/249504", None),
        (
            lambda d: d.inventory(U),
            page_of("listings"),
            "GET /users/alice/inventory?status=For+Sale&page=1&per_page=100&sort=listed&sort_order=desc",
            None,
        ),
    ],
)
def test_a_verb_is_one_request_of_the_documented_form(script, call, answer, line, body):
    call(script.client(answer, status=204 if answer is None else 200))
    (request,) = script.asked
    assert f"{request.method} {request.url.raw_path.decode()}" == line
    assert (json.loads(request.content) if request.content else None) == body


def test_an_endpoint_is_a_template_so_that_there_are_few_and_none_has_a_persons_name(script, budget):
    script.client(None, status=204, budget=budget).remove_want(U, R)
    assert budget.endpoints == ["DELETE /users/{username}/wants/{release_id}"]


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_lead_to_another_path_is_none(script, name):
    with pytest.raises(Invalid):
        script.client({}).inventory(name)
    assert script.asked == []


# The traps of docs/discogs.md


def test_a_page_without_folders_is_not_the_owners_view_and_says_so(script):
    anonymous = {key: value for key, value in copy(1).items() if key != "folder_id"}
    assert not script.client(page_of("releases", anonymous)).collection_page(U).is_owner_view
    script.answers.clear()
    page = script.client(page_of("releases", copy(2), copy(3, folder_id=0))).collection_page(U)
    assert page.is_owner_view
    assert page.items[1].folder_id == 0


def test_a_copy_without_its_folder_among_others_is_set_aside(script):
    anonymous = {key: value for key, value in copy(1).items() if key != "folder_id"}
    page = script.client(page_of("releases", copy(2), anonymous)).collection_page(U)
    assert page.is_owner_view
    assert [item.instance_id for item in page.items] == [2]
    assert [str(one) for one in page.unreadable] == ["entry 2 (release 249504): no id 'folder_id'"]


def test_an_account_is_known_by_its_number_whatever_its_name(script):
    before = script.client({"id": 2**33, "username": "old"}).identity()
    script.answers.clear()
    after = script.client({"id": 2**33, "username": "new"}).identity()
    assert before.id == after.id == 2**33
    assert before.username != after.username


def test_an_add_is_sent_once_whatever_becomes_of_it(script):
    for trouble in (502, 429, 500, 404):
        script.answers.clear()
        client = script.client("<html>", status=trouble)
        with pytest.raises((Unavailable, Throttled, Blocked)):
            client.add_to_collection(U, F, R)
    assert len(script.asked) == 4


@pytest.mark.parametrize("answer", ["", "<html>Maintenance</html>", '{"instance_id": ', "[]", "{}"])
def test_an_add_with_an_unreadable_answer_may_have_been_applied(script, answer):
    with pytest.raises(Unavailable) as caught:
        script.client(answer, status=201).add_to_collection(U, F, R)
    assert caught.value.maybe_applied


@pytest.mark.parametrize(
    ("trouble", "maybe_applied"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout("late"), False),
        (httpx.PoolTimeout("full"), False),
        (httpx.ReadTimeout("late"), True),
        (httpx.ReadError("reset"), True),
        (httpx.WriteError("reset"), True),
        (httpx.RemoteProtocolError("hung up"), True),
    ],
)
def test_a_change_is_only_certain_not_to_have_happened_when_it_never_left(script, budget, trouble, maybe_applied):
    with pytest.raises(Unavailable) as caught:
        script.client(trouble, budget=budget).remove_instance(U, F, R, I)
    assert caught.value.maybe_applied is maybe_applied
    assert len(budget.told) == int(maybe_applied)


def test_nothing_is_added_to_folder_0_and_no_request_is_spent_on_trying(script, budget):
    with pytest.raises(Invalid, match="folder"):
        script.client({}, budget=budget).add_to_collection(U, ALL_FOLDERS, R)
    assert budget.endpoints == []


def test_a_short_page_says_that_more_follow(script):
    page = script.client(page_of("releases", copy(1), page=1, pages=3, items=250)).collection_page(U)
    assert (len(page.items), page.page, page.pages, page.total_items) == (1, 1, 3, 250)


def test_a_page_past_the_end_is_not_a_missing_user(script):
    client = script.client({"message": "Not found."}, status=404)
    with pytest.raises(PastEnd):
        client.collection_page(U, 2)
    with pytest.raises(Gone):
        client.collection_page(U, 1)


def test_behind_page_100_of_anothers_shop_is_past_the_end(script):
    message = "Pagination above 100 disabled for inventories besides your own"
    with pytest.raises(PastEnd):
        script.client({"message": message}, status=403).inventory("bob", 101)


def test_per_page_is_clamped_as_discogs_clamps_it(script):
    script.client(page_of("releases")).collection_page(U, per_page=500)
    assert script.asked[0].url.params["per_page"] == "100"


def test_two_copies_of_one_release_are_two_even_with_equal_dates(script):
    when = "2021-12-21T15:43:46-08:00"
    page = script.client(
        page_of("releases", copy(2**31 + 1, date_added=when), copy(2**31 + 2, date_added=when))
    ).copies_of(U, R)
    assert [item.instance_id for item in page.items] == [2**31 + 1, 2**31 + 2]
    assert {item.release_id for item in page.items} == {R}


def test_seller_settings_are_a_state_of_the_account_and_no_suggestion_is_one_of_the_release(script):
    message = {"message": "You must fill out your seller settings first."}
    with pytest.raises(SellerSettings):
        script.client(message, status=404).price_suggestions(R)
    script.answers.clear()
    assert script.client({}).price_suggestions(R).by_grade == {}


def test_amounts_carry_their_currency_and_every_digit(script):
    client = script.client(
        b'{"Mint (M)": {"currency": "USD", "value": 145.79866227900087}, "Poor (P)": {"value": 1}, "Worn": {}}'
    )
    assert client.price_suggestions(R).by_grade == {"M": Money(Decimal("145.79866227900087"), "USD")}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            {"num_for_sale": 11, "lowest_price": {"value": 47.28, "currency": "USD"}, "blocked_from_sale": False},
            (11, Money(Decimal("47.28"), "USD"), False),
        ),
        ({"num_for_sale": None, "lowest_price": None, "blocked_from_sale": True}, (None, None, True)),
        ({"num_for_sale": 0, "lowest_price": {}}, (0, None, False)),
    ],
)
def test_a_release_with_no_offers_has_no_floor(script, answer, expected):
    stats = script.client(answer).marketplace_stats(R)
    assert (stats.num_for_sale, stats.lowest, stats.blocked) == expected


def test_an_answer_without_figures_is_none_and_not_a_release_without_offers(script):
    with pytest.raises(Unavailable):
        script.client({"is_offensive": False}).marketplace_stats(R)


def test_a_collections_value_keeps_discogs_words_beside_the_amount(script):
    answer = {"maximum": "€1,458.87", "median": "about €668", "minimum": "€240.16"}
    value = script.client(answer).collection_value(U)
    assert (value.maximum_text, value.maximum) == ("€1,458.87", Money(Decimal("1458.87"), "EUR"))
    assert (value.median_text, value.median) == ("about €668", None)


# 200 that is none, and what else comes instead of an answer


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "\n",
        "<html>We'll be back</html>",
        '{"pagination": {"page"',
        "null",
        "[]",
        "{}",
        '{"pagination": {}, "releases": []}',
        '{"pagination": {"page": 1, "pages": 1}, "releases": []}',
        '{"pagination": {"page": 1, "pages": 1, "items": 0}}',
        '{"pagination": {"page": NaN}}',
        "[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_a_200_that_is_no_page_is_unavailable_and_never_an_empty_page(script, answer):
    with pytest.raises(Unavailable) as caught:
        script.client(answer).collection_page(U)
    assert caught.value.retryable
    assert not caught.value.maybe_applied


def test_silence_is_what_a_change_is_answered_with_and_a_page_of_html_is_not(script):
    script.client(None, status=204).set_field(U, F, R, I, field_id=FieldId(3), value="x")
    script.answers.clear()
    with pytest.raises(Unavailable) as caught:
        script.client("<html>").set_field(U, F, R, I, field_id=FieldId(3), value="x")
    assert caught.value.maybe_applied


def test_an_empty_200_is_not_the_204_that_says_that_a_change_was_made(script):
    with pytest.raises(Unavailable) as caught:
        script.client("").set_field(U, F, R, I, field_id=FieldId(3), value="x")
    assert caught.value.maybe_applied


def test_html_in_the_place_of_a_refusal_is_a_gate_keeper(script):
    for status in (403, 404):
        script.answers.clear()
        with pytest.raises(Blocked):
            script.client("<html>Attention Required!</html>", status=status).identity()


def test_a_dead_personal_token_ends_one_link_and_a_dead_key_stops_everybody(script):
    message = {"message": "Invalid consumer token. Please register an app before making requests."}
    with pytest.raises(Unauthorised):
        script.client(message, status=401, credentials=PersonalToken("p")).identity()
    script.answers.clear()
    with pytest.raises(ApplicationRejected):
        script.client(message, status=401).identity()


def test_an_answer_that_quotes_our_secrets_is_not_passed_on(script):
    answer = {"message": "your a-token and a-secret and our-secret are wrong"}
    with pytest.raises(Invalid) as caught:
        script.client(answer, status=400).identity()
    shown = str(caught.value) + caught.value.snippet
    assert not any(secret in shown for secret in ("a-token", "a-secret", "our-secret"))


def test_a_200_that_quotes_our_secrets_is_not_passed_on_either(script):
    with pytest.raises(Unavailable) as caught:
        script.client("<html>a-token, a-secret, our-secret</html>").identity()
    assert "secret" not in caught.value.snippet
    assert "token" not in caught.value.snippet


def test_text_arrives_byte_for_byte(script):
    odd = "a\x00b \U0001f3b5 \u202eabc <b>&amp;</b> \r\n\t " + "x" * 10_000
    notes = [{"field_id": 3, "value": odd}]
    page = script.client(page_of("releases", copy(1, notes=notes, basic_information={"title": odd}))).collection_page(U)
    assert page.items[0].notes[0].value == odd
    assert page.items[0].basic.title == odd
