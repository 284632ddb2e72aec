"""Conflicts and questions in the terminal: shown in 80 columns, one side taken in many, a question answered."""

import json

import psycopg
import pytest
from typer.testing import CliRunner, Result

from cli import main
from db import agreed, albums, conflicts, questions, users
from db.agreed import Pact
from db.albums import SHARED
from db.conflicts import RECORD, Clash
from db.pool import Pool


@pytest.fixture
def pool(migrated_database_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def ada(pool):
    with pool.transaction() as conn:
        return users.create(conn, "ada", email="ada@example.org", tier="curator").id


@pytest.fixture
def clash(pool, ada):
    """Two fields of one record that changed on both sides."""
    sides = {"media_condition": ("VG+", "NM", "VG"), "discogs_notes": ("", "a very long note " * 9, "short")}
    ours = {**dict.fromkeys(SHARED), **{name: side[1] for name, side in sides.items()}}
    with pool.transaction() as conn:
        conn.execute("INSERT INTO rekkrd.releases (release_id, title, artist) VALUES (7, 'Aja', 'Steely Dan')")
        copy(conn, ada, 7)
        album_id = albums.create(conn, ada, {7: ours})[7]
        agreed.upsert(conn, ada, [Pact(7, album_id, {name: side[0] for name, side in sides.items()})])
        conflicts.keep(conn, ada, [Clash(7, 7, album_id, name, True, *side) for name, side in sides.items()])
    return album_id


def copy(conn: psycopg.Connection, user_id, number):
    conn.execute(
        "INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id) VALUES (%s, %s, 7, 1)",
        [user_id, number],
    )


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.app_for(arguments), arguments)


def sides_of(pool):
    with pool.transaction() as conn:
        return conn.execute("SELECT media_condition, discogs_notes FROM albums").fetchone()


def test_conflicts_are_shown_in_80_columns(pool, clash):
    with pool.transaction() as conn:
        conflicts.keep(conn, users.find(conn, "ada").id, [Clash(8, 7, None, RECORD, True, {}, None, {})])
    shown = run("conflicts", "ada").stdout
    assert "media_condition" in shown
    assert "whole record" in shown
    assert "3 conflicts open" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "2 conflicts" not in run("conflicts", "ada", "--field", "media_condition").stdout


def test_conflicts_are_printed_as_the_api_has_them(pool, clash):
    said = json.loads(run("conflicts", "ada", "--json", "--limit", "1").stdout)
    assert (said["open"], len(said["conflicts"]), said["next_cursor"]) == (2, 1, said["conflicts"][0]["id"])


def test_one_side_is_taken_in_all_of_a_choice_when_that_is_said(pool, clash):
    assert "Nothing happened" in run("conflicts", "ada", "--resolve", "theirs", "--dry-run").stdout
    assert run("conflicts", "ada", "--resolve", "theirs").exit_code != 0
    assert sides_of(pool)["media_condition"] == "NM"
    told = run("conflicts", "ada", "--field", "media_condition", "--resolve", "theirs", "--yes").stdout
    assert told.strip() == "1 conflict resolved: theirs taken."
    assert sides_of(pool)["media_condition"] == "VG"
    with pool.transaction() as conn:
        conn.execute("UPDATE albums SET discogs_notes = 'typed just now'")
    told = run("conflicts", "ada", "--resolve", "ours", "--yes").stdout
    assert "0 conflicts resolved" in told
    assert "1 changed since" in told
    assert run("conflicts", "ada", "--resolve", "ours", "--yes").stdout.startswith("1 conflict resolved")
    assert "No conflicts" in run("conflicts", "ada").stdout
    assert "No such conflicts" in run("conflicts", "ada", "--resolve", "ours").stdout


def test_more_than_one_piece_is_resolved(pool, ada, clash, monkeypatch):
    from cli import conflicts as command

    monkeypatch.setattr(command, "PIECE", 1)
    assert run("conflicts", "ada", "--resolve", "theirs", "--yes").stdout.startswith("2 conflicts resolved")


@pytest.mark.parametrize(
    "wrong", [("--field", "colour"), ("--resolve", "mine"), ("--yes",), ("--dry-run",)], ids=lambda it: it[0]
)
def test_what_nobody_means_is_told(pool, clash, wrong):
    assert run("conflicts", "ada", *wrong).exit_code == 2


@pytest.fixture
def question(pool, ada):
    """A copy that may be one album or another."""

    with pool.transaction() as conn:
        conn.execute(
            "INSERT INTO rekkrd.releases (release_id, title, artist, year) VALUES (7, 'Aja', 'Steely Dan', 1977)"
        )
        copy(conn, ada, 9)
        (row,) = conn.execute(
            "INSERT INTO albums (user_id, discogs_release_id, artist, title) VALUES (%s, 7, 'Steely Dan', 'Aja')"
            " RETURNING id",
            [ada],
        ).fetchall()
        details = {
            "count": 1,
            "copy": {"artist": "Steely Dan", "title": "Aja"},
            "candidates": [{"album_id": str(row["id"])}],
        }
        questions.ask(conn, ada, "duplicate", {"9": details})
        return questions.open_of(conn, ada)[0].id, row["id"]


def test_a_question_is_shown_and_answered(pool, question):
    question_id, album_id = question
    shown = run("questions", "ada").stdout
    assert "is this copy the album that stood here before?" in shown
    assert str(album_id) in shown
    assert json.loads(run("questions", "ada", "--json").stdout)["questions"][0]["id"] == str(question_id)
    told = run("questions", "ada", "--answer", str(question_id), "--album", str(album_id)).stdout
    assert told.strip() == f"The copy is album {album_id}."
    assert run("questions", "ada").stdout.strip() == "No questions."
    assert run("questions", "ada", "--answer", str(question_id), "--new").exit_code != 0


def test_what_vanished_is_kept_when_that_is_said(pool, ada):
    with pool.transaction() as conn:
        questions.ask(conn, ada, "vanished", {"collection": {"count": 30, "known": 1000}})
        question_id = questions.open_of(conn, ada)[0].id
    assert "30 of 1,000 records" in run("questions", "ada").stdout
    assert run("questions", "ada", "--answer", str(question_id), "--new").exit_code != 0
    assert run("questions", "ada", "--answer", str(question_id), "--kept").stdout.startswith("Kept.")


def test_an_answer_says_one_thing(pool, question):
    question_id = str(question[0])
    for wrong in (["--answer", question_id], ["--new"], ["--answer", question_id, "--new", "--gone"]):
        assert run("questions", "ada", *wrong).exit_code == 2
