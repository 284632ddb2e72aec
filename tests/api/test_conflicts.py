"""Conflicts over HTTP: read with both sides, decided one or many, and the rules that decide in their place."""

from typing import get_args
from uuid import uuid4

import pytest

from actors.comparing.differing import words
from actors.comparing.resolving import resolve
from api.models.conflicts import FieldName
from db import agreed, albums, conflicts, sync_log, wantlist
from db.agreed import Pact
from db.albums import SHARED
from db.conflicts import RECORD, WANT_RECORD, Clash

BLANK = dict.fromkeys(SHARED)


@pytest.fixture
def clash(resources):
    """Make a record of which fields changed here and on Discogs; ``sides`` has base, ours and theirs by field."""

    def make(user_id, number, /, **sides):
        with resources.pool.transaction() as conn:
            conn.execute(
                "INSERT INTO rekkrd.releases (release_id, title, artist) VALUES (%s, 'Aja', 'Steely Dan')"
                " ON CONFLICT DO NOTHING",
                [number],
            )
            conn.execute(
                "INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id) VALUES (%s, %s, %s, 1)",
                [user_id, number, number],
            )
            ours = {**BLANK, "title": "Aja", "artist": "Steely Dan"} | {name: side[1] for name, side in sides.items()}
            album_id = albums.create(conn, user_id, {number: ours})[number]
            base = {**ours} | {name: side[0] for name, side in sides.items()}
            agreed.upsert(conn, user_id, [Pact(number, album_id, base)])
            conflicts.keep(
                conn,
                user_id,
                [Clash(number, number, album_id, name, True, *side) for name, side in sides.items()],
            )
        return album_id

    return make


