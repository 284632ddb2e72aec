"""The table of meanings, one case per documented error (and the traps among them)."""

import pytest

from discogs import errors
from discogs.errors import (
    ApplicationRejected,
    Blocked,
    DiscogsError,
    Gone,
    Invalid,
    PastEnd,
    PermitExpired,
    SellerSettings,
    Throttled,
    Unauthorised,
    Unavailable,
    meaning,
)

COLLECTION = "GET /users/{username}/collection/folders/{folder_id}/releases"
IDENTITY = "GET /oauth/identity"
INVENTORY = "GET /users/{username}/inventory"
RELEASE = "GET /releases/{release_id}"
STATS = "GET /marketplace/stats/{release_id}"
SUGGESTIONS = "GET /marketplace/price_suggestions/{release_id}"
ADD = "POST /users/{username}/collection/folders/{folder_id}/releases/{release_id}"
FOLDER = "DELETE /users/{username}/collection/folders/{folder_id}"
ACCESS = "POST /oauth/access_token"
REQUEST = "POST /oauth/request_token"
HTML = b"<!DOCTYPE html><html><title>Just a moment...</title></html>"
OWNER_ONLY = b'{"message": "You are not allowed to view this resource. Please authenticate as the owner."}'


def mean(status, body=b"", endpoint=RELEASE, content_type="application/json", **more):
    return meaning(status, body, content_type, endpoint, **more)


@pytest.mark.parametrize(
    ("status", "body", "endpoint", "expected"),
    [
        (429, b'{"message": "You are making requests too quickly."}', RELEASE, Throttled),
        (429, b"\n", RELEASE, Throttled),
        (429, HTML, ADD, Throttled),
        (401, b'{"message": "You must authenticate to access this resource."}', IDENTITY, Unauthorised),
        (401, b'{"message": "Invalid consumer token. Please register an app."}', IDENTITY, ApplicationRejected),
        (401, b"Invalid consumer.", REQUEST, ApplicationRejected),
        (401, b"Invalid consumer.", ACCESS, ApplicationRejected),
        (401, b"Parameter not found: oauth_consumer_key", REQUEST, ApplicationRejected),
        (401, b"Parameter not found: oauth_consumer_key", ACCESS, ApplicationRejected),
        (408, b"", COLLECTION, Unavailable),
        (401, b"Invalid signature.", REQUEST, ApplicationRejected),
        (401, b"Invalid verifier.", ACCESS, Invalid),
        (400, b"Token expired.", ACCESS, Invalid),
        (401, HTML, COLLECTION, Blocked),
        (403, OWNER_ONLY, COLLECTION, Unauthorised),
        (403, OWNER_ONLY, "GET /users/{username}/wants", Unauthorised),
        (403, b'{"message": "You don\'t have permission to access this resource."}', ADD, Unauthorised),
        (403, b'{"message": "The folder must be empty before it can be deleted."}', FOLDER, Invalid),
        (403, b'{"message": "Only staff may do that."}', RELEASE, Invalid),
        (403, b'{"message": "Pagination above 100 disabled for inventories besides your own"}', INVENTORY, PastEnd),
        (403, HTML, COLLECTION, Blocked),
        (403, b"error code: 1010", IDENTITY, Blocked),
        (403, b"", IDENTITY, Blocked),
        (404, HTML, IDENTITY, Blocked),
        (404, b'{"message": "That release does not exist or may have been deleted."}', RELEASE, Gone),
        (404, b'{"message": "Release not found."}', STATS, Gone),
        (404, b'{"message": "You must fill out your seller settings first."}', SUGGESTIONS, SellerSettings),
        (404, b'{"message": "Release not found."}', SUGGESTIONS, Gone),
        (404, b"", RELEASE, Gone),
        (400, b'{"message": "Bad request."}', ADD, Invalid),
        (405, b'{"message": "Method PUT is not allowed for this resource."}', ADD, Invalid),
        (409, b"", ADD, Invalid),
        (415, b"", ADD, Invalid),
        (418, b"", ADD, Invalid),
        (422, b'{"message": "Invalid sort: expected one of added"}', COLLECTION, Invalid),
        (500, b'{"message": "Query time exceeded. Please try a simpler query."}', "GET /database/search", Unavailable),
        (500, b"", REQUEST, Unavailable),
        (502, HTML, COLLECTION, Unavailable),
        (503, HTML, COLLECTION, Unavailable),
        (504, HTML, COLLECTION, Unavailable),
        (521, HTML, COLLECTION, Unavailable),
        (302, b"", COLLECTION, Unavailable),
        (999, b"", COLLECTION, Unavailable),
    ],
)
def test_a_documented_answer_has_its_meaning(status, body, endpoint, expected):
    error = mean(status, body, endpoint, content_type="text/html" if body == HTML else "application/json")
    assert type(error) is expected
    assert (error.status, error.endpoint) == (status, endpoint)
    assert str(error).endswith((".", "}", "added", "415", "409", "418")), "a sentence for a person"


