"""Usage over HTTP: the application sees its user's, an operator everybody's."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from db import usage
from db.usage import Use

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture
def spent(resources, ada, bob):
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    with resources.pool.transaction() as conn:
        counts = {
            Use(NOON, ada, "import", "import_collection", "GET /a"): 100,
            Use(NOON, ada, "interactive", "door", "GET /b"): 4,
            Use(NOON, bob, "import", "import_wantlist", "GET /c"): 10,
            Use(NOON, None, "background", "program:shop", "GET /a"): 1,
            Use(now, ada, "import", "import_collection", "GET /a"): 7,
            Use(now - timedelta(minutes=90), bob, "import", "import_collection", "GET /a"): 5,
        }
        usage.add(conn, uuid4(), counts)


def parts(answer) -> list[tuple[str | None, int]]:
    assert answer.status_code == 200, answer.text
    return [(part["name"], part["requests"]) for part in answer.json()["parts"]]


def test_the_application_sees_the_month_of_its_user(client, spent, as_app, ada):
    answer = client.get("/api/usage?month=2026-03", headers=as_app(ada))
    assert answer.json() == {
        "month": "2026-03",
        "time_zone": "UTC",
        "requests": 104,
        "imports": 0,
        "syncs": 0,
        "by": "kind",
        "parts": [{"name": "import_collection", "requests": 100}, {"name": "door", "requests": 4}],
        "rest": 0,
    }
    assert parts(client.get("/api/usage?month=2026-03&by=lane", headers=as_app(ada))) == [
        ("import", 100),
        ("interactive", 4),
    ]


@pytest.mark.parametrize("query", ["user=bob", "by=user"])
@pytest.mark.parametrize("path", ["/api/usage", "/api/usage/minutes"])
def test_the_application_sees_nobody_elses(client, spent, as_app, ada, path, query):
    answer = client.get(f"{path}?{query}", headers=as_app(ada))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


def test_an_operator_sees_everybodys_in_parts_and_one_users_by_name(client, spent, as_operator, ada, bob):
    by_user = client.get("/api/usage?month=2026-03&by=user&limit=2", headers=as_operator)
    assert parts(by_user) == [(str(ada), 104), (str(bob), 10)]
    assert (by_user.json()["requests"], by_user.json()["rest"]) == (115, 1)
    assert parts(client.get("/api/usage?month=2026-03&by=endpoint", headers=as_operator))[0] == ("GET /a", 101)
    assert parts(client.get("/api/usage?month=2026-03&user=bob", headers=as_operator)) == [("import_wantlist", 10)]
    assert client.get("/api/usage?user=nobody-at-all", headers=as_operator).status_code == 404


def test_without_a_month_it_is_the_present_one(client, spent, as_app, ada):
    said = client.get("/api/usage", headers=as_app(ada)).json()
    assert (said["month"], said["requests"]) == (f"{datetime.now(UTC):%Y-%m}", 7)


@pytest.mark.parametrize("month", ["2026-13", "2026-3", "0000-01", "march", "2026-03-01"])
def test_a_month_is_named_like_2026_11(client, as_operator, month):
    assert client.get(f"/api/usage?month={month}", headers=as_operator).status_code == 422


def test_the_last_minutes_one_by_one(client, spent, as_app, as_operator, ada):
    def minutes(query, headers):
        found = client.get(f"/api/usage/minutes?{query}", headers=headers).json()["minutes"]
        return [(each["name"], each["requests"]) for each in found]

    assert minutes("last=60", as_app(ada)) == [("import", 7)]
    assert minutes("last=180&by=kind", as_operator) == [("import_collection", 5), ("import_collection", 7)]
    assert minutes("last=180&by=kind", as_app(ada)) == [("import_collection", 7)]
    assert client.get("/api/usage/minutes?last=181", headers=as_operator).status_code == 422


def test_a_month_is_read_a_page_at_a_time(client, spent, as_operator):
    def page(skip):
        return client.get(f"/api/usage?month=2026-03&by=endpoint&limit=2&skip={skip}", headers=as_operator)

    assert [parts(page(skip)) for skip in (0, 2, 4)] == [[("GET /a", 101), ("GET /c", 10)], [("GET /b", 4)], []]
    assert [page(skip).json()["rest"] for skip in (0, 2, 4)] == [4, 111, 115]


def test_minutes_of_any_time_that_is_kept(client, spent, as_operator):
    def requests(query):
        answer = client.get(f"/api/usage/minutes?{query}", headers=as_operator)
        assert answer.status_code == 200, answer.text
        return [each["requests"] for each in answer.json()["minutes"]]

    assert requests("last=1&until=2026-03-31T12:00:59Z") == [110, 4, 1]
    assert requests("last=1&until=2026-03-31T14:00:00%2B02:00") == [110, 4, 1]
    assert requests("last=1&until=2026-03-31T12:01:00Z") == []
    assert requests("last=2&until=2026-03-31T12:01:00Z") == [110, 4, 1]
    assert requests("until=2026-03-31T11:59:59Z") == []
    assert requests("until=0001-01-01T00:00:00Z") == requests("until=9999-12-31T23:59:59Z") == []


def test_a_moment_without_a_zone_is_refused(client, as_operator):
    assert client.get("/api/usage/minutes?until=2026-03-31T12:00", headers=as_operator).status_code == 422


def test_what_a_door_asks_of_discogs_is_counted_for_its_user(client, resources, as_app, ada):
    client.post("/api/discogs/auth/request-token", headers=as_app(ada))
    assert resources.usage.flush()
    said = client.get("/api/usage?by=endpoint", headers=as_app(ada)).json()
    assert said["requests"] == 1
    assert parts(client.get("/api/usage?by=kind", headers=as_app(ada))) == [("door", 1)]
    assert parts(client.get("/api/usage?by=lane", headers=as_app(ada))) == [("interactive", 1)]
