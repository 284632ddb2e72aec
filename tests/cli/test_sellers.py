"""Watched sellers in the terminal: watched, listed, left, each act noted; and what they have of a release."""

import json
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from cli import main
from cli.errors import NotFound
from db import listings, operations, prices, sellers, users
from db.listings import Listing
from db.pool import Pool
from db.prices import Fresh
from services.market import pricing

RELEASE = 249_504
FIGURES = {"num_for_sale": 3, "lowest_price": {"value": "30.00", "currency": "USD"}, "blocked_from_sale": False}


@pytest.fixture
def pool(migrated_database_url, redis_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DISCOGS_OAUTH_ENCRYPTION_KEY", "11" * 32)
    monkeypatch.setenv("COLUMNS", "120")
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    with pool.transaction() as conn:
        users.create(conn, "ada")
    yield pool
    pool.close()


@pytest.fixture
def shop(pool):
    """A watched shop that has one copy."""
    with pool.transaction() as conn:
        sellers.watch(conn, users.find(conn, "ada").id, "Shop")
        sellers.settle(conn, "shop", "open", again=timedelta(days=1), offers=1, is_swept=True)
        copy = Listing(11, RELEASE, "NM", "VG", Decimal("1020.50"), "USD", "Japan [jp]", None)
        listings.upsert(conn, "shop", UUID(int=1), [copy])
        prices.store(conn, RELEASE, "stats", Fresh("priced", FIGURES, Decimal(30), None, pricing.DAY))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.app_for(["sellers"]), ["sellers", *arguments])


def test_a_seller_is_watched_listed_and_left_and_each_act_is_noted(pool):
    assert run("list", "ada").stdout == "No sellers.\n"
    assert run("add", "ada", "Shop").stdout == "Watched. The shop was not read yet.\n"
    assert run("add", "ada", "shop").stdout == "Watched already. The shop was not read yet.\n"
    assert run("list", "ada").stdout == "Shop The shop was not read yet.\n"
    (one,) = json.loads(run("list", "ada", "--json").stdout)["sellers"]
    assert (one["seller"], one["state"]) == ("Shop", "new")
    assert run("remove", "ada", "SHOP").stdout == "Removed.\n"
    assert isinstance(run("remove", "ada", "Shop").exception, NotFound)
    assert run("add", "ada", "a/b").exit_code == run("add", "ada", "shop\n").exit_code == 2
    with pool.transaction() as conn:
        assert [act.action for act in operations.acts(conn)] == ["seller left", "seller watched"]


def test_what_they_have_stands_beside_the_floor(shop):
    told = run("offers", "ada", str(RELEASE)).stdout
    assert f"Release {RELEASE}: 3 for sale, from USD 30.00" in told
    assert "The watched seller has it: 1 offer." in told
    said = " ".join(told.split())
    assert (
        "Shop: NM, sleeve VG, USD 1,020.50, from Japan [jp], seen 1 s ago https://www.discogs.com/sell/item/11" in said
    )
    assert f"https://www.discogs.com/sell/release/{RELEASE}" in told.replace("\n", "")
    assert json.loads(run("offers", "ada", str(RELEASE), "--json").stdout)["offers_total"] == 1


def test_better_copies_for_less_are_listed_with_where_they_are(shop, pool):
    assert run("cheaper", "ada").stdout == (
        "No watched seller has a record in a better grade than the copy that is owned.\n"
    )
    figures = {"NM": {"value": "1100.00", "currency": "USD"}}
    with pool.transaction() as conn:
        prices.store(conn, RELEASE, "suggestions", Fresh("priced", figures, Decimal(1), None, pricing.DAY))
        conn.execute(
            "INSERT INTO albums (user_id, artist, title, discogs_release_id, media_condition)"
            " SELECT id, 'Steely Dan', 'Aja [2]', %s, 'VG' FROM profiles",
            [RELEASE],
        )
    told = " ".join(run("cheaper", "ada", "--release", str(RELEASE)).stdout.split())
    assert "Steely Dan \N{EN DASH} Aja [2]: NM in place of VG for USD 1,020.50: USD 79.50 below" in told
    assert "Shop, https://www.discogs.com/sell/item/11" in told
    assert json.loads(run("cheaper", "ada", "--json").stdout)["cheaper"] == 1
