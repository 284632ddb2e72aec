"""Strict input, generated from the OpenAPI document: JSON types are not converted, and broken text is refused."""

from uuid import uuid4

import anyio
import httpx
import pytest

BROKEN_BYTES = ["%00", "%80", "a%FFb", "%ED%A0%80"]  # the last is half a surrogate pair, in UTF-8's form
BROKEN_TEXTS = ["a\0b", "\ud800", "\udcff"]
# JSON values that are not of a schema's type although a lenient parser would convert them.
NOT_OF_TYPE = {
    "boolean": [0, 1, "true", "yes", 1.0],
    "integer": [True, False, "5", 5.5],
    "number": [True, False, "5"],
    "date-time": [30, 1_700_000_000, 1.5, "30", "1700000000", True, "2026-12-01"],
    "string": [5, True],
}
NOT_OF_TYPE_IN_QUERY = {
    "boolean": ["0", "1", "yes", "on", "True"],
    "integer": ["true", "1.0", "1_0", "+1", " 1", "1e2"],
    "number": ["true", "false"],
    "date-time": ["30", "1700000000", "1.5", "2026-12-01", "2026-12-01T00:00"],
}


def types_of(schema, document):
    """Return the JSON types, or the format date-time, that a schema names, without null."""
    if "$ref" in schema:
        return types_of(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    if "anyOf" in schema:
        return {name for one in schema["anyOf"] for name in types_of(one, document)} - {"null"}
    return {"date-time" if schema.get("format") == "date-time" else schema.get("type", "any")}


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def fields(document):
    """Yield each field of each JSON body: method, path, name, types."""
    for method, path, operation in operations(document):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        for one in (body.get("anyOf") or body.get("oneOf") or [body]) if body else []:
            if "$ref" in one:
                model = document["components"]["schemas"][one["$ref"].rpartition("/")[2]]
                for name, schema in model.get("properties", {}).items():
                    yield method, path, name, types_of(schema, document)


def filled(path):
    for name in ("release_id", "instance_id"):
        path = path.replace(f"{{{name}}}", "7")
    path = path.replace("{lane}", "import").replace("{name}", "push_changes")
    return "/".join(str(uuid4()) if part.startswith("{") else part for part in path.split("/"))


@pytest.fixture
def document(app):
    return app.openapi()


def refusal(answer):
    assert answer.status_code == 422, (answer.request.method, str(answer.request.url), answer.text)
    return answer.text


def as_both(as_app, as_operator, ada):
    return as_app(ada), as_operator


def test_no_field_of_a_body_converts_another_type(client, document, as_app, as_operator, ada):
    looked_at = 0
    for method, path, name, types in fields(document):
        if len(types) != 1 or not types <= NOT_OF_TYPE.keys():
            continue
        for wrong in NOT_OF_TYPE[next(iter(types))]:
            looked_at += 1
            said = []
            for headers in as_both(as_app, as_operator, ada):
                answer = client.request(method, filled(path), json={name: wrong}, headers=headers)
                assert answer.status_code in (403, 422), (method, path, name, wrong, answer.text)
                said.append(answer.text)
            assert any(name in one for one in said), (method, path, name, wrong, said)
    assert looked_at > 100


def test_no_query_parameter_converts_another_type(client, document, as_app, as_operator, ada):
    looked_at = 0
    for method, path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            types = types_of(parameter["schema"], document)
            if parameter["in"] != "query" or len(types) != 1 or not types <= NOT_OF_TYPE_IN_QUERY.keys():
                continue
            for wrong in NOT_OF_TYPE_IN_QUERY[next(iter(types))]:
                looked_at += 1
                where = (method, filled(path))
                said = [
                    client.request(*where, params={parameter["name"]: wrong}, headers=headers)
                    for headers in as_both(as_app, as_operator, ada)
                ]
                assert {one.status_code for one in said} <= {403, 422}, (*where, parameter["name"], wrong)
                assert any(parameter["name"] in one.text for one in said), (*where, parameter["name"], wrong)
    assert looked_at > 50


@pytest.mark.parametrize("broken", BROKEN_BYTES)
def test_broken_text_in_a_query_or_path_is_refused(client, document, as_app, as_operator, ada, broken):
    for method, path, operation in operations(document):
        for headers in as_both(as_app, as_operator, ada):
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query":
                    refusal(client.request(method, f"{filled(path)}?{parameter['name']}={broken}", headers=headers))
                if parameter["in"] == "path":
                    refusal(client.request(method, path.replace(f"{{{parameter['name']}}}", broken), headers=headers))


@pytest.mark.parametrize("broken", [b"a\x80", b"\xff", b"a\0b"])
@pytest.mark.parametrize("header", ["X-Rekkrd-User", "X-Rekkrd-Operator", "Idempotency-Key", "Last-Event-ID"])
def test_broken_text_in_a_header_of_ours_is_refused(app, as_operator, header, broken):
    async def get():  # Starlette's own test client would encode the bytes anew
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as raw:
            return await raw.get("/api/jobs", headers=[*as_operator.items(), (header, broken)])

    assert header.lower() in refusal(anyio.run(get))


@pytest.mark.parametrize("broken", BROKEN_TEXTS)
def test_broken_text_in_a_body_is_refused(client, document, as_app, as_operator, ada, broken):
    looked_at = 0
    for method, path, name, types in fields(document):
        if "string" not in types:
            continue
        for headers in as_both(as_app, as_operator, ada):
            escaped = "".join(f"\\u{ord(sign):04x}" for sign in broken)
            sent = f'{{"{name}": "{escaped}"}}'
            answer = client.request(
                method, filled(path), content=sent, headers={**headers, "Content-Type": "application/json"}
            )
            assert answer.status_code in (403, 422), (method, path, name, answer.text)
            looked_at += answer.status_code == 422
    assert looked_at > 10


@pytest.mark.parametrize("sent", [b'{"kind": "\xff"}', b"\xff\xfe", b'{"kind": "\xed\xa0\x80"}'])
def test_a_body_that_is_not_utf_8_is_a_documented_422(client, document, as_operator, sent):
    for method, path, operation in operations(document):
        if "requestBody" in operation:
            headers = {**as_operator, "Content-Type": "application/json"}
            answer = client.request(method, filled(path), content=sent, headers=headers)
            assert answer.status_code in (403, 422), answer.text


def test_the_reported_slip_removes_no_job(client, as_operator):
    body = {"newer_than": 30, "states": ["completed"], "dry_run": True}
    assert "newer_than" in refusal(client.post("/api/jobs/remove", json=body, headers=as_operator))


def test_a_message_has_no_prefix_of_the_validator(client, as_operator):
    assert "Value error" not in refusal(client.post("/api/jobs/retry", json={}, headers=as_operator))


def test_a_browser_gets_a_page_when_its_query_is_wrong(client):
    for query in ("oauth_token=%FF", f"oauth_token={'x' * 8000}"):
        answer = client.get(f"/api/discogs/auth/callback?{query}")
        assert refusal(answer)
        assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("name", ["kind", "error_class"])
def test_a_filter_over_jobs_lists_the_valid_values(client, as_operator, name):
    body = {name: "no_such", "dry_run": True}
    said = [client.post(f"/api/jobs/{verb}", json=body, headers=as_operator) for verb in ("retry", "cancel", "remove")]
    for answer in (client.get("/api/jobs", params={name: "no_such"}, headers=as_operator), *said):
        assert "no_such" in refusal(answer)
        assert answer.json()["error"]["reason"] == "unknown_value"
        assert ("import_collection" if name == "kind" else "Unavailable") in answer.json()["error"]["next_step"]


def test_a_reason_with_an_escape_sequence_is_refused(client, as_operator):
    for path in ("/api/queues/import/pause", "/api/schedule/push_changes/pause", "/api/limiter/brake"):
        body = {"reason": "x\x1b[2K", "for_seconds": 60}
        assert "control character" in refusal(client.put(path, json=body, headers=as_operator))
