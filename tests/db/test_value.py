"""What a collection is worth: by grade, in one currency, covered or not, and where its change came from."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from db import Connection, rates, value
from db.value import Day, Sum

MONDAY = date(2026, 3, 2)
BOUGHT_WITHIN = timedelta(days=30)
LADDER = {"M": 40, "NM": 30, "VG+": 20, "VG": 10, "G+": 6, "G": 4, "F": 2, "P": 1}


@dataclass
class Shelf:
    """One collector's albums, and the prices that Discogs would tell."""

    conn: Connection
    owner: UUID

    def put(self, release: int | None, grade: str | None, **said: object) -> UUID:
        row = self.conn.execute(
            "INSERT INTO albums (user_id, discogs_release_id, media_condition, year)"
            " VALUES (%s, %s, %s, %s) RETURNING id",
            [self.owner, release, grade, said.get("year")],
        ).fetchone()
        assert row is not None
        return UUID(str(row["id"]))

    def sell(self, album: UUID) -> None:
        self.conn.execute("DELETE FROM albums WHERE id = %s", [album])

    def regrade(self, album: UUID, grade: str) -> None:
        self.conn.execute("UPDATE albums SET media_condition = %s WHERE id = %s", [grade, album])

    def describe(self, release: int, genre: str, label: str) -> None:
        self.conn.execute(
            "INSERT INTO rekkrd.releases (release_id, title, artist, year, genres, labels)"
            " VALUES (%s, 'Aja', 'Steely Dan', 1977, %s, %s)",
            [release, [genre, "Pop"], Jsonb([{"name": label}])],
        )

    def price(
        self, release: int, ladder: Mapping[str, float] = LADDER, *, currency: str = "USD", floor: float | None = None
    ) -> None:
        figures = {grade: {"value": f"{amount:.2f}", "currency": currency} for grade, amount in ladder.items()}
        lowest = None if floor is None else {"value": f"{floor:.2f}", "currency": "USD"}
        self.conn.execute(
            "INSERT INTO rekkrd.prices (release_id, what, state, fetched_at)"
            " VALUES (%s, 'suggestions', 'priced', now())"
            " ON CONFLICT (release_id, what) DO UPDATE SET fetched_at = now(), state = 'priced'",
            [release],
        )
        self.conn.execute(
            "INSERT INTO discogs_price_cache (discogs_release_id, price_data, marketplace_stats) VALUES (%s, %s, %s)"
            " ON CONFLICT (discogs_release_id) DO UPDATE SET price_data = excluded.price_data,"
            " marketplace_stats = excluded.marketplace_stats",
            [release, Jsonb(figures), Jsonb({"lowest_price": lowest})],
        )

    def rate(self, currency: str, per_dollar: str) -> None:
        rates.keep(self.conn, {currency: Decimal(per_dollar)}, source="discogs")

    def worth(self, currency: str = "USD") -> tuple[Decimal, Decimal, Decimal]:
        found = self.sum(currency)
        return found.low, found.median, found.high

    def sum(self, currency: str = "USD") -> Sum:
        return value.sum_up(self.conn, self.owner, currency)

    def snapshot(self, day: int, currency: str = "USD") -> Day:
        assert value.snapshot(
            self.conn, self.owner, currency, MONDAY + timedelta(days=day), bought_within=BOUGHT_WITHIN
        )
        return value.days(self.conn, self.owner, since=MONDAY)[-1]


@pytest.fixture
def shelf(conn: Connection, ada: UUID) -> Shelf:
    return Shelf(conn, ada)


def told(*amounts: float) -> tuple[Decimal, ...]:
    return tuple(Decimal(str(amount)) for amount in amounts)


@pytest.mark.parametrize(
    ("grade", "floor", "worth"),
    [
        ("VG+", None, (10, 20, 30)),
        ("VG+", 7.5, (7.5, 20, 30)),
        ("VG+", 12, (10, 20, 30)),
        ("M", None, (30, 40, 40)),
        ("P", None, (1, 1, 2)),
        ("P", 0.5, (0.5, 1, 2)),
        (None, None, (6, 10, 20)),
        ("nice", None, (6, 10, 20)),
    ],
)
def test_a_copy_is_worth_its_grade_with_a_grade_on_either_side(
    shelf: Shelf, grade: str | None, floor: float | None, worth: tuple[float, float, float]
) -> None:
    shelf.put(1, grade)
    shelf.price(1, floor=floor)
    assert shelf.worth() == told(*worth)
    assert shelf.sum().assumed == (grade not in LADDER)


def test_where_the_grade_beside_it_has_no_price_the_copys_own_stands_for_it(shelf: Shelf) -> None:
    shelf.put(1, "VG+")
    shelf.price(1, {"VG+": 20})
    assert shelf.worth() == told(20, 20, 20)


