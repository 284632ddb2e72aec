"""Exchange rates out of one release's floor in every currency, and only while the floor stood still."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from actors.checkpoints import RatesCheckpoint
from actors.market import exchange
from db import Connection, rates
from db.jobs import NOBODY
from discogs.errors import Gone
from discogs.money import Money
from discogs.records.market import MarketplaceStats
from workers.kinds import Done, NoArguments, Progress, Step


@pytest.fixture
def conn(migrated_database_url: str) -> Iterator[Connection]:
    with psycopg.connect(migrated_database_url, row_factory=dict_row, autocommit=True) as connection:
        yield connection


@pytest.fixture
def market(conn: Connection) -> Callable[[int, int, float], None]:
    """Make a release known, with how many are for sale, and its floor in dollars."""

    def know(release_id: int, for_sale: int, floor: float) -> None:
        conn.execute(
            "INSERT INTO rekkrd.prices (release_id, what, state, fetched_at, amount)"
            " VALUES (%s, 'stats', 'priced', now(), %s)",
            [release_id, floor],
        )
        conn.execute(
            "INSERT INTO discogs_price_cache (discogs_release_id, marketplace_stats) VALUES (%s, %s)",
            [release_id, Jsonb({"num_for_sale": for_sale})],
        )

    return know


def living(conn: Connection, *currencies: str) -> None:
    for currency in currencies:
        conn.execute("INSERT INTO profiles (handle, currency) VALUES (%s, %s)", [uuid4().hex, currency])


class Discogs:
    """Converts a floor; ``moving`` lets it be another after so many requests."""

    def __init__(self, per_dollar: Mapping[str, str], *, moving: tuple[int, ...] = ()) -> None:
        self.per_dollar = {"USD": Decimal(1), **{name: Decimal(rate) for name, rate in per_dollar.items()}}
        self.moving = moving
        self.asked: list[tuple[int, str]] = []

    def marketplace_stats(self, release_id: int, *, currency: str) -> MarketplaceStats:
        self.asked.append((release_id, currency))
        dollars = Decimal(20) + sum(len(self.asked) > moment for moment in self.moving)
        floor = Money(dollars * self.per_dollar[currency], currency) if currency in self.per_dollar else None
        return MarketplaceStats(9, floor, blocked=False)


def run(conn: Connection, discogs: object) -> str:
    """Drive the job to its end; return what it says."""
    checkpoint, progress = RatesCheckpoint(), Progress(0)
    for _ in range(40):
        step = Step(uuid4(), NOBODY, NoArguments(), checkpoint, progress, discogs=discogs, account=None)  # type: ignore[arg-type]
        outcome = exchange.store(conn, step, exchange.ask(step))
        if isinstance(outcome, Done):
            return outcome.outcome
        checkpoint, progress = (
            RatesCheckpoint.model_validate(outcome.checkpoint.model_dump(mode="json")),
            outcome.progress,
        )
    raise AssertionError("it goes on for ever")


def kept(conn: Connection) -> dict[str, Decimal]:
    return {rate.currency: rate.per_dollar for rate in rates.rates(conn) if rate.currency != "USD"}


def test_the_most_offered_release_converts_into_what_somebody_has(conn, market):
    living(conn, "EUR", "JPY", "USD", "EUR")
    market(1, 12, 20)
    market(2, 900, 20)
    market(3, 5000, 0.5)  # too cheap to tell a rate from
    discogs = Discogs({"EUR": "0.8612345678", "JPY": "155.5"})
    assert run(conn, discogs) == "2 exchange rates kept, by release 2."
    assert discogs.asked == [(2, "USD"), (2, "EUR"), (2, "JPY"), (2, "USD")]
    assert kept(conn) == {"EUR": Decimal("0.8612345678"), "JPY": Decimal("155.5")}


def test_releases_that_nobody_may_sell_hide_none_that_has_a_price(conn, market):
    living(conn, "EUR")
    market(1, 12, 20)
    conn.execute(
        "INSERT INTO rekkrd.prices (release_id, what, state, fetched_at, due_at)"
        " SELECT n, 'stats', 'blocked', now(), now() + interval '30 days' FROM generate_series(1000, 1300) AS n"
    )
    assert run(conn, Discogs({"EUR": "0.8"})) == "1 exchange rate kept, by release 1."


def test_a_release_that_is_gone_by_now_gives_way_to_another(conn, market):
    living(conn, "EUR")
    market(1, 12, 20)
    market(2, 900, 20)

    class Merged(Discogs):
        def marketplace_stats(self, release_id, *, currency):
            if release_id == 2:
                raise Gone("no such release", status=404)
            return super().marketplace_stats(release_id, currency=currency)

    assert run(conn, Merged({"EUR": "0.8"})) == "1 exchange rate kept, by release 1."


def test_a_floor_that_moved_meanwhile_is_asked_again_and_its_rates_are_not_believed(conn, market):
    living(conn, "EUR")
    market(1, 12, 20)
    discogs = Discogs({"EUR": "0.8"}, moving=(1,))
    run(conn, discogs)
    assert [currency for _, currency in discogs.asked] == ["USD", "EUR", "USD"] * 2
    assert kept(conn) == {"EUR": Decimal("0.8")}


def test_a_floor_that_never_stands_still_leaves_the_rates_as_they_were(conn, market):
    living(conn, "EUR")
    market(1, 12, 20)
    rates.keep(conn, {"EUR": Decimal("0.7")}, source="discogs")
    conn.execute("UPDATE rekkrd.exchange_rates SET as_of = now() - interval '2 days'")
    assert "three rounds" in run(conn, Discogs({"EUR": "0.8"}, moving=(1, 4, 7)))
    assert kept(conn) == {"EUR": Decimal("0.7")}


def test_a_currency_that_discogs_does_not_know_is_not_asked_for_and_costs_nobody_else_a_rate(conn, market):
    living(conn, "EUR", "XAU")
    market(1, 12, 20)
    discogs = Discogs({"EUR": "0.8"})
    assert run(conn, discogs) == "1 exchange rate kept, by release 1."
    assert (kept(conn), [one for _, one in discogs.asked]) == ({"EUR": Decimal("0.8")}, ["USD", "EUR", "USD"])
    assert "is of today" in run(conn, SimpleNamespace())


def test_a_currency_in_which_discogs_gave_no_floor_keeps_its_rate_and_the_others_have_theirs(conn, market):
    living(conn, "EUR", "SEK")
    market(1, 12, 20)
    assert run(conn, Discogs({"EUR": "0.8"})) == "1 exchange rate kept, by release 1."
    assert kept(conn) == {"EUR": Decimal("0.8")}


def test_without_a_floor_in_dollars_the_rates_stay_as_they_were(conn, market):
    living(conn, "EUR")
    market(1, 12, 20)
    discogs = Discogs({"EUR": "0.8"})
    del discogs.per_dollar["USD"]
    assert run(conn, discogs) == "Discogs gave no floor in USD: the rates stay as they were."
    assert kept(conn) == {}


@pytest.mark.parametrize(("currencies", "said"), [(("USD",), "is of today"), (("EUR",), "No release with a floor")])
def test_nothing_is_asked_where_nothing_can_be_told(conn, currencies, said):
    living(conn, *currencies)
    assert said in run(conn, SimpleNamespace())


def test_a_rate_of_today_is_not_asked_for_again_nor_one_that_only_an_operator_set(conn, market):
    living(conn, "EUR", "JPY", "GBP")
    market(1, 12, 20)
    rates.keep(conn, {"EUR": Decimal("0.7"), "JPY": Decimal(100)}, source="discogs")
    rates.keep(conn, {"GBP": Decimal("0.6")}, source="operator")
    conn.execute("UPDATE rekkrd.exchange_rates SET as_of = now() - interval '24 hours' WHERE currency = 'JPY'")
    discogs = Discogs({"GBP": "0.75", "JPY": "155"})
    run(conn, discogs)
    assert [currency for _, currency in discogs.asked] == ["USD", "GBP", "JPY", "USD"]


def test_the_currency_in_which_an_account_sells_is_wanted_too(conn, market):
    market(1, 12, 20)
    conn.execute(
        "INSERT INTO rekkrd.prices (release_id, what, state, fetched_at) VALUES (1, 'suggestions', 'priced', now())"
    )
    figures = Jsonb({"VG+": {"value": "5.00", "currency": "SEK"}})
    conn.execute("UPDATE discogs_price_cache SET price_data = %s", [figures])
    run(conn, Discogs({"SEK": "10.5"}))
    assert kept(conn) == {"SEK": Decimal("10.5")}
