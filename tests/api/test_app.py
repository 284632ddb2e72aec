"""The application as a whole: one shape of error, limits, documents, and no secret in logs or answers."""

import io
import logging
import re
from pathlib import Path

import pytest
import structlog

from api.errors import STATUS, Code

ROUTES = re.compile(r"^\| `(GET|POST|DELETE|PUT|PATCH)` \| `([^`]+)` \|", re.MULTILINE)
DOCUMENT = Path(__file__).parents[2] / "docs" / "http.md"


def test_what_is_not_there_and_what_does_not_fit_have_the_one_body(client):
    for method, path, status in (("GET", "/nothing", 404), ("DELETE", "/api/jobs", 405), ("GET", "/api", 404)):
        answer = client.request(method, path)
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"code", "reason", "message", "next_step"}


def test_a_stranger_hears_internal_error_and_nothing_else(client, resources, as_operator, monkeypatch):
    def broken():
        raise RuntimeError("hush")

    monkeypatch.setattr(resources.pool, "transaction", broken)
    answer = client.get("/api/jobs", headers=as_operator)
    assert answer.status_code == 500
    assert answer.json()["error"]["message"] == "Internal error."
    assert "hush" not in answer.text


@pytest.mark.parametrize("is_announced", [True, False])
@pytest.mark.parametrize(("path", "kib"), [("/api/jobs/retry", 64), ("/api/jobs", 4096)])
def test_a_body_larger_than_any_we_ask_for_is_refused(client, as_operator, is_announced, path, kib):
    def pieces():
        for _ in range(kib + 16):
            yield b" " * 1024

    body = b" " * (kib + 16) * 1024 if is_announced else pieces()
    answer = client.post(path, content=body, headers={**as_operator, "Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert f"{kib} KiB" in answer.json()["error"]["next_step"]
    within = client.post(path, content=b" " * kib * 1024, headers={**as_operator, "Content-Type": "application/json"})
    assert within.status_code == 422


def test_the_document_names_every_route_with_its_token(client):
    said = set(ROUTES.findall(DOCUMENT.read_text(encoding="utf-8")))
    paths = client.get("/openapi.json").json()["paths"]
    assert said == {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_the_document_names_every_code_and_reason():
    from api import meanings

    text = DOCUMENT.read_text(encoding="utf-8")
    assert [code for code in Code if f"`{code}`" not in text] == []
    assert [meaning.reason for _, meaning in meanings._MEANINGS if f"`{meaning.reason}`" not in text] == []


def test_openapi_is_complete(client):
    said = client.get("/openapi.json").json()
    assert set(said["components"]["securitySchemes"]) == {"token", "user"}
    for path, methods in said["paths"].items():
        for method, route in methods.items():
            where = f"{method} {path}"
            assert route["summary"], where
            assert route["description"], where
            assert route["tags"], where
            if "security" in route:
                assert {"401", "422", "503"} <= set(route["responses"]), where
                assert all(
                    "ErrorBody" in str(answer["content"])
                    for status, answer in route["responses"].items()
                    if status > "400"
                ), where


def test_the_interactive_document_is_served(client):
    assert "swagger" in client.get("/docs").text.lower()


def test_every_code_has_its_status():
    assert set(STATUS) == set(Code)


@pytest.fixture
def written():
    """Everything that is logged, by structlog and by libraries, at every level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.PrintLoggerFactory(stream)
    )
    yield stream
    structlog.reset_defaults()
    root.removeHandler(handler)
    root.setLevel(level)


def test_no_secret_reaches_a_log_or_an_answer(written, client, browser, discogs, as_app, as_operator, ada, query_of):
    begun = client.post("/api/discogs/auth/request-token", headers=as_app(ada)).json()
    token, ticket = begun["request_token"], query_of(begun["begin_url"])["ticket"]
    verifier = discogs.allow(token)
    with browser() as hers:
        hers.get(begun["begin_url"])
        hers.post(begun["begin_url"])
        cookie = next(iter(hers.cookies.values()))
        pages = [hers.get(f"/api/discogs/auth/callback?oauth_token={token}&oauth_verifier={verifier}").text]
    said = [
        client.post(
            "/api/discogs/auth/complete", json={"request_token": token, "verifier": verifier}, headers=as_app(ada)
        ).text,
        client.post("/api/jobs", json={"kind": "import_collection"}, headers=as_app(ada)).text,
        client.get("/api/jobs", headers=as_operator).text,
        client.get("/api/jobs", headers={"Authorization": "Bearer guessed-token"}).text,
    ]
    log = written.getvalue()
    assert '"event": "request"' in log
    secrets = [
        as_app(ada)["Authorization"].removeprefix("Bearer "),
        as_operator["Authorization"].removeprefix("Bearer "),
        "guessed-token",
        "our-consumer-secret",
        "top-secret",
        f"access-{token}",
        verifier,
        ticket,
        cookie,
    ]
    own = "".join(line for line in log.splitlines(keepends=True) if not line.startswith("HTTP Request:"))
    for secret in secrets:
        assert secret not in own
        assert secret not in "".join(said + pages)


def test_a_body_without_its_content_type_is_told_which_to_send(client, as_operator):
    for kind in ({}, {"Content-Type": "text/plain"}):
        answer = client.post("/api/jobs", content=b'{"kind": "upkeep"}', headers={**as_operator, **kind})
        assert answer.status_code == 422
        assert answer.json()["error"]["next_step"] == "Send `Content-Type: application/json`."
