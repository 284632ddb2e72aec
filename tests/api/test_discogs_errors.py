"""Every Discogs error on every route that reaches Discogs: a documented answer, never an internal error."""

import inspect

import pytest

from api.errors import Code
from discogs import client as discogs_client
from discogs import errors as discogs_errors
from discogs import handshake as discogs_handshake
from discogs.errors import DiscogsError, PermitExpired, Unavailable

AUTH = "/api/discogs/auth"
KINDS = [
    kind
    for _, kind in inspect.getmembers(discogs_errors, inspect.isclass)
    if issubclass(kind, (DiscogsError, PermitExpired))
]
POSTS = {f"{AUTH}/request-token"}
# Found by calling all routes; a route that begins to reach Discogs fails the test until it is listed.
REACH_DISCOGS = {
    f"POST {AUTH}/request-token",
    "GET /api/collection/value",
    "GET /api/discogs/marketplace/price/{release_id}",
    "GET /api/discogs/marketplace/stats/{release_id}",
}


@pytest.fixture
def broken(monkeypatch):
    """Let every request to Discogs raise; returns a list of the endpoints that were asked."""

    def by(kind):
        asked = []
        monkeypatch.setattr(discogs_client, "exchange", _refusing(kind, asked))
        monkeypatch.setattr(discogs_handshake, "exchange", _refusing(kind, asked))
        return asked

    return by


def _refusing(kind, asked):
    def refuse(*_, endpoint, **__):
        asked.append(endpoint)
        raise kind("hush")

    return refuse


def is_answered(answer, operation):
    assert answer.status_code < 500 or answer.status_code == 503, (operation, answer.text)
    assert str(answer.status_code) in operation["responses"], answer.text
    if answer.headers["content-type"] == "application/json" and answer.status_code >= 400:
        error = answer.json()["error"]
        assert error["code"] != Code.INTERNAL
        assert error["next_step"]
        assert ("Retry-After" in answer.headers) == (answer.status_code == 503)


def test_the_list_of_routes_that_reach_discogs_is_complete(client, app, as_app, ada, connect, broken):
    connect(ada)
    asked, reached = broken(Unavailable), set()
    for path, methods in app.openapi()["paths"].items():
        for method in {"get", *(["post"] if path in POSTS else [])} & methods.keys():
            before = len(asked)
            if not path.endswith("/events"):
                client.request(method, path.replace("{release_id}", "7"), headers=as_app(ada))
            if len(asked) > before:
                reached.add(f"{method.upper()} {path}")
    assert reached == REACH_DISCOGS


def test_each_route_answers_every_discogs_error(client, app, as_app, ada, connect, broken):
    connect(ada)
    paths = app.openapi()["paths"]
    for release_id, kind in enumerate(KINDS, 1):
        asked = broken(kind)
        for operation in sorted(REACH_DISCOGS):
            method, path = operation.split(" ")
            answer = client.request(method, path.replace("{release_id}", str(release_id)), headers=as_app(ada))
            is_answered(answer, paths[path][method.lower()])
        assert asked, kind.__name__


def test_the_end_of_an_oauth_flow_answers_every_discogs_error(client, app, as_app, ada, discogs, browser, monkeypatch):
    paths = app.openapi()["paths"]
    for kind in KINDS:
        begun = [client.post(f"{AUTH}/request-token", headers=as_app(ada)).json() for _ in range(2)]
        with browser() as person, monkeypatch.context() as patched:
            person.post(begun[1]["begin_url"])
            asked = []
            patched.setattr(discogs_handshake, "exchange", _refusing(kind, asked))
            body = {"request_token": begun[0]["request_token"], "verifier": "v"}
            answer = client.post(f"{AUTH}/complete", json=body, headers=as_app(ada))
            is_answered(answer, paths[f"{AUTH}/complete"]["post"])
            query = {"oauth_token": begun[1]["request_token"], "oauth_verifier": "v"}
            is_answered(person.get(f"{AUTH}/callback", params=query), paths[f"{AUTH}/callback"]["get"])
        assert asked == ["POST /oauth/access_token"] * 2


@pytest.mark.parametrize(
    "refusal",
    [
        (400, "Invalid signature. Expected basestring is …"),
        (401, "Invalid signature."),
        (403, '{"message": "no"}'),
        (422, "Invalid callback"),
    ],
)
def test_a_refused_sign_in_request_names_our_keys(client, as_app, ada, discogs, monkeypatch, refusal):
    monkeypatch.setattr(discogs, "answer", lambda *_: refusal)
    answer = client.post(f"{AUTH}/request-token", headers=as_app(ada))
    assert (answer.status_code, answer.json()["error"]["reason"]) == (503, "discogs_rejected_us")
    assert "DISCOGS_CONSUMER_KEY" in answer.json()["error"]["next_step"]


@pytest.mark.parametrize("part", ["oauth_token", "oauth_token_secret"])
def test_an_endless_request_token_is_not_accepted(client, as_app, ada, discogs, monkeypatch, part):
    said = {"oauth_token": "t", "oauth_token_secret": "s", part: "x" * 100_000}
    monkeypatch.setattr(discogs, "answer", lambda *_: (200, "&".join(f"{key}={text}" for key, text in said.items())))
    answer = client.post(f"{AUTH}/request-token", headers=as_app(ada))
    assert (answer.status_code, answer.json()["error"]["reason"]) == (503, "discogs_unavailable")


def test_an_endless_verifier_spends_no_request(client, as_app, ada, discogs):
    begun = client.post(f"{AUTH}/request-token", headers=as_app(ada)).json()
    asked = len(discogs.asked)
    for verifier in ("x" * 201, "x" * 50_000):
        body = {"request_token": begun["request_token"], "verifier": verifier}
        assert client.post(f"{AUTH}/complete", json=body, headers=as_app(ada)).status_code == 422
    assert len(discogs.asked) == asked
