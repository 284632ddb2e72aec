"""Every operation of the API, asked by a generator that reads only its OpenAPI: nothing breaks it, most of it works."""

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from actors.alerting import alerts
from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST
from api.app import create_app
from api.settings import ApiSettings
from db import conflicts, jobs, prices, questions
from db.conflicts import RECORD, Clash
from db.prices import Fresh
from tests.new_jobs import enqueue
from workers.resources import Resources

EXAMPLES = 12
REACHED = 0.8
CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
ROWS = (
    "INSERT INTO rekkrd.releases (release_id, title, artist) VALUES (7, 'Aja', 'Steely Dan') ON CONFLICT DO NOTHING",
    (
        "INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id) VALUES (%(user)s, 7, 7, 1) "
        "ON CONFLICT DO NOTHING"
    ),
    "INSERT INTO rekkrd.wants (user_id, release_id, missing_since) VALUES (%(user)s, 7, now()) ON CONFLICT DO NOTHING",
)
AWAY = {503}  # a room is away, not broken: who is asked for a verifier has none here


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, api_settings: ApiSettings, request: pytest.FixtureRequest) -> Any:
    """The API with a real limiter, whose window is a tenth."""
    monkeypatch.setenv("DISCOGS_WINDOW_SECONDS", "6")
    monkeypatch.setenv("REKKRD_SEND_DEADLINE_SECONDS", "0.5")
    return create_app(api_settings, request.getfixturevalue("opened"))


@pytest.fixture
def finished(app: Any, resources: Resources, ada: UUID, connect: Callable[..., None]) -> Callable[[], UUID]:
    """A user who is connected, with a job that waits; and a job that is over, another one for each operation."""

    def finish() -> UUID:
        connect(ada)
        with resources.pool.transaction() as conn:
            over = enqueue(conn, IMPORT_COLLECTION, ada).job.id
            jobs.cancel(conn, over)
            enqueue(conn, IMPORT_WANTLIST, ada)
        return over

    return finish


@pytest.fixture
def taken_grant(app: Any, opened: Resources, api_settings: ApiSettings, as_operator: dict[str, str]) -> str:
    """A token that another program took, at another process of ours."""
    with TestClient(create_app(api_settings, opened)) as client:
        answer = client.post("/api/limiter/tokens", json={"program": "shop"}, headers=as_operator)
    return str(answer.json()["grant"])


@pytest.fixture
def there(resources: Resources, ada: UUID) -> Callable[[], dict[str, str]]:
    """A copy on Discogs with its prices and an alert, a conflict about it, and whether others went away: asked.

    Made anew for each operation: one before may have decided, removed or forgotten it.
    """

    def make() -> dict[str, str]:
        clash = Clash(7, 7, None, RECORD, has_base=True, base={}, ours={}, theirs=None)
        with resources.pool.transaction() as conn:
            conn.execute("UPDATE profiles SET tier = 'archivist' WHERE id = %s", [ada])
            for statement in ROWS:
                conn.execute(statement, {"user": ada})
            conflicts.keep(conn, ada, [clash])
            questions.ask(conn, ada, "vanished", {"collection": {"count": 30, "known": 1000}})
            (conflict,), (question,) = conflicts.page(conn, ada, is_open=True), questions.open_of(conn, ada)
            alert, _ = alerts.create(conn, ada, 7, target=Decimal(20))
            for what in ("stats", "suggestions"):
                prices.store(conn, 7, what, Fresh("no_price", None, None, None, timedelta(days=1)))
        return {
            "conflict_id": str(conflict.id),
            "question_id": str(question.id),
            "alert_id": str(alert.id),
            "instance_id": "7",
            "release_id": "7",
        }

    return make


def ask(operation: Any, headers: dict[str, str], known: dict[str, str] | None) -> set[int]:
    """Call one operation with what its document allows, hold each answer against it, and return the statuses."""
    statuses = set()
    as_shown = operation.get_strategies_from_examples(path_parameters=known)

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategies.one_of(*as_shown, operation.as_strategy(path_parameters=known)))
    def call(case: Any) -> None:
        answer = case.call(headers=headers)
        statuses.add(answer.status_code)
        if answer.status_code not in AWAY:
            case.validate_response(answer, checks=CHECKS)

    call()
    return statuses


@pytest.mark.hypothesis
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # the API's own threads do, beside the generator
def test_no_operation_breaks_and_most_reach_what_they_are_for(
    app: Any,
    finished: Callable[[], UUID],
    taken_grant: str,
    there: Callable[[], dict[str, str]],
    ada: UUID,
    as_app: Callable[[UUID], dict[str, str]],
    as_operator: dict[str, str],
) -> None:
    """As the application and as the operator; what comes back stands in the document, and is as it says."""
    statuses: dict[str, set[int]] = defaultdict(set)
    for found in schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations():
        operation = found.ok()
        existing = {"job_id": str(finished()), "grant": taken_grant, **there()}
        known = {name: value for name, value in existing.items() if f"{{{name}}}" in operation.path} or None
        for headers in (as_app(ada), as_operator):
            statuses[operation.label] |= ask(operation, headers, known)
    unreached = {label: sorted(seen) for label, seen in statuses.items() if not any(200 <= one < 300 for one in seen)}
    assert len(unreached) <= (1 - REACHED) * len(statuses), unreached
