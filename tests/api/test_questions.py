"""Questions over HTTP: answered at once and once, by whose they are; and missing records restored."""

from uuid import uuid4

import pytest

from db import agreed, conflicts, questions, sync_log
from db.agreed import Pact
from db.albums import SHARED
from db.conflicts import RECORD

ONE = 3_000_000_001


@pytest.fixture
def execute(resources):
    def on_database(statement, *values):
        with resources.pool.transaction() as conn:
            found = conn.execute(statement, values or None)
            return found.fetchall() if found.description else []

    return on_database


@pytest.fixture
def copy(execute):
    """Store a copy on Discogs; it has no album yet."""

    def of(user_id, number=ONE, release=1):
        execute(
            "INSERT INTO rekkrd.releases (release_id, title, artist, year) VALUES (%s, 'Aja', 'Steely Dan', 1977)"
            " ON CONFLICT DO NOTHING",
            release,
        )
        execute(
            "INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id, notes)"
            " VALUES (%s, %s, %s, 1, 'n')",
            user_id,
            number,
            release,
        )
        return number

    return of


@pytest.fixture
def album(execute):
    def of(user_id, **columns):
        columns = {"title": "Aja", "artist": "Steely Dan", "year": 1977, "discogs_release_id": 1} | columns
        names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
        (row,) = execute(
            f"INSERT INTO albums (user_id, {names}) VALUES (%s, {places}) RETURNING id", user_id, *columns.values()
        )
        return row["id"]

    return of


@pytest.fixture
def duplicate(resources, copy, album):
    """A copy that may be one of two albums, and the question about it."""

    def ask(user_id):
        number = copy(user_id)
        two = [album(user_id), album(user_id)]
        details = {
            "count": 2,
            "copy": {"artist": "Steely Dan", "title": "Aja"},
            "candidates": [{"album_id": str(one)} for one in two],
        }
        with resources.pool.transaction() as conn:
            questions.ask(conn, user_id, "duplicate", {str(number): details})
        return two

    return ask


@pytest.fixture
def vanished(resources, execute, copy):
    """Two copies that a sweep did not see, one that it saw, and the question whether they are gone."""

    def ask(user_id):
        for number in (ONE, ONE + 1, ONE + 2):
            copy(user_id, number)
        execute("UPDATE rekkrd.instances SET fetched_at = now() - interval '1 day'")
        (job,) = execute(
            "INSERT INTO rekkrd.jobs (kind, lane, queue, user_id, takes_token, speaks_for_user)"
            " VALUES ('import_collection', 'import', 'import', %s, true, true) RETURNING id",
            user_id,
        )
        (sweep,) = execute(
            "INSERT INTO rekkrd.sweeps (job_id, user_id, list, try, sort, sort_order)"
            " VALUES (%s, %s, 'collection', 1, 'added', 'desc') RETURNING id",
            job["id"],
            user_id,
        )
        execute(
            "UPDATE rekkrd.instances SET seen_in = %s, fetched_at = now() WHERE instance_id = %s", sweep["id"], ONE + 2
        )
        with resources.pool.transaction() as conn:
            details = {"count": 2, "known": 3, "sweep": str(sweep["id"])}
            questions.ask(conn, user_id, "vanished", {"collection": details})
        return sweep["id"]

    return ask


