"""Who gets in: two roles, two tokens each, compared in constant time, and no stranger."""

import hmac
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from actors.catalog import UPKEEP
from api import access
from api.access import role_of
from api.app import create_app
from api.roles import Role
from api.settings import ApiSettings
from db.jobs import NOBODY
from tests.new_jobs import enqueue
from workers.errors import NotConfigured

OLD, NEW, OPERATOR = "old-token-" + "1" * 24, "new-token-" + "2" * 24, "operator-" + "3" * 24


def settings(**tokens):
    return ApiSettings(_env_file=None, **tokens)


def test_while_one_token_replaces_another_both_open():
    both = settings(tokens_application=f"{NEW}, {OLD}", tokens_operator=OPERATOR)
    assert [role_of(token, both) for token in (OLD, NEW)] == [Role.APPLICATION] * 2
    assert role_of(OPERATOR, both) is Role.OPERATOR


@pytest.mark.parametrize("token", ["", NEW[:-1], f"{NEW}{NEW}", f"{NEW},{OLD}", "ü", "\udcff", NEW.upper()])
def test_what_is_only_near_a_token_opens_nothing(token):
    assert role_of(token, settings(tokens_application=f"{NEW},{OLD}", tokens_operator=OPERATOR)) is None


def test_every_known_token_is_compared_in_constant_time(monkeypatch):
    compared = []

    def compare(one, other):
        compared.append(other)
        return real(one, other)

    real = hmac.compare_digest
    monkeypatch.setattr(access.hmac, "compare_digest", compare)
    role_of(NEW, settings(tokens_application=f"{NEW},{OLD}", tokens_operator=OPERATOR))
    assert len(compared) == 3
    assert {len(digest) for digest in compared} == {32}


OPEN = {
    "/healthz",
    "/readyz",
    "/api/discogs/auth/begin",
    "/api/discogs/auth/callback",
    "/api/discogs/alerts/unsubscribe",
}


def test_without_a_token_nothing_but_health_and_the_browsers_pages_answers(client, ada):
    assert client.get("/healthz").status_code == 200
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, route in methods.items():
            if "security" in route:
                answer = client.request(method, path.replace("{job_id}", str(uuid4())))
                assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), path
                assert answer.json()["error"]["code"] == "unauthorised"
            else:
                assert path in OPEN


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic YTpi", "Bearer", "bearer  ", f"Token {NEW}"])
def test_another_token_is_refused(client, ada, header):
    answer = client.get("/api/jobs", headers={"Authorization": header, "X-Rekkrd-User": str(ada)})
    assert answer.status_code == 401


@pytest.mark.parametrize("user", [None, "", "ada", "ada@example.org", "1"])
def test_the_application_names_its_user_by_id(client, as_app, ada, user):
    headers = as_app(ada)
    del headers["X-Rekkrd-User"]
    if user is not None:
        headers["X-Rekkrd-User"] = user
    answer = client.get("/api/jobs", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    assert "X-Rekkrd-User" in answer.json()["error"]["message"]


def test_the_users_header_is_not_for_operators(client, as_operator, ada):
    answer = client.get("/api/jobs", headers={**as_operator, "X-Rekkrd-User": str(ada)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


def test_an_api_that_nobody_could_use_does_not_start(resources):
    with pytest.raises(NotConfigured, match="REKKRD_API_TOKENS_APPLICATION"):
        create_app(settings(), resources)


def test_one_role_is_enough(resources):
    app = create_app(settings(tokens_operator=OPERATOR), resources)
    client = TestClient(app)
    assert client.get("/api/jobs", headers={"Authorization": f"Bearer {OPERATOR}"}).status_code == 200
    assert client.get("/api/jobs", headers={"Authorization": "Bearer "}).status_code == 401


def test_the_fleets_own_work_is_nobodys_and_not_the_applications(client, as_app, resources):
    with resources.pool.transaction() as conn:
        job = enqueue(conn, UPKEEP, NOBODY).job
    for method, path in (("GET", "/api/jobs"), ("GET", f"/api/jobs/{job.id}"), ("POST", f"/api/jobs/{job.id}/cancel")):
        answer = client.request(method, path, headers=as_app(NOBODY))
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid"), path
