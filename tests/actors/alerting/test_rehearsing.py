"""Alerts rehearsed: by the rule that fires, on the lowest and the last floor of each day, with what they cover."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.alerting import rehearsing
from actors.errors import TierTooLow
from db import floors, rates, users
from db.floors import FloorDay
from db.pool import Pool
from db.prices import Fresh
from services.market import watching
from services.market.crossing import Stand, after, fires
from services.market.pricing import USUAL

RELEASE = 7
TARGET = Decimal(20)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
offers = st.one_of(st.none(), st.sampled_from([Decimal(one) for one in ("19", "20", "20.50", "21", "40")]))
paths = st.lists(st.tuples(st.integers(1, 30), offers), min_size=1, max_size=40)


def kept(path):
    """Keep of a path of (moment, floor) what the ledger keeps: the lowest and the last of each day."""
    days = {}
    for at, floor in path:
        days.setdefault(at.date(), []).append((at, floor))
    found = []
    for day, seen in days.items():
        lowest_at, lowest = min(seen, key=lambda one: (one[1] is None, one[1] or 0, one[0]))
        latest_at, latest = seen[-1]
        found.append(
            FloorDay(day, "USD", lowest, latest, lowest_at, latest_at, lowest, latest, Decimal(1), BEGIN.date())
        )
    return found


def fired_on(path):
    stand, days = Stand(), []
    for at, floor in path:
        was, stand = stand, after(stand, target=TARGET, floor=floor, now=at)
        days += [at] if fires(was, stand) else []
    return days


def moments(path):
    now, found = BEGIN, []
    for hours, floor in path:
        now += timedelta(hours=hours)
        found.append((now, floor))
    return found


@settings(max_examples=400)
@given(paths)
def test_it_fires_no_more_often_than_an_alert_that_saw_every_floor_and_never_before_it(path):
    seen = moments(path)
    real, rehearsed = fired_on(seen), [one.at for one in rehearsing.rehearse(kept(seen), TARGET)]
    assert len(rehearsed) <= len(real)
    assert all(mine >= its for mine, its in zip(rehearsed, real, strict=False))
    assert bool(rehearsed) == bool(real)


@settings(max_examples=200)
@given(st.lists(offers, min_size=1, max_size=40))
def test_with_one_floor_a_day_it_fires_exactly_when_the_alert_does(path):
    seen = [(BEGIN + timedelta(days=place), floor) for place, floor in enumerate(path)]
    assert [one.at for one in rehearsing.rehearse(kept(seen), TARGET)] == fired_on(seen)


@pytest.mark.parametrize(("second_day", "times"), [(21, 2), (10, 1)])
def test_the_last_floor_of_a_day_arms_it_again_after_24_hours_from_its_own_moment(second_day, times):
    low, high = Decimal(20), Decimal(21)
    path = [(0, 1, low), (0, 20, high), (1, second_day, high), (2, 5, low)]
    seen = [(BEGIN + timedelta(days=day, hours=hour), floor) for day, hour, floor in path]
    assert len(rehearsing.rehearse(kept(seen), TARGET)) == times


@pytest.fixture
def pool(migrated_database_url):
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def ada(pool):
    with pool.transaction() as conn:
        conn.execute("INSERT INTO rekkrd.releases (release_id, artist, title) VALUES (7, 'Steely Dan', 'Aja')")
        ada = users.create(conn, "ada", tier="archivist").id
        conn.execute("INSERT INTO rekkrd.wants (user_id, release_id) VALUES (%s, 7)", [ada])
        return ada


@pytest.fixture
def floor(pool):
    """Let Discogs tell a floor, now, or that nothing is on offer."""

    def is_(amount, *, release=RELEASE, currency="USD"):
        said = None if amount is None else {"value": amount, "currency": currency}
        figures = {"num_for_sale": 1, "lowest_price": said, "blocked_from_sale": False}
        fresh = Fresh("priced" if amount else "no_price", figures, Decimal(amount or 0), None, USUAL)
        with pool.transaction() as conn:
            watching.store_price(conn, release, "stats", fresh)

    return is_


@pytest.fixture
def age(pool):
    """Let all that is known of floors and rates be so many days older."""

    def by(days):
        with pool.transaction() as conn:
            conn.execute(
                "UPDATE rekkrd.floor_days SET day = day - %(n)s, lowest_at = lowest_at - make_interval(days => %(n)s),"
                " latest_at = latest_at - make_interval(days => %(n)s)",
                {"n": days},
            )
            conn.execute("UPDATE rekkrd.rate_days SET day = day - %s::int", [days])

    return by


@pytest.fixture
def rehearse(pool, ada):
    def one(target="20.00", **said):
        with pool.transaction() as conn:
            return rehearsing.of_price(conn, ada, said.pop("release", RELEASE), target=Decimal(target), **said)

    return one


def days_of(pool):
    with pool.transaction() as conn:
        return floors.days(conn, RELEASE, currency="USD", since=BEGIN.date())


def test_a_day_keeps_its_lowest_floor_and_its_last_with_their_moments(pool, ada, floor):
    for amount in (None, "30.00", "18.00", "18.00", "25.00"):
        floor(amount)
    (day,) = days_of(pool)
    assert (day.lowest, day.latest, day.said_currency) == (Decimal(18), Decimal(25), "USD")
    assert day.lowest_at < day.latest_at
    floor(None)
    (day,) = days_of(pool)
    assert (day.lowest, day.latest) == (Decimal(18), None)


def test_a_floor_in_another_currency_begins_its_day_anew(pool, ada, floor):
    floor("18.00")
    floor("90.00", currency="SEK")
    (day,) = days_of(pool)
    assert (day.said_currency, day.lowest_said, day.latest_said) == ("SEK", Decimal(90), Decimal(90))


def test_only_what_somebody_owns_wants_or_waits_for_is_kept(pool, ada, floor):
    floor("18.00", release=8)
    with pool.transaction() as conn:
        assert floors.days(conn, 8, currency="USD", since=BEGIN.date()) == []
        conn.execute(
            "INSERT INTO discogs_price_alerts (user_id, discogs_release_id, target_price) SELECT %s, 8, 1", [ada]
        )
    floor("18.00", release=8)
    with pool.transaction() as conn:
        assert len(floors.days(conn, 8, currency="USD", since=BEGIN.date())) == 1


def test_the_day_is_written_in_the_transaction_that_stores_the_floor(pool, ada):
    figures = {"num_for_sale": 1, "lowest_price": {"value": "1", "currency": "USD"}, "blocked_from_sale": False}
    with pytest.raises(RuntimeError), pool.transaction() as conn:
        watching.store_price(conn, RELEASE, "stats", Fresh("priced", figures, Decimal(1), None, USUAL))
        raise RuntimeError("the worker dies before its COMMIT")
    assert days_of(pool) == []


def test_it_says_how_often_when_and_at_what_floor_and_what_it_rests_on(floor, age, rehearse):
    for amount, days in (("19.00", 2), ("25.00", 1), ("25.00", 1), ("18.00", 7)):
        floor(amount)
        age(days)
    found = rehearse()
    today = datetime.now(UTC).date()
    assert [(one.day, one.floor) for one in found.fired] == [
        (today - timedelta(days=11), Decimal(19)),
        (today - timedelta(days=7), Decimal(18)),
    ]
    assert (found.known, found.compared, found.days) == (4, 4, 90)
    assert rehearsing.sentence(found) == (
        f"At USD 20.00 it would have fired 2 times in 90 days: on {today - timedelta(days=11)} at USD 19.00, "
        f"on {today - timedelta(days=7)} at USD 18.00. Floors are known for 4 of 90 days, the lowest and the last of "
        "each. What they were on the others nobody knows here."
    )
    assert len(rehearse(days=8).fired) == 1
    assert rehearse(days=7).known == 0


def test_each_day_is_converted_by_its_own_rate(pool, floor, age, rehearse):
    for per_dollar, days in (("0.50", 3), ("1.50", 2)):
        with pool.transaction() as conn:
            rates.keep(conn, {"EUR": Decimal(per_dollar)}, source="discogs")
        floor("30.00")
        age(days)
    found = rehearse(currency="EUR")
    assert [(one.floor, one.said, one.rate) for one in found.fired] == [(Decimal(15), Decimal(30), Decimal("0.5"))]
    assert rehearsing.sentence(found).endswith("Converted from USD by each day's rate.")


def test_what_an_operator_set_counts_for_its_day_and_what_they_took_back_no_more(pool, floor, rehearse):
    with pool.transaction() as conn:
        rates.keep(conn, {"EUR": Decimal("0.5")}, source="operator")
        rates.keep(conn, {"EUR": Decimal("0.9")}, source="discogs")
    floor("30.00")
    assert rehearse(currency="EUR").lowest.floor == Decimal(15)
    with pool.transaction() as conn:
        rates.forget(conn, "EUR")
    assert rehearse(currency="EUR").lowest.floor == Decimal(27)


def test_a_day_without_a_rate_is_known_and_not_compared_and_it_says_so(pool, floor, age, rehearse):
    floor("10.00")
    assert rehearsing.sentence(rehearse(currency="SEK")) == (
        "Floors are known for 1 of 90 days, with no exchange rate for SEK: nothing was compared."
    )
    age(1)
    with pool.transaction() as conn:
        rates.keep(conn, {"SEK": Decimal(10)}, source="discogs")
    floor("10.00")
    found = rehearse(currency="SEK")
    assert (found.known, found.compared, found.fired) == (2, 1, [])
    assert "For 1 day there is no exchange rate for SEK" in rehearsing.sentence(found)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("20.01", "At USD 20.00 it would not have fired in 90 days: the lowest floor was USD 20.01, on "),
        (None, "At USD 20.00 it would not have fired in 90 days: nothing was on offer."),
    ],
)
def test_what_would_not_have_fired_says_why(floor, rehearse, amount, said):
    floor(amount)
    assert rehearsing.sentence(rehearse()).startswith(said)


def test_where_no_floor_is_known_nothing_is_claimed(rehearse):
    assert rehearsing.sentence(rehearse(days=1)).startswith("No floor of this release is known of the last 1 day, so")


def test_who_has_no_alerts_rehearses_none(pool, ada, rehearse):
    with pool.transaction() as conn:
        conn.execute("UPDATE profiles SET tier = 'curator'")
    with pytest.raises(TierTooLow):
        rehearse()
