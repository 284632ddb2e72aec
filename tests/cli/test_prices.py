"""Prices in the terminal: one release, and the plan."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from cli import main
from cli import prices as command
from db import prices
from db.pool import Pool
from db.prices import Fresh
from services.market.prices import SENTENCES, Seen
from services.market.pricing import DAY

FIGURES = {"num_for_sale": 11, "lowest_price": {"value": "47.28", "currency": "USD"}, "blocked_from_sale": False}
STATS = Fresh("priced", FIGURES, Decimal("47.28"), None, 7 * DAY)
SUGGESTED = Fresh("priced", {"VG+": {"value": "1099.76", "currency": "EUR"}}, Decimal("1099.76"), None, 7 * DAY)


@pytest.fixture
def pool(migrated_database_url, redis_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DISCOGS_OAUTH_ENCRYPTION_KEY", "11" * 32)
    monkeypatch.setenv("COLUMNS", "120")
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def stored(pool):
    with pool.transaction() as conn:
        prices.enrol(conn, [249_504])
        prices.store(conn, 249_504, "stats", STATS)
        prices.store(conn, 249_504, "suggestions", SUGGESTED)
    return pool


def run(*arguments):
    return CliRunner().invoke(main.app_for(["prices"]), ["prices", *arguments])


def test_a_release_is_shown_with_its_market_eight_grades_age_and_source(stored):
    told = run("show", "249504").stdout
    assert "Release 249504: 11 for sale, from USD 47.28, " in told
    assert "EUR 1,099.76" in told
    assert told.count("—") == 7
    assert "Data provided by Discogs. https://www.discogs.com/release/249504" in told


def test_programs_are_shown_what_http_answers(stored):
    said = json.loads(run("show", "249504", "--json").stdout)
    assert said["stats"]["lowest"] == {"amount": "47.28", "currency": "USD"}
    assert [one["price"] for one in said["price"]["grades"]][2] == {"amount": "1099.76", "currency": "EUR"}


def test_what_is_not_priced_or_stale_is_said_in_words(stored):
    with stored.transaction() as conn:
        price = prices.find(conn, 249_504, "stats")
    blocked = Seen(1, "blocked", replace(price, state="blocked"), "Discogs was away.")
    assert command.market_lines(blocked) == [f"Release 1: {SENTENCES['blocked']}", "Discogs was away."]


def test_the_plan_says_how_fresh_prices_can_be_and_what_is_next_and_why(stored):
    with stored.transaction() as conn:
        conn.execute("INSERT INTO rekkrd.releases (release_id, title, artist) VALUES (249504, 'Aja', 'Steely Dan')")
    told = run("plan").stdout
    assert "1 release, floor, at 55 requests a minute: every hour." in told
    assert "No account here gets price suggestions" in told
    (line,) = [line for line in told.splitlines() if "249504" in line]
    assert "floor" in line
    assert "as usual" in line
    said = json.loads(run("plan", "--json").stdout)
    assert (said["per_minute"], said["may_suggest"]) == (55, False)
    assert [one["what"] for one in said["next"]] == ["stats"]


def test_a_plan_of_nothing_says_what_brings_something(pool):
    assert run("plan").stdout.strip() == "No release is known yet: the first import brings some."