def test_all_is_said_in_one_currency_by_the_days_rates(shelf: Shelf) -> None:
    shelf.rate("EUR", "0.5")
    shelf.rate("JPY", "100")
    shelf.put(1, "VG+")
    shelf.put(2, "VG+")
    shelf.price(1, currency="EUR", floor=1)
    shelf.price(2, currency="USD")
    assert shelf.worth("EUR") == told(0.5 + 5, 20 + 10, 30 + 15)
    assert shelf.worth("JPY") == told(100 + 1000, 4000 + 2000, 6000 + 3000)


def test_an_operators_rate_goes_first_until_it_is_taken_back(shelf: Shelf) -> None:
    shelf.rate("EUR", "0.5")
    rates.keep(shelf.conn, {"EUR": Decimal("0.8")}, source="operator", noted_by="ops")
    shelf.rate("EUR", "0.6")
    found = {one.currency: (one.per_dollar, one.source) for one in rates.rates(shelf.conn)}
    assert found == {"EUR": (Decimal("0.8"), "operator"), "USD": (1, "discogs")}
    assert rates.forget(shelf.conn, "EUR")
    assert not rates.forget(shelf.conn, "EUR")
    assert rates.rates(shelf.conn)[0].per_dollar == Decimal("0.6")


def test_what_has_no_value_is_counted_by_what_it_lacks(shelf: Shelf) -> None:
    shelf.put(1, "VG+")
    shelf.price(1)
    shelf.put(None, "VG+")
    shelf.put(2, "VG+")
    shelf.put(3, "VG+")
    shelf.price(3, {"M": 9})
    shelf.put(4, "VG+")
    shelf.price(4, currency="SEK")
    found = shelf.sum()
    assert (found.copies, found.valued, found.median) == (5, 1, 20)
    assert (found.no_release, found.not_asked, found.no_price, found.no_rate) == (1, 1, 1, 1)


def test_an_empty_shelf_is_worth_nothing(shelf: Shelf) -> None:
    found = shelf.sum()
    assert (found.copies, found.valued, found.median, found.oldest_price_at) == (0, 0, 0, None)


def test_each_dimension_is_the_whole_and_the_rest_of_it_one_line(shelf: Shelf) -> None:
    for release, (genre, label, grade) in enumerate(
        [("Jazz", "ECM", "NM"), ("Rock", "ABC", "VG+"), ("Jazz", "ABC", "VG"), ("Folk", "Island", None)], 1
    ):
        shelf.describe(release, genre, label)
        shelf.price(release)
        shelf.put(release, grade, year=1964 if release == 1 else None)
    shelf.put(None, "P")
    parts = value.parts(shelf.conn, shelf.owner, "USD", room=2)
    for dimension in ("condition", "genre", "decade", "label"):
        those = [part for part in parts if part.dimension == dimension]
        assert (sum(part.median for part in those), sum(part.copies for part in those)) == (70, 5)
    lines = {(part.dimension, part.name): (part.copies, part.valued, part.median) for part in parts if not part.is_rest}
    assert lines["genre", "Jazz"] == (2, 2, 40)
    assert lines["decade", "1970s"] == (3, 3, 40)
    assert lines["decade", "1960s"] == (1, 1, 30)
    rest = {part.dimension: (part.names, part.copies, part.median) for part in parts if part.is_rest}
    assert rest == {"condition": (3, 3, 20), "genre": (2, 2, 10), "decade": (1, 1, 0), "label": (2, 2, 10)}


def test_the_dearest_come_first(shelf: Shelf) -> None:
    for release, grade in enumerate(["VG", "M", "VG+"], 1):
        shelf.put(release, grade)
        shelf.price(release)
    shelf.put(9, "M")
    assert [one.median for one in value.dearest(shelf.conn, shelf.owner, "USD", room=2)] == [40, 20]


def test_a_day_has_one_snapshot(shelf: Shelf) -> None:
    shelf.snapshot(1)
    for day in (MONDAY, MONDAY + timedelta(days=1)):
        assert not value.snapshot(shelf.conn, shelf.owner, "USD", day, bought_within=BOUGHT_WITHIN)
    assert len(value.days(shelf.conn, shelf.owner, since=MONDAY)) == 1


def split(day: Day) -> tuple[Decimal | None, ...]:
    return day.bought, day.sold, day.market, day.exchange, day.better_data


def test_the_first_day_compares_with_nothing(shelf: Shelf) -> None:
    shelf.put(1, "VG+")
    shelf.price(1)
    first = shelf.snapshot(0)
    assert (first.median, first.valued, first.copies, first.since) == (*told(20), 1, 1, None)
    assert split(first) == (None,) * 5