def asked(client, headers, **choice):
    answer = client.get("/api/discogs/questions", params=choice, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["questions"]


def say(client, headers, question, **said):
    return client.post(f"/api/discogs/questions/{question['id']}/answer", json=said, headers=headers)


def missing(execute):
    rows = execute("SELECT instance_id FROM rekkrd.instances WHERE missing_since IS NOT NULL ORDER BY 1")
    return [row["instance_id"] for row in rows]


def test_a_question_says_what_it_asks(client, as_app, ada, duplicate, vanished):
    duplicate(ada)
    (one,) = asked(client, as_app(ada), kind="duplicate")
    assert one["sentence"] == "Aja by Steely Dan: is this copy one of 2 albums that stood here before?"
    assert len(one["details"]["candidates"]) == 2


def test_questions_are_read_in_pages(client, as_app, ada, resources):
    with resources.pool.transaction() as conn:
        questions.ask(conn, ada, "duplicate", {str(number): {} for number in range(5)})
    seen, cursor = [], None
    while True:
        given = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/discogs/questions", params=given, headers=as_app(ada)).json()
        seen += [one["subject"] for one in page["questions"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == ["0", "1", "2", "3", "4"]


def test_a_copy_is_linked_to_the_album_that_it_is(client, as_app, ada, duplicate, execute, resources):
    album_id, other = duplicate(ada)
    (one,) = asked(client, as_app(ada))
    for _ in range(2):
        answer = say(client, as_app(ada), one, album=str(album_id))
        assert (answer.status_code, answer.json()["answer"]["album"]) == (200, str(album_id))
    (row,) = execute("SELECT discogs_instance_id, discogs_notes FROM albums WHERE id = %s", album_id)
    assert row == {"discogs_instance_id": ONE, "discogs_notes": "n"}
    assert asked(client, as_app(ada)) == []
    assert say(client, as_app(ada), one, album=str(other)).json()["error"]["reason"] == "question_answered"
    assert say(client, as_app(ada), one, album=None).status_code == 409
    with resources.pool.transaction() as conn:
        (line,) = sync_log.of_user(conn, ada)
    assert (line.details["change"], line.details["evidence"]) == ("linked", "the collector's answer")


def test_a_copy_becomes_an_album_of_its_own(client, as_app, ada, duplicate, execute):
    duplicate(ada)
    (one,) = asked(client, as_app(ada))
    made = [say(client, as_app(ada), one, album=None).json()["answer"]["album"] for _ in range(2)]
    assert made[0] == made[1]
    (row,) = execute("SELECT discogs_instance_id FROM albums WHERE id = %s", made[0])
    assert row["discogs_instance_id"] == ONE
    assert len(execute("SELECT id FROM albums")) == 3


@pytest.mark.parametrize("wrong", ["anothers", "of another release", "nobody's"])
def test_an_album_that_cannot_be_the_copy_is_refused(client, as_app, ada, bob, duplicate, album, wrong, execute):
    duplicate(ada)
    given = {
        "anothers": lambda: album(bob),
        "of another release": lambda: album(ada, discogs_release_id=2),
        "nobody's": uuid4,
    }[wrong]()
    (one,) = asked(client, as_app(ada))
    answer = say(client, as_app(ada), one, album=str(given))
    assert (answer.status_code, answer.json()["error"]["reason"]) == (409, "answer_refused")
    assert execute("SELECT id FROM albums WHERE discogs_instance_id IS NOT NULL") == []
    assert len(asked(client, as_app(ada))) == 1


def test_a_copy_that_found_its_album_otherwise_is_settled(client, as_app, ada, duplicate, execute, resources):
    album_id, other = duplicate(ada)
    with resources.pool.transaction() as conn:
        agreed.upsert(conn, ada, [Pact(ONE, album_id, {})])
    (one,) = asked(client, as_app(ada))
    for said in (str(other), None):
        assert say(client, as_app(ada), one, album=said).json()["error"]["reason"] == "answer_refused"
    assert len(execute("SELECT id FROM albums")) == 2


def test_what_is_gone_is_marked_as_its_sweep_would_have(client, as_app, ada, vanished, execute):
    vanished(ada)
    (one,) = asked(client, as_app(ada))
    assert one["sentence"] == "2 of 3 records were not on Discogs at the last look. Are they gone?"
    for _ in range(2):
        assert say(client, as_app(ada), one, gone=True).json()["answer"]["marked"] == 2
    assert missing(execute) == [ONE, ONE + 1]
    assert say(client, as_app(ada), one, gone=False).status_code == 409


def test_what_was_seen_since_is_not_marked(client, as_app, ada, vanished, execute, copy):
    vanished(ada)
    execute("UPDATE rekkrd.instances SET fetched_at = now(), seen_in = NULL WHERE instance_id = %s", ONE)
    copy(ada, ONE + 3)
    (one,) = asked(client, as_app(ada))
    say(client, as_app(ada), one, gone=True)
    assert missing(execute) == [ONE + 1]


def test_what_is_not_gone_is_kept(client, as_app, ada, vanished, execute):
    vanished(ada)
    (one,) = asked(client, as_app(ada))
    assert say(client, as_app(ada), one, gone=False).status_code == 200
    assert (missing(execute), asked(client, as_app(ada))) == ([], [])


def test_an_edited_album_of_what_is_gone_becomes_a_conflict(client, as_app, ada, vanished, album, resources):
    vanished(ada)
    album_id = album(ada, discogs_instance_id=ONE, discogs_notes="ours")
    with resources.pool.transaction() as conn:
        agreed.upsert(
            conn,
            ada,
            [Pact(ONE, album_id, {"title": "Aja", "artist": "Steely Dan", "year": 1977, "discogs_notes": None})],
        )
    (one,) = asked(client, as_app(ada))
    say(client, as_app(ada), one, gone=True)
    with resources.pool.transaction() as conn:
        (found,) = conflicts.page(conn, ada)
    assert (found.clash.field, found.clash.theirs) == (RECORD, None)


def test_a_sweep_that_is_not_kept_any_more_marks_nothing(client, as_app, ada, vanished, execute):
    vanished(ada)
    execute("DELETE FROM rekkrd.jobs")
    (one,) = asked(client, as_app(ada))
    answer = say(client, as_app(ada), one, gone=True)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (409, "answer_refused")
    assert missing(execute) == []


def test_wants_that_are_gone_are_marked_too(client, as_app, ada, vanished, execute, resources):
    sweep_id = vanished(ada)
    execute("INSERT INTO rekkrd.wants (user_id, release_id, fetched_at) VALUES (%s, 1, now() - interval '1 day')", ada)
    with resources.pool.transaction() as conn:
        questions.ask(conn, ada, "vanished", {"wantlist": {"count": 1, "known": 1, "sweep": str(sweep_id)}})
    one = next(each for each in asked(client, as_app(ada)) if each["subject"] == "wantlist")
    assert say(client, as_app(ada), one, gone=True).json()["answer"]["marked"] == 1
    assert len(execute("SELECT release_id FROM rekkrd.wants WHERE missing_since IS NOT NULL")) == 1
    assert missing(execute) == []


@pytest.mark.parametrize("said", [{}, {"album": None, "gone": True}, {"gone": None}, {"album": "x"}])
def test_an_answer_says_one_thing(client, as_app, ada, duplicate, said):
    duplicate(ada)
    (one,) = asked(client, as_app(ada))
    assert say(client, as_app(ada), one, **said).status_code == 422


def test_an_answer_fits_its_question(client, as_app, ada, duplicate, vanished, resources, execute):
    duplicate(ada)
    (one,) = asked(client, as_app(ada))
    assert "an album" in say(client, as_app(ada), one, gone=True).json()["error"]["message"]
    with resources.pool.transaction() as conn:
        questions.ask(conn, ada, "vanished", {"collection": {"sweep": str(uuid4())}})
    (other,) = asked(client, as_app(ada), kind="vanished")
    assert say(client, as_app(ada), other, album=None).status_code == 422


def test_a_question_that_an_import_closed_says_why(client, as_app, ada, duplicate, resources):
    duplicate(ada)
    (one,) = asked(client, as_app(ada))
    with resources.pool.transaction() as conn:
        questions.close(conn, ada, "duplicate", [str(ONE)], "No album here can be this copy any more.")
    answer = say(client, as_app(ada), one, album=None)
    assert answer.json()["error"]["message"] == "No album here can be this copy any more."


def test_nobody_sees_or_answers_anothers_questions(client, as_app, as_operator, ada, bob, duplicate):
    duplicate(ada)
    (one,) = asked(client, as_app(ada))
    assert asked(client, as_app(bob)) == []
    assert say(client, as_app(bob), one, album=None).status_code == 404
    assert client.get(f"/api/discogs/questions?cursor={one['id']}", headers=as_app(bob)).status_code == 404
    assert client.get("/api/discogs/questions", headers=as_operator).status_code == 403


@pytest.fixture
def lost(resources, copy, album, execute):
    """A copy that is missing on Discogs, and its album."""

    def of(user_id):
        number = copy(user_id)
        album_id = album(user_id, discogs_instance_id=number)
        with resources.pool.transaction() as conn:
            agreed.upsert(conn, user_id, [Pact(number, album_id, {**dict.fromkeys(SHARED), "title": "Aja"})])
        execute("UPDATE rekkrd.instances SET missing_since = now()")
        return album_id

    return of


def restore(client, headers, number=ONE):
    return client.post(f"/api/discogs/records/{number}/restore", headers=headers)


def test_a_missing_record_is_restored_by_one_call(client, as_app, ada, lost, execute, resources):
    lost(ada)
    first, again = (restore(client, as_app(ada)) for _ in range(2))
    assert (first.json()["was_missing"], missing(execute)) == (True, [])
    assert (again.status_code, again.json()["error"]["reason"]) == (409, "restore_refused")
    with resources.pool.transaction() as conn:
        (line,) = sync_log.of_user(conn, ada)
    assert line.details["change"] == "restored"


def test_an_album_deleted_with_its_record_is_made_again_so_that_nothing_is_removed(
    client, as_app, ada, lost, execute, resources
):
    lost(ada)
    execute("DELETE FROM albums")
    assert restore(client, as_app(ada)).status_code == 200
    with resources.pool.transaction() as conn:
        pact = agreed.of_copies(conn, ada, [ONE])[ONE]
    assert pact.album is not None
    assert pact.album.fields["title"] == "Aja"


def test_a_record_that_we_removed_ourselves_is_not_restored(client, as_app, ada, lost, execute):
    lost(ada)
    execute("DELETE FROM rekkrd.agreed")
    answer = restore(client, as_app(ada))
    assert (answer.status_code, answer.json()["error"]["reason"]) == (409, "restore_refused")
    assert missing(execute) == [ONE]


def test_nobody_restores_anothers_record(client, as_app, ada, bob, lost, execute):
    lost(ada)
    assert restore(client, as_app(bob)).status_code == 404
    assert missing(execute) == [ONE]
    assert restore(client, as_app(ada), 2**63).status_code == 422
