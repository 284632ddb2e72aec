"""Price alerts in the terminal: set, listed, removed, and each act noted."""

import json
from decimal import Decimal
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from cli import main
from cli.errors import NotFound
from db import floors, operations, users
from db.pool import Pool


@pytest.fixture
def pool(migrated_database_url, redis_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DISCOGS_OAUTH_ENCRYPTION_KEY", "11" * 32)
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    with pool.transaction() as conn:
        users.create(conn, "ada", tier="archivist")
    yield pool
    pool.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.app_for(["alerts"]), ["alerts", *arguments])


def test_an_alert_is_set_listed_and_removed_and_each_act_is_noted(pool):
    assert run("list", "ada").stdout == "No alerts.\n"
    said = run("add", "ada", "249504", "20", "--grade", "VG+", "--currency", "eur").stdout
    first, name, stands, *_ = said.splitlines()
    assert (first, name) == ("Set.", "release 249504")
    assert stands.strip() == "Waits for EUR 20.00; Discogs was not asked for the floor yet. What a copy in"
    assert "No mail will come: no address of ada is known." in said
    with pool.transaction() as conn:
        conn.execute("UPDATE profiles SET email = 'ada@example.org'")
    again = run("add", "ada", "249504", "20.00", "--currency", "EUR").stdout
    assert again.startswith("It is there.\n")
    assert "No mail" not in again
    (alert,) = json.loads(run("list", "ada", "--json").stdout)["alerts"]
    assert (alert["target"], alert["minimum_grade"]) == ({"amount": "20.00", "currency": "EUR"}, None)
    listed = run("list", "ada").stdout.splitlines()
    assert f"  {alert['id']}" in [line.rstrip() for line in listed]
    assert all(len(line) <= 80 for line in listed)
    assert run("remove", "ada", alert["id"]).stdout == "Removed.\n"
    with pool.transaction() as conn:
        assert [act.action for act in operations.acts(conn)] == ["alert removed", "alert set"]


def test_what_is_not_there_and_what_is_no_amount_is_said(pool):
    assert isinstance(run("remove", "ada", str(uuid4())).exception, NotFound)
    for given in (("20.001",), ("NaN",), ("-1",), ("20", "--grade", "good"), ("20", "--currency", "E1R")):
        assert run("add", "ada", "1", *given).exit_code == 2, given
    assert run("add", "ada", f"{2**63}", "20").exit_code == 2
    assert "9,999,999.99 at most" in run("add", "ada", "1", "10000000").stderr


def test_mails_of_an_uncertain_end_are_shown_and_not_sent_again(pool):
    assert run("mails").stdout == "0 mails to be sent; 0 given up.\n"
    with pool.transaction() as conn:
        conn.execute(
            "INSERT INTO rekkrd.mails (user_id, due_at, content, first_sent_at, attempts, given_up_at)"
            " SELECT id, now(), '{}', now() - interval '1 day', 1, now() FROM profiles"
        )
    said = " ".join(run("mails").stdout.split())
    assert said.startswith("0 mails to be sent; 1 given up.")
    assert "nobody knows" in said
    (one,) = json.loads(run("mails", "--json").stdout)["troubled"]
    assert (one["attempts"], one["error"]) == (1, None)


def test_an_alert_and_a_price_are_rehearsed_with_each_day_on_which_it_fires(pool):
    assert run("rehearse", "ada", "7", "20").stdout.startswith("No floor of this release is known of the last 90 days")
    run("add", "ada", "7", "20")
    with pool.transaction() as conn:
        floors.note(conn, 7, Decimal("18.5"), "USD")
    (alert,) = json.loads(run("list", "ada", "--json").stdout)["alerts"]
    said = run("rehearse", "ada", alert["id"]).stdout
    assert said == run("rehearse", "ada", "7", "20.00", "--currency", "usd").stdout
    assert " ".join(said.split()).startswith("At USD 20.00 it would have fired once in 90 days: on 20")
    assert all(len(line) <= 80 for line in said.splitlines())
    assert "it tells no grade" in " ".join(said.split())
    assert json.loads(run("rehearse", "ada", "7", "18.49", "--json").stdout)["times"] == 0


def test_what_is_neither_an_alert_nor_a_release_with_a_price_is_said(pool):
    assert isinstance(run("rehearse", "ada", str(uuid4())).exception, NotFound)
    for given in (("7",), ("x", "20"), ("7", "0"), ("7", "20", "--days", "0"), (str(uuid4()), "--currency", "EUR")):
        assert run("rehearse", "ada", *given).exit_code == 2, given
