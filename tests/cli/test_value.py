"""What a collection is worth in the terminal, and the rates by which it is counted."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner, Result

from actors.market.worth import Change
from cli import main
from cli.errors import CommandFailed
from cli.value import changed
from db import operations, users
from db.pool import Pool


@pytest.fixture
def pool(migrated_database_url, redis_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DISCOGS_OAUTH_ENCRYPTION_KEY", "11" * 32)
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def ada(pool):
    """Somebody with two priced records, one of them ungraded."""
    with pool.transaction() as conn:
        user_id = users.create(conn, "ada", tier="archivist").id
        for release, grade in ((1, "VG+"), (2, None)):
            conn.execute(
                "INSERT INTO albums (user_id, artist, title, discogs_release_id, media_condition)"
                " VALUES (%s, 'Steely Dan', 'Aja', %s, %s)",
                [user_id, release, grade],
            )
            conn.execute(
                "INSERT INTO rekkrd.prices (release_id, what, state, fetched_at)"
                " VALUES (%s, 'suggestions', 'priced', now())",
                [release],
            )
            figures = {one: {"value": price, "currency": "USD"} for one, price in (("VG+", "20.00"), ("VG", "10.00"))}
            conn.execute(
                "INSERT INTO discogs_price_cache (discogs_release_id, price_data) VALUES (%s, %s)",
                [release, Jsonb(figures)],
            )
    return user_id


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.app_for(arguments[:1]), list(arguments))


def test_a_value_is_shown_with_its_parts_and_what_it_covers(ada):
    said = run("value", "ada").stdout
    assert said.startswith("2 of 2 records valued: USD 30.00, between USD 20.00 and USD 40.00. 1 ungraded one counts")
    assert "ungraded, counted as VG" in said
    assert "VG*" in said
    assert said.rstrip().endswith("Data provided by Discogs.")
    assert json.loads(run("value", "ada", "--json").stdout)["median"] == "30.00"


def test_an_empty_shelf_says_so(pool):
    with pool.transaction() as conn:
        users.create(conn, "bob", tier="archivist")
    assert run("value", "bob").stdout.strip() == "There are no records yet."
    assert run("value", "bob", "--history", "30d").stdout.startswith("No value has been stored for this range yet")
    assert run("value", "bob", "--history", "2y").exit_code == 2


def test_a_change_is_told_with_what_made_it():
    parts = [Decimal(number) for number in (9, 5, 2, 8, 0, -2)]
    said = changed(Change(date(2026, 3, 1), date(2026, 3, 1) + timedelta(2), *parts), "EUR")
    assert said == "Since 2026-03-01: EUR +9.00 (bought +5.00, sold -2.00, the market +8.00, better data -2.00)."


def test_a_rate_is_set_counts_and_is_taken_back(pool, ada):
    assert run("rates").stdout.startswith("No rate is kept")
    assert run("rates", "set", "eur", "0.5").exit_code == 0
    with pool.transaction() as conn:
        conn.execute("UPDATE profiles SET currency = 'EUR'")
    assert "EUR 15.00" in run("value", "ada").stdout
    assert " 0.5  " in run("rates").stdout
    assert [one["per_dollar"] for one in json.loads(run("rates", "--json").stdout)] == ["0.5000000000"]
    assert run("rates", "forget", "EUR").exit_code == 0
    assert isinstance(run("rates", "forget", "EUR").exception, CommandFailed)
    with pool.transaction() as conn:
        assert [act.action for act in operations.acts(conn, before=None, room=9)] == ["rate forgotten", "rate set"]


@pytest.mark.parametrize(
    "wrong", [("EURO", "1"), ("USD", "1"), ("E1R", "1"), ("EUR", "0"), ("EUR", "x"), ("EUR", "nan")]
)
def test_what_is_no_rate_is_refused(pool, wrong):
    assert run("rates", "set", *wrong).exit_code == 2
