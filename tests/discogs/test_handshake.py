"""The three legs, and every way in which they end early."""

import logging
import re
from urllib.parse import unquote

import pytest

from discogs.errors import ApplicationRejected, Blocked, Invalid, PermitExpired, Throttled, Unavailable
from discogs.handshake import OUT_OF_BAND, RequestToken, begin, finish
from discogs.settings import DiscogsSettings

PENDING = RequestToken("req-token", "req-secret")
SECRETS = ("our-secret", "req-token", "req-secret", "the-verifier")


@pytest.fixture
def at_server(raw_server):
    return DiscogsSettings(
        api_url=raw_server.url, consumer_key="our-key", consumer_secret="our-secret", deadline_seconds=5
    )


@pytest.fixture
def answers(raw_server, answer_bytes):
    def give(body: bytes, status: str = "200 OK") -> None:
        raw_server.answer = lambda conn: conn.sendall(answer_bytes(body, status))

    return give


def oauth_parts(head: str) -> dict[str, str]:
    (header,) = re.findall(r"(?im)^authorization: (OAuth .*?)\r?$", head)
    return {key: unquote(value) for key, value in re.findall(r'(\w+)="([^"]*)"', header)}


def test_it_begins_with_our_callback_and_says_where_to_go(at_server, raw_server, answers, budget):
    answers(b"oauth_token=req%2Ftoken&oauth_token_secret=s&oauth_callback_confirmed=true")
    begun = begin(at_server, budget, "https://rekkrd.com/api/discogs/auth/callback?x=1")
    assert (begun.token, begun.secret) == ("req/token", "s")
    assert begun.authorize_url == "https://www.discogs.com/oauth/authorize?oauth_token=req%2Ftoken"
    (head,) = raw_server.heads
    parts = oauth_parts(head)
    assert head.startswith("POST /oauth/request_token HTTP/1.1")
    assert "user-agent: rekkrd/1.0 +https://rekkrd.com" in head.lower()
    assert parts["oauth_callback"] == "https://rekkrd.com/api/discogs/auth/callback?x=1"
    assert parts["oauth_signature_method"] == "HMAC-SHA1"
    assert len(parts["oauth_nonce"]) <= 64
    assert budget.endpoints == ["POST /oauth/request_token"]
    assert budget.told == [(200, None, None)]


def test_it_ends_with_the_lasting_token(at_server, raw_server, answers, budget):
    answers(b"oauth_token=lasting&oauth_token_secret=kept\n")
    token = finish(at_server, budget, PENDING, " the-verifier\n")
    assert (token.token, token.secret) == ("lasting", "kept")
    parts = oauth_parts(raw_server.heads[0])
    assert (parts["oauth_token"], parts["oauth_verifier"]) == ("req-token", "the-verifier")
    assert budget.endpoints == ["POST /oauth/access_token"]


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (("400 Bad Request", b"Invalid verifier: the-verifier"), Invalid),
        (("401 Unauthorized", b"Token req-token is expired or was used"), Invalid),
        (("401 Unauthorized", b"Invalid consumer."), ApplicationRejected),
        (("403 Forbidden", b"<html>Attention Required!</html>"), Blocked),
        (("429 Too Many", b"\n"), Throttled),
        (("500 Oops", b""), Unavailable),
        (("502 Bad Gateway", b"<html>our-secret</html>"), Unavailable),
        (("200 OK", b""), Unavailable),
        (("200 OK", b"<html>Maintenance req-secret</html>"), Unavailable),
        (("200 OK", b'{"message": "hello"}'), Unavailable),
        (("200 OK", b"oauth_token=only"), Unavailable),
        (("200 OK", b"some=thing"), Unavailable),
        (("200 OK", b"\xff\xfe"), Unavailable),
    ],
)
def test_each_refusal_at_the_end_has_its_meaning_and_tells_no_secret(at_server, answers, budget, refusal, expected):
    status, body = refusal
    answers(body, status)
    with pytest.raises(expected) as caught:
        finish(at_server, budget, PENDING, "the-verifier")
    assert type(caught.value) is expected
    shown = repr(caught.value) + str(caught.value) + caught.value.snippet
    assert not any(secret in shown for secret in SECRETS)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert caught.value.endpoint == "POST /oauth/access_token"


@pytest.mark.parametrize(
    "body", [b"Invalid consumer.", b"Parameter not found: oauth_consumer_key", b"Invalid signature."]
)
def test_a_401_at_the_beginning_is_about_our_own_key(at_server, answers, budget, body):
    answers(body, "401 Unauthorized")
    with pytest.raises(ApplicationRejected, match="DISCOGS_CONSUMER_KEY"):
        begin(at_server, budget, OUT_OF_BAND)


def test_without_a_key_nothing_is_asked(budget):
    with pytest.raises(ApplicationRejected, match="DISCOGS_CONSUMER_KEY"):
        begin(DiscogsSettings(), budget, OUT_OF_BAND)
    assert budget.endpoints == []


def test_an_empty_code_spends_no_request(at_server, budget):
    with pytest.raises(Invalid, match="empty"):
        finish(at_server, budget, PENDING, "  ")
    assert budget.endpoints == []


def test_a_dripping_answer_ends_at_the_deadline(at_server, raw_server, budget):
    def drip(conn):
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        while not raw_server.over.wait(0.02):
            conn.sendall(b"o")

    raw_server.answer = drip
    with pytest.raises(Unavailable, match="in time"):
        begin(at_server.model_copy(update={"deadline_seconds": 0.3}), budget, OUT_OF_BAND)
    assert budget.told == [(200, None, None)]


def test_a_permit_too_old_is_exchanged_here_too(at_server, answers, budget):
    answers(b"oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true")
    budget.stale = 1
    begin(at_server, budget, OUT_OF_BAND)
    assert (budget.unused, len(budget.told)) == (1, 1)
    budget.stale = 99
    with pytest.raises(PermitExpired):
        begin(at_server, budget, OUT_OF_BAND)


def test_no_secret_is_logged_at_any_level_nor_shown(at_server, answers, budget, caplog):
    caplog.set_level(logging.DEBUG)
    answers(b"oauth_token=new-token&oauth_token_secret=new-secret&oauth_callback_confirmed=true")
    begun = begin(at_server, budget, OUT_OF_BAND)
    token = finish(at_server, budget, PENDING, "the-verifier")
    for secret in (*SECRETS, "new-token", "new-secret"):
        assert secret not in caplog.text
        assert secret not in repr((begun, token, PENDING))