@pytest.mark.parametrize("status", [200, 201, 204])
def test_success_means_no_error(status):
    assert mean(status, HTML) is None


def test_404_behind_page_1_is_the_end_of_the_list_and_on_page_1_somebody_who_is_not_there():
    assert type(mean(404, b'{"message": "no"}', COLLECTION, page=2)) is PastEnd
    assert type(mean(404, b'{"message": "no"}', COLLECTION, page=1)) is Gone


def test_404_with_html_is_blocked_whatever_the_page():
    assert type(mean(404, HTML, COLLECTION, content_type="text/html", page=7)) is Blocked


def test_a_collectors_dead_personal_token_is_their_affair_and_not_our_applications():
    body = b'{"message": "Invalid consumer token. Please register an app before making requests."}'
    assert type(mean(401, body, IDENTITY, is_users_token=True)) is Unauthorised
    assert type(mean(401, body, IDENTITY, is_users_token=False)) is ApplicationRejected


def test_a_body_counts_more_than_its_content_type():
    assert type(mean(403, OWNER_ONLY, COLLECTION, content_type="text/html")) is Unauthorised
    assert type(mean(403, HTML, COLLECTION, content_type="application/json")) is Blocked


def test_only_a_change_may_have_been_applied_by_an_unavailable_discogs():
    assert mean(502, HTML, ADD).maybe_applied
    assert not mean(502, HTML, COLLECTION).maybe_applied


@pytest.mark.parametrize(("status", "words"), [(504, "too long"), (502, "trouble"), (302, "elsewhere"), (999, "read")])
def test_a_person_is_told_what_kind_of_trouble_it_is(status, words):
    assert words in str(mean(status, HTML))


def test_both_json_forms_give_their_message():
    old = mean(422, b'{"message": "Invalid sort"}')
    new = mean(
        422, b'{"detail": [{"type": "literal_error", "loc": ["query", "sort"], "msg": "Input should be added"}]}'
    )
    assert old.snippet == "Invalid sort"
    assert new.snippet == "Input should be added"
    assert "Input should be added" in str(new)


def test_a_snippet_is_short_printable_and_keeps_secrets():
    body = b"tok-1234567 was \x1b[31mrefused\r\n" + b"x" * 10_000
    error = mean(400, body, hide=("tok-1234567", ""))
    assert "tok-1234567" not in error.snippet + str(error)
    assert error.snippet.startswith("… was [31mrefused xxx")
    assert len(error.snippet) == errors.SNIPPET_CHARACTERS
    assert len(str(error)) < 2 * errors.SNIPPET_CHARACTERS


def test_a_body_nested_too_deep_is_no_reason_to_fall():
    assert type(mean(404, b"[" * 100_000)) is Gone


def test_the_tree_says_what_may_be_retried():
    retryable = {cls.__name__ for cls in DiscogsError.__subclasses__() if cls.retryable}
    assert retryable == {"Throttled", "Blocked", "Unavailable"}
    assert PermitExpired.retryable
    assert not issubclass(PermitExpired, DiscogsError)


def test_the_drawing_names_every_error():
    drawn = errors.__doc__ or ""
    assert all(cls.__name__ in drawn for cls in [DiscogsError, PermitExpired, *DiscogsError.__subclasses__()])