def read(client, headers, **choice):
    answer = client.get("/api/discogs/conflicts", params=choice, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def take(client, headers, conflict, side):
    return client.post(f"/api/discogs/conflicts/{conflict['id']}/resolve", json={"take": side}, headers=headers)


def many(client, headers, **body):
    return client.post("/api/discogs/conflicts/resolve", json=body, headers=headers)


def state(resources, album_id, field):
    with resources.pool.transaction() as conn:
        row = conn.execute(
            "SELECT to_jsonb(album) -> %s AS album, pact.fields -> %s AS base"
            " FROM albums AS album JOIN rekkrd.agreed AS pact ON pact.album_id = album.id WHERE album.id = %s",
            [field, field, album_id],
        ).fetchone()
    return row["album"], row["base"]


def test_a_conflict_shows_both_sides_the_base_and_the_record(client, as_app, ada, clash):
    album_id = clash(ada, 1, media_condition=("VG+", "NM", "VG"))
    said = read(client, as_app(ada))
    (one,) = said["conflicts"]
    assert (one["base"], one["ours"], one["theirs"], one["has_base"]) == ("VG+", "NM", "VG", True)
    assert (one["artist"], one["title"], one["album_id"]) == ("Steely Dan", "Aja", str(album_id))
    assert (one["words"], said["open"], said["next_cursor"]) == (None, 1, None)


def test_notes_come_with_the_words_that_differ(client, as_app, ada, clash):
    clash(ada, 1, discogs_notes=("", "from my uncle, loud", "from my aunt,  loud"))
    (one,) = read(client, as_app(ada))["conflicts"]
    assert [(part["side"], part["text"]) for part in one["words"] if part["text"].strip()] == [
        ("both", "from my "),
        ("ours", "uncle, "),
        ("theirs", "aunt,  "),
        ("both", "loud"),
    ]


def test_either_text_can_be_read_from_the_difference_byte_for_byte():
    ours, theirs = " a  b\r\nc d ", "a b\nc  d e"
    parts = words(ours, theirs)
    assert "".join(part.text for part in parts if part.side != "theirs") == ours
    assert "".join(part.text for part in parts if part.side != "ours") == theirs
    assert words("word " * 1001, "") is None


def test_conflicts_are_read_in_pages_and_by_what_they_have_in_common(client, as_app, ada, clash):
    first = clash(ada, 1, media_condition=("a", "b", "c"), title=("a", "b", "c"))
    clash(ada, 2, media_condition=("a", "b", "c"))
    seen, cursor = [], None
    while True:
        page = read(client, as_app(ada), limit=1, **({"cursor": cursor} if cursor else {}))
        seen += [(one["instance_id"], one["field"]) for one in page["conflicts"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == [(1, "media_condition"), (1, "title"), (2, "media_condition")]
    assert read(client, as_app(ada), field="media_condition")["open"] == 2
    assert {one["instance_id"] for one in read(client, as_app(ada), album=str(first))["conflicts"]} == {1}
    assert read(client, as_app(ada), open=False)["conflicts"] == []


@pytest.mark.parametrize(("side", "after"), [("theirs", ("VG", "VG")), ("ours", ("NM", "VG"))])
def test_a_side_is_taken_once_and_again_is_the_same(client, as_app, ada, clash, resources, side, after):
    album_id = clash(ada, 1, media_condition=("VG+", "NM", "VG"))
    (one,) = read(client, as_app(ada))["conflicts"]
    for _ in range(2):
        answer = take(client, as_app(ada), one, side)
        assert (answer.status_code, answer.json()["resolution"]) == (200, side)
    assert state(resources, album_id, "media_condition") == after
    with resources.pool.transaction() as conn:
        (line,) = sync_log.of_user(conn, ada)
    assert (line.action, line.details["take"], line.details["ours"]) == ("conflict", side, "NM")
    other = take(client, as_app(ada), one, "ours" if side == "theirs" else "theirs")
    assert (other.status_code, other.json()["error"]["reason"]) == (409, "conflict_over")
    assert read(client, as_app(ada), open=True)["conflicts"] == []


def test_an_album_that_changed_meanwhile_is_shown_before_it_is_decided(client, as_app, ada, clash, resources):
    clash(ada, 1, media_condition=("VG+", "NM", "VG"))
    (one,) = read(client, as_app(ada))["conflicts"]
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE albums SET media_condition = 'M'")
    answer = take(client, as_app(ada), one, "theirs")
    assert (answer.status_code, answer.json()["error"]["reason"]) == (409, "conflict_changed")
    (now,) = read(client, as_app(ada))["conflicts"]
    assert now["ours"] == "M"
    assert take(client, as_app(ada), now, "theirs").status_code == 200


def test_many_are_counted_then_decided(client, as_app, ada, clash, resources):
    ids = [clash(ada, number, media_condition=("a", "b", "c"), title=("a", "b", "c")) for number in (1, 2, 3)]
    dry = many(client, as_app(ada), take="theirs", field="media_condition", dry_run=True).json()
    assert (dry["matched"], dry["done"], dry["dry_run"]) == (3, 0, True)
    assert state(resources, ids[0], "media_condition") == ("b", "a")
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE albums SET media_condition = 'typed just now' WHERE id = %s", [ids[2]])
    said = many(client, as_app(ada), take="theirs", field="media_condition").json()
    assert (said["matched"], said["done"], said["left_alone"], said["more"]) == (3, 2, 1, False)
    assert [state(resources, one, "media_condition")[0] for one in ids] == ["c", "c", "typed just now"]
    assert [state(resources, one, "title") for one in ids] == [("b", "a")] * 3


def test_many_go_on_behind_the_cursor(client, as_app, ada, clash, monkeypatch):
    from api import conflicts as doors

    monkeypatch.setattr(doors, "PIECE", 2)
    monkeypatch.setattr(doors, "SECONDS", 0.0)
    for number in range(1, 6):
        clash(ada, number, title=("a", "b", "c"))
    done, cursor, requests = 0, None, 0
    while requests == 0 or cursor:
        said = many(client, as_app(ada), take="ours", all=True, cursor=cursor).json()
        done, cursor, requests = done + said["done"], said["cursor"], requests + 1
    assert (done, requests) == (5, 3)


def test_all_conflicts_are_decided_only_when_that_is_said(client, as_app, ada, clash):
    clash(ada, 1, title=("a", "b", "c"))
    assert many(client, as_app(ada), take="ours").status_code == 422
    assert read(client, as_app(ada))["open"] == 1


def test_nobody_sees_or_decides_anothers_conflicts(client, as_app, ada, bob, clash):
    clash(ada, 1, title=("a", "b", "c"))
    (one,) = read(client, as_app(ada))["conflicts"]
    assert read(client, as_app(bob))["conflicts"] == []
    assert take(client, as_app(bob), one, "ours").status_code == 404
    assert many(client, as_app(bob), take="ours", all=True).json()["matched"] == 0
    assert read(client, as_app(ada))["open"] == 1
    assert client.get(f"/api/discogs/conflicts?cursor={one['id']}", headers=as_app(bob)).status_code == 404


def test_an_operator_speaks_for_nobody_here(client, as_operator):
    assert client.get("/api/discogs/conflicts", headers=as_operator).status_code == 403


def test_a_conflict_that_is_none_is_not_found(client, as_app, ada):
    answer = take(client, as_app(ada), {"id": uuid4()}, "ours")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_conflict_of_which_the_album_is_gone_waits_for_the_next_look(client, as_app, ada, clash, resources):
    clash(ada, 1, title=("a", "b", "c"))
    (one,) = read(client, as_app(ada))["conflicts"]
    with resources.pool.transaction() as conn:
        conn.execute("DELETE FROM albums")
        assert resolve(conn, ada, [one["id"]], "theirs", by="collector") == set()
    assert read(client, as_app(ada))["conflicts"][0]["album_id"] is None


def test_rules_are_set_as_a_whole_for_one_collector(client, as_app, ada, bob):
    put = {"rules": {"discogs_notes": "ours", "_record": "ask"}}
    assert client.put("/api/discogs/sync/rules", json=put, headers=as_app(ada)).json() == put
    put = {"rules": {"media_condition": "newest", "discogs_notes": "theirs"}}
    assert client.put("/api/discogs/sync/rules", json=put, headers=as_app(ada)).status_code == 200
    assert client.get("/api/discogs/sync/rules", headers=as_app(ada)).json() == put
    assert client.get("/api/discogs/sync/rules", headers=as_app(bob)).json() == {"rules": {}}


@pytest.mark.parametrize("wrong", [{"rules": {"colour": "ours"}}, {"rules": {"title": "mine"}}, {}])
def test_a_rule_that_nobody_means_is_refused(client, as_app, ada, wrong):
    assert client.put("/api/discogs/sync/rules", json=wrong, headers=as_app(ada)).status_code == 422


def test_rules_of_nobody_are_not_kept(client, as_app):
    answer = client.put("/api/discogs/sync/rules", json={"rules": {"title": "ours"}}, headers=as_app(uuid4()))
    assert answer.status_code == 404


def test_every_shared_field_may_clash_and_have_a_rule():
    assert get_args(FieldName) == (*SHARED, RECORD, *wantlist.SHARED, WANT_RECORD)
