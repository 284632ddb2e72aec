"""An export over HTTP: streamed as lines of JSON, to the user whose it is."""

import json
from uuid import uuid4

EXPORT = "/api/discogs/export"


def test_an_export_is_a_file_of_lines_for_the_user_whose_it_is(client, as_app, as_operator, ada, bob, resources):
    notes = "tab\t ☃ \r\n end "
    with resources.pool.transaction() as conn:
        conn.execute("INSERT INTO rekkrd.releases (release_id, title, artist) VALUES (5000000000, 'T', 'A')")
        conn.execute(
            "INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id, notes) "
            "VALUES (%s, 1, %s, 1, %s)",
            [ada, 5_000_000_000, notes],
        )
    answer = client.get(EXPORT, headers=as_app(ada))
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"].startswith('attachment; filename="discogs-')
    lines = [json.loads(line) for line in answer.text.removesuffix("\n").split("\n")]
    (copy,) = [line for line in lines if line["type"] == "copy"]
    assert (copy["data"]["notes"], copy["release"]["release_id"]) == (notes, 5_000_000_000)
    assert lines[-1] == {"type": "end", "lines": len(lines) - 2}
    assert '"copy"' not in client.get(EXPORT, headers=as_app(bob)).text
    assert client.get(EXPORT, headers=as_operator).status_code == 403
    assert client.get(EXPORT, headers=as_app(uuid4())).status_code == 404