def test_what_is_bought_and_sold_is_neither_the_market_nor_better_data(shelf: Shelf) -> None:
    shelf.price(1)
    album = shelf.put(1, "VG+")
    shelf.snapshot(0)
    shelf.sell(album)
    shelf.put(1, "NM")
    assert split(shelf.snapshot(1)) == told(30, 20, 0, 0, 0)


def test_the_last_copy_is_sold_once(shelf: Shelf) -> None:
    shelf.price(1)
    album = shelf.put(1, "VG+")
    shelf.snapshot(0)
    shelf.sell(album)
    assert split(shelf.snapshot(1)) == told(0, 20, 0, 0, 0)
    assert split(shelf.snapshot(2)) == told(0, 0, 0, 0, 0)


@pytest.mark.parametrize(("days", "cause"), [(3, "bought"), (31, "bought"), (32, "better_data")])
def test_a_new_copy_that_is_priced_later_was_bought_and_not_better_known(shelf: Shelf, days: int, cause: str) -> None:
    shelf.snapshot(0)
    shelf.put(1, "VG+")
    shelf.snapshot(1)
    shelf.snapshot(2)
    shelf.price(1)
    day = shelf.snapshot(days)
    assert {"bought": day.bought, "better_data": day.better_data} == {"bought": 0, "better_data": 0, cause: 20}


def test_a_copy_from_before_the_first_day_that_gets_a_price_is_better_known(shelf: Shelf) -> None:
    shelf.put(1, "VG+")
    shelf.snapshot(0)
    shelf.price(1)
    assert split(shelf.snapshot(1)) == told(0, 0, 0, 0, 20)


def test_a_copy_regraded_is_better_known(shelf: Shelf) -> None:
    shelf.price(1)
    album = shelf.put(1, "VG+")
    shelf.snapshot(0)
    shelf.regrade(album, "VG")
    assert split(shelf.snapshot(1)) == told(0, 0, 0, 0, -10)


def test_a_price_that_moves_is_the_market_and_a_rate_that_moves_is_exchange(shelf: Shelf) -> None:
    shelf.rate("EUR", "0.5")
    shelf.put(1, "VG+")
    shelf.price(1)
    shelf.snapshot(0, "EUR")
    shelf.rate("EUR", "0.6")
    shelf.price(1, {"VG+": 25})
    day = shelf.snapshot(1, "EUR")
    assert (day.median, *split(day)) == told(15, 0, 0, 3, 2, 0)


def test_another_currency_begins_anew(shelf: Shelf) -> None:
    shelf.rate("EUR", "0.5")
    shelf.put(1, "VG+")
    shelf.price(1)
    shelf.snapshot(0)
    assert split(shelf.snapshot(1, "EUR")) == (None,) * 5
    assert split(shelf.snapshot(2, "EUR")) == told(0, 0, 0, 0, 0)


@pytest.mark.parametrize("seed", range(8))
def test_the_parts_of_a_change_add_up_to_the_cent(shelf: Shelf, seed: int) -> None:
    draw = random.Random(seed)
    mine: list[UUID] = []
    before: Decimal | None = None
    for day in range(6):
        for change in draw.choices(_CHANGES, k=draw.randint(0, 8)):
            change(shelf, draw, mine)
        now = shelf.snapshot(day, "EUR")
        if before is not None and now.bought is not None and now.sold is not None:
            parts = now.bought - now.sold + sum(filter(None, (now.market, now.exchange, now.better_data)))
            assert now.median - before == parts
        before = now.median


def _buy(shelf: Shelf, draw: random.Random, mine: list[UUID]) -> None:
    mine.append(shelf.put(draw.choice([1, 2, 3, None]), draw.choice([*LADDER, None])))


def _sell(shelf: Shelf, draw: random.Random, mine: list[UUID]) -> None:
    if mine:
        shelf.sell(mine.pop(draw.randrange(len(mine))))


def _regrade(shelf: Shelf, draw: random.Random, mine: list[UUID]) -> None:
    if mine:
        shelf.regrade(draw.choice(mine), draw.choice([*LADDER]))


def _price(shelf: Shelf, draw: random.Random, _: list[UUID]) -> None:
    grades = draw.sample([*LADDER], draw.randint(0, 8))
    ladder = {grade: LADDER[grade] * draw.uniform(0.5, 2) for grade in grades}
    shelf.price(draw.choice([1, 2, 3]), ladder, currency=draw.choice(["USD", "EUR", "SEK"]))


def _rate(shelf: Shelf, draw: random.Random, _: list[UUID]) -> None:
    shelf.rate(draw.choice(["EUR", "SEK"]), f"{draw.uniform(0.5, 12):.6f}")


_CHANGES: list[Callable[[Shelf, random.Random, list[UUID]], None]] = [
    _buy,
    _buy,
    _sell,
    _regrade,
    _price,
    _price,
    _rate,
]
