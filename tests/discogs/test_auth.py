"""Signatures are computed a second time by hand, from RFC 5849."""

import base64
import hashlib
import hmac
import logging
import re
import time
from urllib.parse import parse_qsl, quote, unquote

import httpx
import pytest

from discogs.auth import Application, OAuthToken, PersonalToken, auth_for, secrets_of
from discogs.errors import ApplicationRejected
from discogs.records.search import Query
from discogs.settings import DiscogsSettings

TOKEN = OAuthToken("a-token", "a-secret")
EMPTY_PAGE = {"pagination": {"page": 1, "pages": 1, "per_page": 100, "items": 0, "urls": {}}, "results": []}


def signed_parts(request: httpx.Request) -> dict[str, str]:
    header = request.headers["authorization"]
    assert header.startswith("OAuth ")
    return {key: unquote(value) for key, value in re.findall(r'(\w+)="([^"]*)"', header)}


def expected_signature(request: httpx.Request, parts: dict[str, str], key: str) -> str:
    def enc(text: str) -> str:
        return quote(text, safe="-._~")

    query = request.url.query.decode()
    pairs = [(k, v) for k, v in parts.items() if k not in {"oauth_signature", "realm"}]
    pairs += parse_qsl(query, keep_blank_values=True)
    normal = "&".join(f"{k}={v}" for k, v in sorted((enc(k), enc(v)) for k, v in pairs))
    address = str(request.url).partition("?")[0]
    text = "&".join([request.method, enc(address), enc(normal)])
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()


def test_the_query_is_signed_unicode_spaces_and_signs_included(script):
    query = Query(q="Sigur Rós & Björk + 100% ~ (live) * 'x'/!", artist="ゆらゆら帝国", label="")
    script.client(EMPTY_PAGE).search(query)
    request = script.asked[0]
    parts = signed_parts(request)
    assert parts["oauth_signature"] == expected_signature(request, parts, "our-secret&a-secret")
    assert dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))["artist"] == "ゆらゆら帝国"


def test_a_name_with_odd_characters_is_escaped_in_the_path_and_signed_as_sent(script):
    script.client({"folders": []}).folders("a/b ?é")
    request = script.asked[0]
    parts = signed_parts(request)
    assert request.url.raw_path == b"/users/a%2Fb%20%3F%C3%A9/collection/folders"
    assert parts["oauth_signature"] == expected_signature(request, parts, "our-secret&a-secret")


def test_a_json_body_is_not_part_of_the_signature(script):
    script.client({"id": 7, "name": "é"}).create_folder("u", "é")
    request = script.asked[0]
    parts = signed_parts(request)
    assert request.headers["content-type"] == "application/json"
    assert parts["oauth_signature"] == expected_signature(request, parts, "our-secret&a-secret")


def test_method_timestamp_in_seconds_and_a_fresh_short_nonce_as_discogs_wants_them(script):
    client = script.client({"id": 1, "username": "u"})
    client.identity()
    client.identity()
    first, second = (signed_parts(request) for request in script.asked)
    assert first["oauth_signature_method"] == "HMAC-SHA1"
    assert abs(int(first["oauth_timestamp"]) - time.time()) < 3600
    assert 8 <= len(first["oauth_nonce"]) <= 64
    assert first["oauth_nonce"] != second["oauth_nonce"]


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        (PersonalToken("p-token"), "Discogs token=p-token"),
        (Application("k", "s"), "Discogs key=k, secret=s"),
        (None, "Discogs key=our-key, secret=our-secret"),
    ],
)
def test_who_does_not_sign_sends_discogs_own_header(script, credentials, header):
    script.client({"id": 1, "username": "u"}, credentials=credentials).identity()
    assert script.asked[0].headers["authorization"] == header
    assert script.asked[0].url.query == b"", "credentials in the query once got 25 a minute"


def test_without_a_key_of_ours_the_operators_token_speaks_and_without_that_nobody():
    assert auth_for(None, DiscogsSettings()) is None
    assert auth_for(None, DiscogsSettings(personal_token="p")) is not None


def test_a_collectors_token_without_a_key_of_ours_says_what_to_set():
    with pytest.raises(ApplicationRejected, match="DISCOGS_CONSUMER_KEY"):
        auth_for(TOKEN, DiscogsSettings())


@pytest.mark.parametrize("credentials", [TOKEN, PersonalToken("a-secret"), Application("k", "a-secret")])
def test_no_credentials_show_their_secret(credentials, settings):
    assert "a-secret" not in repr(credentials)
    assert "a-secret" in secrets_of(credentials, settings)


def test_signing_logs_no_secret_at_any_level(script, caplog):
    caplog.set_level(logging.DEBUG)
    script.client({"id": 1, "username": "u"}).identity()
    assert "a-token" not in caplog.text
    assert "secret" not in caplog.text
