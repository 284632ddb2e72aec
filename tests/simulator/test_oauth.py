"""Credentials: the hand-shake, signatures, tokens, and what happens with wrong ones."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import httpx
import pytest
from oauthlib.oauth1 import SIGNATURE_PLAINTEXT
from requests_oauthlib import OAuth1Session

from simulator.handshake import Handshakes

KEY, SECRET = "key-of-the-tests", "secret-of-the-tests"
PAGE = "/users/ada/collection/folders/0/releases?per_page=5&sort=added&sort_order=desc"


def plaintext(key=KEY, secret=SECRET, token_secret="", **more):
    given = {
        "oauth_consumer_key": key,
        "oauth_nonce": "n1",
        "oauth_timestamp": "1786000000",
        "oauth_signature_method": "PLAINTEXT",
        "oauth_signature": f"{secret}&{token_secret}",
    } | more
    header = ", ".join(f'{name}="{quote(value, safe="")}"' for name, value in given.items() if value is not None)
    return {"Authorization": f"OAuth {header}", "User-Agent": "RekkrdTests/1.0"}


def begin(discogs, **more):
    got = httpx.get(f"{discogs.url}/oauth/request_token", headers=plaintext(**more), verify=False)
    return got, dict(parse_qsl(got.text))


def press(discogs, token, decision, username="ada"):
    form = {"oauth_token": token, "decision": decision, "username": username}
    return httpx.post(f"{discogs.url}/oauth/authorize", data=form, verify=False)


@pytest.fixture
def by_query() -> Callable[..., Any]:
    def get(discogs, path, **headers):
        return httpx.get(f"{discogs.url}{path}", headers={"User-Agent": "RekkrdTests/1.0"} | headers, verify=False)

    return get


def test_the_hand_shake_ends_with_a_token_that_speaks_for_the_chosen_collector(discogs, owner, stranger):
    callback = "http://127.0.0.1:9/done?state=1"
    with OAuth1Session(KEY, client_secret=SECRET, callback_uri=callback) as session:
        session.headers["User-Agent"] = "RekkrdTests/1.0"
        asked = session.fetch_request_token(f"{discogs.url}/oauth/request_token")
        assert asked["oauth_callback_confirmed"] == "true"
        page = httpx.get(session.authorization_url(f"{discogs.url}/oauth/authorize"), verify=False)
        assert page.text.count("<option") == 2
        pressed = press(discogs, asked["oauth_token"], "allow", "zoe")
        assert pressed.status_code == 302
        assert pressed.headers["location"].startswith(callback + "&oauth_token=")
        session.parse_authorization_response(pressed.headers["location"])
        session.fetch_access_token(f"{discogs.url}/oauth/access_token")
        assert session.get(f"{discogs.url}/oauth/identity").json()["username"] == "zoe"


def test_answers_of_the_token_calls_are_form_encoded(discogs):
    got, pair = begin(discogs, oauth_callback="oob")
    assert got.headers["content-type"] == "application/x-www-form-urlencoded"
    assert sorted(pair) == ["oauth_callback_confirmed", "oauth_token", "oauth_token_secret"]


def test_without_a_way_back_the_code_is_shown(discogs, owner):
    _, pair = begin(discogs, oauth_callback="oob")
    assert re.search(r"class=code>[A-Z]{10}<", press(discogs, pair["oauth_token"], "allow").text)


def test_denying_brings_denied_back(discogs, owner):
    _, pair = begin(discogs, oauth_callback="http://127.0.0.1:9/done")
    location = press(discogs, pair["oauth_token"], "deny").headers["location"]
    assert parse_qs(urlsplit(location).query) == {"denied": [pair["oauth_token"]]}
    assert press(discogs, pair["oauth_token"], "allow").status_code == 404


def finish(discogs, pair, verifier):
    headers = plaintext(
        token_secret=pair["oauth_token_secret"], oauth_token=pair["oauth_token"], oauth_verifier=verifier
    )
    return httpx.post(f"{discogs.url}/oauth/access_token", headers=headers, verify=False)


def test_a_verifier_works_once_and_only_the_right_one(discogs, owner):
    _, pair = begin(discogs, oauth_callback="oob")
    assert finish(discogs, pair, "TOOEARLY").status_code == 400
    verifier = re.search(r"class=code>(\w+)<", press(discogs, pair["oauth_token"], "allow").text)[1]
    assert [finish(discogs, pair, each).status_code for each in ("WRONG", verifier, verifier)] == [400, 200, 400]


def test_a_request_token_is_good_for_fifteen_minutes(discogs, owner):
    now = 0.0
    discogs.service.handshakes = Handshakes(900, clock=lambda: now)
    _, pair = begin(discogs, oauth_callback="oob")
    verifier = re.search(r"class=code>(\w+)<", press(discogs, pair["oauth_token"], "allow").text)[1]
    now = 900.0
    assert finish(discogs, pair, verifier).status_code == 400


@pytest.mark.parametrize(
    ("given", "status", "text"),
    [
        ({"key": "nobody"}, 401, "Invalid consumer."),
        ({"oauth_consumer_key": None}, 401, "Parameter not found: oauth_consumer_key"),
        ({"secret": "wrong"}, 401, "Invalid signature."),
    ],
)
def test_errors_of_the_token_calls_are_plain_text(discogs, given, status, text):
    got, _ = begin(discogs, **given)
    assert (got.status_code, got.text, got.headers["content-type"]) == (status, text, "text/plain; charset=utf-8")


def test_an_unsigned_token_call_is_500(discogs, by_query):
    assert by_query(discogs, "/oauth/request_token").status_code == 500


@pytest.mark.parametrize("method", ["HMAC-SHA1", SIGNATURE_PLAINTEXT])
def test_both_signature_methods_show_the_owners_view(discogs, owner, signed, method):
    items = signed(discogs, owner, signature_method=method).get(discogs.url + PAGE).json()["releases"]
    assert len(items) == 5
    assert all("folder_id" in each for each in items)


def sign(discogs, account, path, **changes):
    """Sign one GET with HMAC-SHA1, over another path or with other parameters if asked."""
    from oauthlib.oauth1 import Client

    token, secret = discogs.world.new_access_token(account)
    own = Client(
        KEY, SECRET, token, secret, **{name: changes[name] for name in ("nonce", "timestamp") if name in changes}
    )
    _, headers, _ = own.sign(discogs.url + changes.get("signed_path", path))
    return {"Authorization": headers["Authorization"], "User-Agent": "RekkrdTests/1.0"}


STAMP = "bad timestamp or nonce"


@pytest.mark.parametrize(
    ("wrong", "auth"),
    [
        ({"signed_path": PAGE.partition("?")[0]}, "bad signature"),
        ({"nonce": "n" * 128}, STAMP),
        ({"timestamp": "1786000000000"}, STAMP),
        ({"timestamp": "soon"}, STAMP),
    ],
    ids=["the query is not signed", "long nonce", "milliseconds", "no number"],
)
def test_a_wrong_signature_is_answered_as_if_anonymous_with_200(discogs, owner, wrong, auth):
    got = httpx.get(discogs.url + PAGE, headers=sign(discogs, owner, PAGE, **wrong), verify=False)
    assert got.status_code == 200
    assert not any("folder_id" in each for each in got.json()["releases"])
    assert discogs.log.arrivals[-1].auth == auth
    owner.profile.is_private = True
    assert httpx.get(discogs.url + PAGE, headers=sign(discogs, owner, PAGE, **wrong), verify=False).status_code == 403


def test_a_nonce_of_64_characters_is_good(discogs, owner):
    got = httpx.get(discogs.url + PAGE, headers=sign(discogs, owner, PAGE, nonce="n" * 64), verify=False)
    assert "folder_id" in got.json()["releases"][0]


@pytest.mark.parametrize(
    "header", ["Discogs token=invented", "Discogs key=key-of-the-tests, secret=wrong", "Discogs key=who, secret=x"]
)
def test_an_invented_token_or_key_is_401_with_the_limit_of_sixty(discogs, by_query, header):
    got = by_query(discogs, "/", Authorization=header)
    assert got.status_code == 401
    assert got.json()["message"].startswith("Invalid consumer token.")
    assert got.headers["x-discogs-ratelimit"] == "100000"


def test_a_revoked_access_token_is_401_and_the_others_go_on(discogs, owner, signed):
    first, second = signed(discogs, owner), signed(discogs, owner)
    discogs.world.revoked.add(first.auth.client.resource_owner_key)
    assert [each.get(f"{discogs.url}/oauth/identity").status_code for each in (first, second)] == [401, 200]
    discogs.world.revoke_all(owner)
    assert second.get(f"{discogs.url}/oauth/identity").status_code == 401


def test_key_and_secret_alone_are_nobody_with_credentials(discogs, owner, by_query):
    got = by_query(discogs, "/oauth/identity", Authorization=f"Discogs key={KEY}, secret={SECRET}")
    assert got.status_code == 401
    assert got.headers["x-discogs-ratelimit"] == "100000"
    assert got.headers["www-authenticate"].startswith("OAuth realm=")


def test_tokens_in_the_query_work_and_stay_out_of_log_and_links(discogs, owner, by_query):
    token = owner.profile.personal_token
    got = by_query(discogs, f"{PAGE}&token={token}")
    assert "folder_id" in got.json()["releases"][0]
    assert token not in got.text
    assert token not in "".join(discogs.log.lines())


@pytest.mark.parametrize("stamp", [{"timestamp": "1786000000000"}, {"nonce": "n" * 128}], ids=["milliseconds", "nonce"])
def test_identity_accepts_what_data_routes_ignore(discogs, owner, stamp):
    got = httpx.get(
        f"{discogs.url}/oauth/identity", headers=sign(discogs, owner, "/oauth/identity", **stamp), verify=False
    )
    assert (got.status_code, got.json()["username"]) == (200, "ada")


def test_identity_refuses_a_wrong_signature(discogs, owner):
    headers = sign(discogs, owner, "/oauth/identity", signed_path="/users/ada")
    assert httpx.get(f"{discogs.url}/oauth/identity", headers=headers, verify=False).status_code == 401


def test_token_calls_accept_milliseconds_and_long_nonces(discogs, owner):
    stamp = {"oauth_timestamp": "1786000000000", "oauth_nonce": "n" * 128}
    _, pair = begin(discogs, oauth_callback="oob", **stamp)
    verifier = re.search(r"class=code>(\w+)<", press(discogs, pair["oauth_token"], "allow").text)[1]
    headers = plaintext(
        token_secret=pair["oauth_token_secret"], oauth_token=pair["oauth_token"], oauth_verifier=verifier, **stamp
    )
    assert httpx.post(f"{discogs.url}/oauth/access_token", headers=headers, verify=False).status_code == 200


@pytest.mark.parametrize(
    ("callback", "location"),
    [
        ("http://h/cb?y=ü", "http://h/cb?y=%C3%BC&denied="),
        ("http://h/日本語?a=b c", "http://h/%E6%97%A5%E6%9C%AC%E8%AA%9E?a=b%20c&denied="),
        ("http://h/cb?y=%C3%BC&z=a%2Fb", "http://h/cb?y=%C3%BC&z=a%2Fb&denied="),
        ("http://h/cb?", "http://h/cb?denied="),
        ("https://h/cb#part", "https://h/cb?denied={}#part"),
    ],
)
def test_callbacks_come_back_percent_encoded(discogs, callback, location):
    _, pair = begin(discogs, oauth_callback=callback)
    got = press(discogs, pair["oauth_token"], "deny").headers["location"]
    token = pair["oauth_token"]
    assert got == (location.format(token) if "{}" in location else location + token)


@pytest.mark.parametrize(
    "callback", ["http://[h/cb", "javascript:alert(1)", "app://cb", "http://h/\r\nSet-Cookie: a=b"]
)
def test_an_unusable_callback_still_gets_a_page(discogs, callback):
    _, pair = begin(discogs, oauth_callback=callback)
    got = press(discogs, pair["oauth_token"], "deny")
    assert got.status_code in {200, 302}
    assert "set-cookie" not in got.headers


def test_quoted_commas_and_bare_values_of_the_header_are_read(discogs):
    header = (
        f'OAuth  oauth_consumer_key={KEY},oauth_nonce="n1" , oauth_signature="{SECRET}&", '
        'oauth_signature_method="PLAINTEXT", oauth_timestamp="1786000000", oauth_callback="http://h/cb?a=1,2"'
    )
    headers = {"Authorization": header, "User-Agent": "RekkrdTests/1.0"}
    got = httpx.get(f"{discogs.url}/oauth/request_token", headers=headers, verify=False)
    token = dict(parse_qsl(got.text))["oauth_token"]
    assert press(discogs, token, "deny").headers["location"].startswith("http://h/cb?a=1,2&denied=")


@pytest.mark.parametrize("name", ["token", "tok%65n", "oauth%5Ftoken", "secret"])
def test_encoded_secrets_of_a_query_stay_out_of_the_log(discogs, by_query, name):
    by_query(discogs, f"/?{name}=hidden-value&q=kept%20too")
    assert discogs.log.arrivals[-1].query == f"{name}=…&q=kept%20too"
