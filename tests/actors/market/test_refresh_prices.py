"""Prices stay fresh by the plan: the longest wait first, once for everybody, and nobody starves whatever fails."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID, uuid4

import pytest

from actors.alerting.alerts import sentence
from actors.checkpoints import PriceCheckpoint
from actors.market import check_alerts, price_plan, refresh_prices
from db import alerts, prices
from db import price_plan as planned
from db.errors import DatabaseBusy
from db.jobs import NOBODY
from db.pool import Pool
from discogs.errors import ApplicationRejected, Gone, Invalid, SellerSettings, Unauthorised, Unavailable
from discogs.money import Money
from discogs.records.market import MarketplaceStats, PriceSuggestions
from services.market.capacity import left_over
from services.market.pricing import DAY, SELDOM, USUAL, WATCHED
from workers.kinds import Continue, Done, NoArguments, Progress, Step
from workers.limiter.settings import LimiterSettings


@dataclass
class FakeDiscogs:
    """A market in memory; ``errors`` are raised for a release, and every call is noted."""

    asked: list[tuple[str, int, UUID | None]] = field(default_factory=list)
    errors: dict[int, Exception] = field(default_factory=dict)
    prices: dict[int, Decimal] = field(default_factory=dict)
    refused: set[UUID] = field(default_factory=set)
    asker: UUID | None = None

    has_operator: bool = False

    def of(self, user_id):
        if user_id == NOBODY and not self.has_operator:
            return None
        return FakeDiscogs(self.asked, self.errors, self.prices, self.refused, user_id, self.has_operator)

    def marketplace_stats(self, release_id, *, currency):
        assert currency == "USD"
        return MarketplaceStats(3, self._answer("stats", release_id), blocked=False)

    def price_suggestions(self, release_id):
        if self.asker in self.refused:
            self.asked.append(("suggestions", release_id, self.asker))
            raise SellerSettings("fill them in", status=404)
        return PriceSuggestions({"VG+": self._answer("suggestions", release_id)})

    def _answer(self, what, release_id):
        self.asked.append((what, release_id, self.asker))
        if release_id in self.errors:
            raise self.errors[release_id]
        return Money(self.prices.get(release_id, Decimal(20)), "USD")


@pytest.fixture
def pool(migrated_database_url):
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def discogs():
    return FakeDiscogs()


@pytest.fixture
def do(pool):
    def execute(statement, *given):
        with pool.transaction() as conn:
            return conn.execute(statement, list(given))

    return execute


@pytest.fixture
def person(do):
    """Make a connected user; with seller settings if wanted."""

    def make(*, sells=None, currency="USD"):
        user_id = uuid4()
        do("INSERT INTO public.profiles (id, handle) VALUES (%s, %s)", user_id, str(user_id))
        do(
            "INSERT INTO rekkrd.links (user_id, curr_abbr, has_seller_settings, seller_settings_at)"
            " VALUES (%s, %s, %s, CASE WHEN %s THEN now() END)",
            user_id,
            currency,
            sells,
            sells is not None,
        )
        return user_id

    return make


@pytest.fixture
def own(do, pool):
    """Let users have releases, and both sides of each be enrolled."""

    def have(user_id, *release_ids):
        for release_id in release_ids:
            do(
                "INSERT INTO rekkrd.releases (release_id, title, artist) VALUES (%s, 'Aja', 'Steely Dan')"
                " ON CONFLICT DO NOTHING",
                release_id,
            )
            do(
                "INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id) VALUES (%s, %s, %s, 1)",
                user_id,
                uuid4().int % 10**12,
                release_id,
            )
        with pool.transaction() as conn:
            prices.enrol(conn, release_ids)

    return have


@pytest.fixture
def due(do):
    """Let a side have been due for so long."""

    def since(release_id, what, ago):
        do(
            "UPDATE rekkrd.prices SET due_at = now() - %s::interval WHERE release_id = %s AND what = %s",
            ago,
            release_id,
            what,
        )

    return since


@pytest.fixture
def known(pool):
    def at(release_id, what="stats"):
        with pool.transaction() as conn:
            return prices.find(conn, release_id, what)

    return at


@pytest.fixture
def run(pool, discogs):
    """Run a job to its end, or for so many requests; a step whose answer did not come ends it."""

    def through(most=100, job=refresh_prices):
        checkpoint, outcome = PriceCheckpoint(), None
        while not isinstance(outcome, Done) and checkpoint.asked <= most:
            step = Step(
                uuid4(),
                NOBODY,
                NoArguments(),
                checkpoint,
                Progress(0),
                discogs=discogs,
                account=None,
                discogs_of=discogs.of,
            )
            fetched = job.JOB.fetch(step)
            with pool.transaction() as conn:
                outcome = job.JOB.store(conn, step, fetched)
            checkpoint = outcome.checkpoint if isinstance(outcome, Continue) else checkpoint
        return outcome

    return through


def test_each_side_of_each_release_is_asked_once_for_everybody_who_has_it(own, person, run, discogs, known):
    seller = person(sells=True)
    for user_id in (seller, person(), person()):
        own(user_id, 1, 2)
    ended = run()
    assert sorted(discogs.asked) == [
        ("stats", 1, None),
        ("stats", 2, None),
        ("suggestions", 1, seller),
        ("suggestions", 2, seller),
    ]
    assert ended.outcome == "4 prices asked for anew."
    assert known(1).state == known(1, "suggestions").state == "priced"
    assert known(1).due_at - known(1).fetched_at == known(1).every == USUAL
    assert run().outcome == "0 prices asked for anew."


def test_what_has_been_due_for_longest_comes_first_whatever_its_side(own, person, run, discogs, due):
    own(person(sells=True), 1, 2)
    for place, (release_id, what) in enumerate([(2, "suggestions"), (1, "stats"), (2, "stats"), (1, "suggestions")]):
        due(release_id, what, timedelta(hours=9 - place))
    run()
    assert [asked[:2] for asked in discogs.asked] == [
        ("suggestions", 2),
        ("stats", 1),
        ("stats", 2),
        ("suggestions", 1),
    ]


def test_without_an_account_that_gets_suggestions_floors_go_on(own, person, run, discogs, pool):
    own(person(sells=False), 1, 2)
    run()
    assert [asked[0] for asked in discogs.asked] == ["stats", "stats"]


def test_accounts_that_nobody_asked_yet_are_tried_until_one_gets_suggestions(own, person, run, discogs, known):
    users = sorted(person() for _ in range(3))
    discogs.refused = set(users[:1])
    own(users[0], 1, 2, 3)
    run()
    assert [asked[2] for asked in discogs.asked if asked[0] == "suggestions"] == [users[0], users[1], users[1]]


def test_operator_account_gets_suggestions_for_buyers(own, person, run, discogs, known):
    discogs.has_operator, buyer = True, person(sells=False)
    own(buyer, 1, 2)
    run()
    assert {asked[2] for asked in discogs.asked if asked[0] == "suggestions"} == {NOBODY}
    assert known(1, "suggestions").state == "priced"


def test_owner_with_seller_settings_comes_before_operator(own, person, run, discogs):
    discogs.has_operator, seller, other = True, person(sells=True), person(sells=True)
    own(seller, 1)
    own(person(sells=False), 2)
    run()
    asked = {asked[1]: asked[2] for asked in discogs.asked if asked[0] == "suggestions"}
    assert asked == {1: seller, 2: NOBODY}, other


def test_owner_never_tried_comes_before_operator(own, person, run, discogs):
    discogs.has_operator, owner = True, person()
    discogs.refused = {owner}
    own(owner, 1, 2)
    run()
    assert [asked[2] for asked in discogs.asked if asked[0] == "suggestions"] == [owner, NOBODY]


def test_operator_without_seller_settings_is_tried_hourly(own, person, run, discogs, do):
    discogs.has_operator, discogs.refused = True, {NOBODY}
    own(person(sells=False), 1, 2)
    run()
    assert [asked[2] for asked in discogs.asked if asked[0] == "suggestions"] == [NOBODY]
    do("UPDATE rekkrd.operator_account SET checked_at = now() - interval '61 minutes'")
    run()
    assert [asked[2] for asked in discogs.asked if asked[0] == "suggestions"] == [NOBODY, NOBODY]


def test_who_has_the_release_asks_dollars_first_and_with_nobody_else_others_take_turns(own, person, pool):
    euros, dollars = [person(sells=True, currency="EUR") for _ in range(2)], [person(sells=True) for _ in range(8)]
    poor = person(sells=False)
    own(euros[0], 1, 2)
    own(dollars[0], 2)
    own(poor, 3)

    def first(release_id, user_id=None):
        with pool.transaction() as conn:
            return prices.askers(conn, release_id, user_id=user_id, operator=None, currency="USD", room=1)[0]

    assert first(1) == euros[0]
    assert first(2) == dollars[0]
    assert first(2, euros[1]) == euros[1]
    assert first(2, poor) == dollars[0]
    others = {first(release_id) for release_id in range(3, 60)}
    assert others <= set(dollars)
    assert len(others) > 4


def test_a_release_that_nobody_has_any_more_is_forgotten_without_a_request(own, person, run, discogs, known, do, pool):
    own(person(sells=True), 1)
    run()
    do("DELETE FROM rekkrd.instances")
    do("UPDATE rekkrd.prices SET due_at = now()")
    discogs.asked.clear()
    assert run().outcome == "0 prices asked for anew. 1 release forgotten, which nobody has any more."
    assert discogs.asked == []
    assert known(1) is None
    with pool.transaction() as conn:
        assert conn.execute("SELECT * FROM public.discogs_price_cache").fetchall() == []


def test_a_release_with_an_alert_or_a_want_is_kept(own, person, run, discogs, known, do):
    user_id = person()
    own(user_id, 1, 2)
    do("DELETE FROM rekkrd.instances")
    do("INSERT INTO rekkrd.wants (user_id, release_id) VALUES (%s, 1)", user_id)
    do(
        "INSERT INTO public.discogs_price_alerts (id, user_id, discogs_release_id, target_price)"
        " VALUES (gen_random_uuid(), %s, 2, 9)",
        user_id,
    )
    run()
    assert {asked[1] for asked in discogs.asked} == {1, 2}


def test_what_discogs_refuses_waits_behind_the_others(own, person, run, discogs, known, due):
    own(person(sells=True), 1, 2)
    due(1, "suggestions", 5 * DAY)
    discogs.errors[1] = Invalid("no", status=400)
    run()
    assert discogs.asked[0][:2] == ("suggestions", 1)
    assert ("stats", 2, None) in discogs.asked
    assert known(1, "suggestions").fetched_at is None
    assert known(1, "suggestions").due_at > known(1, "suggestions").seen_at


def test_a_job_that_dies_over_a_release_leaves_the_next_one_to_the_others(own, person, run, discogs, due):
    own(person(sells=False), 1, 2)
    due(1, "stats", 5 * DAY)
    discogs.errors[1] = Unavailable("broken", status=500)
    with pytest.raises(Unavailable):
        run()
    run()
    assert [asked[1] for asked in discogs.asked] == [1, 2]


def test_what_discogs_does_not_know_is_asked_for_seldom(own, person, run, discogs, known):
    own(person(sells=False), 1)
    discogs.errors[1] = Gone("no such release", status=404)
    run()
    assert (known(1).state, known(1).every) == ("gone", SELDOM)


@pytest.mark.parametrize("error", [Unauthorised, ApplicationRejected])
def test_an_account_that_discogs_refuses_is_not_asked_again_at_once_and_stops_nobody(
    own, person, run, discogs, monkeypatch, error
):
    users = sorted(person(sells=True) for _ in range(2))
    own(users[0], 1, 2)

    def refuse(client, release_id):
        client.asked.append(("suggestions", release_id, client.asker))
        raise error("revoked", status=401)

    monkeypatch.setattr(FakeDiscogs, "price_suggestions", refuse)
    run()
    assert [asked[2] for asked in discogs.asked if asked[0] == "suggestions"] == users


def test_an_account_whose_token_does_not_open_stops_nobody_and_is_not_asked_again_at_once(
    own, person, run, discogs, monkeypatch
):
    users = sorted(person(sells=True) for _ in range(2))
    own(users[1], 1, 2)
    own(users[0], 1, 2)
    monkeypatch.setattr(
        discogs, "of", lambda user_id: None if user_id == users[0] else FakeDiscogs.of(discogs, user_id)
    )
    run()
    assert {asked[2] for asked in discogs.asked if asked[0] == "suggestions"} == {users[1]}
    assert len(discogs.asked) == 2 + 1  # the floors of both, and what the first refusal left over


def test_what_only_the_app_knows_is_somebodys_too(person, pool, do, known, run, discogs):
    do("INSERT INTO albums (user_id, discogs_release_id) VALUES (%s, 5)", person(sells=True))
    with pool.transaction() as conn:
        prices.enrol(conn, [5])
    run()
    assert len(discogs.asked) == 2
    assert known(5).state == "priced"


def test_who_begins_to_have_a_release_while_it_is_forgotten_keeps_its_prices(pool, known, do):
    with pool.transaction() as conn:
        prices.enrol(conn, [5])
    user_id = uuid4()
    do("INSERT INTO public.profiles (id, handle) VALUES (%s, 'late')", user_id)
    with pool.transaction() as conn:
        conn.execute("SELECT 1")
        do("INSERT INTO albums (user_id, discogs_release_id) VALUES (%s, 5)", user_id)
        planned.forget(conn, 5)
    assert known(5) is not None


def test_a_release_that_somebody_enrols_is_forgotten_by_nobody_meanwhile(pool):
    with pool.transaction() as conn:
        prices.enrol(conn, [5])
    with pool.transaction() as one:
        prices.enrol(one, [5])
        with pytest.raises(DatabaseBusy), pool.transaction() as other:
            other.execute("SET LOCAL lock_timeout = '50ms'")
            planned.forget(other, 5)


def test_a_side_that_a_person_asks_for_now_is_left_to_them(own, person, run, discogs, pool):
    own(person(sells=False), 1, 2)
    with pool.transaction() as conn:
        prices.claim(conn, 1, "stats", seconds=60)
    run()
    assert [asked[1] for asked in discogs.asked] == [2]


def test_what_a_person_looked_at_is_due_the_next_day(own, person, run, known, pool):
    own(person(sells=False), 1)
    run()
    with pool.transaction() as conn:
        looked = prices.look(conn, 1, "stats", watched=WATCHED)
    assert looked.due_at - looked.fetched_at == WATCHED == looked.every


def test_a_job_ends_after_a_while_and_says_that_more_is_due(own, person, run, discogs, monkeypatch):
    monkeypatch.setattr(refresh_prices, "MOST", 3)
    own(person(sells=False), *range(1, 6))
    assert run().outcome == "3 prices asked for anew. More are due; the next job of the clock goes on."
    assert len(discogs.asked) == 3


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_nobody_starves_and_the_stale_go_before_the_fresh(
    own, person, discogs, do, pool, run, seed, monkeypatch
):
    """Random owners, looks, prices, failures and budgets while days pass; each choice is looked at as it is made."""
    chance = Random(seed)
    users = [person(sells=chance.random() < 0.7) for _ in range(3)]
    releases = range(1, 9)
    for user_id in users:
        own(user_id, *chance.sample(releases, 5))
    waits: dict[tuple[int, str], int] = {}
    real_take = planned.take

    def take(conn, release_id, what, *, seconds):
        """Look at each choice as it is made."""
        rows = conn.execute(
            "SELECT release_id, what, every, extract(EPOCH FROM now() - due_at) / extract(EPOCH FROM every) AS late"
            " FROM rekkrd.prices"
        ).fetchall()
        may_ask = bool(prices.askers(conn, release_id, user_id=None, operator=None, currency="USD", room=1))
        open_now = [row for row in rows if row["late"] >= 0 and (row["what"] == "stats" or may_ask)]
        (mine,) = [row for row in rows if (row["release_id"], row["what"]) == (release_id, what)]
        assert mine["late"] == max(row["late"] for row in open_now)
        for row in open_now:
            key = row["release_id"], row["what"]
            waits[key] = 0 if row is mine else waits.get(key, 0) + 1
            assert waits[key] <= sum(2 + row["every"] / other["every"] for other in rows), "starved"
        real_take(conn, release_id, what, seconds=seconds)

    monkeypatch.setattr(planned, "take", take)
    for _ in range(12):
        discogs.prices = {release: Decimal(chance.randint(1, 300)) for release in releases}
        discogs.errors = {release: Invalid("no", status=400) for release in chance.sample(releases, 2)}
        if chance.random() < 0.5:
            with pool.transaction() as conn:
                prices.look(conn, chance.choice(releases), "stats", watched=WATCHED)
        run(most=chance.randint(0, 12))
        passed = timedelta(hours=chance.randint(1, 100))
        do(
            "UPDATE rekkrd.prices SET due_at = due_at - %s, fetched_at = fetched_at - %s, looked_at = looked_at - %s",
            *[passed] * 3,
        )
    assert discogs.asked


def test_the_plan_says_how_fresh_prices_can_be_with_what_the_last_day_left_over(own, person, pool, do):
    own(person(sells=True), *range(1, 181))
    do(
        "INSERT INTO rekkrd.usage_minutes (minute, user_id, lane, kind, endpoint, requests) VALUES"
        " (date_trunc('minute', now()) - interval '1 hour', NULL, 'import', 'import_collection', 'GET /a', %s),"
        " (date_trunc('minute', now()) - interval '1 hour', NULL, 'background', 'refresh_prices', 'GET /a', 9999),"
        " (date_trunc('minute', now()) - interval '25 hours', NULL, 'import', 'import_collection', 'GET /a', 9999)",
        41 * 1440,
    )
    with pool.transaction() as conn:
        found = price_plan.plan(conn, LimiterSettings(), has_operator=False, room=3)
        now = conn.execute("SELECT now() AS now").fetchone()["now"]
    told = price_plan.sentences(found, now)
    assert found.per_minute == 14
    assert told[0] == "180 releases, suggestions and floor, at 14 requests a minute: every hour."
    assert told[1] == "That is enough: 51 requests a day keep all as fresh as they should be."
    assert [one.price.release_id for one in found.following] == [1, 1, 2]
    assert found.following[0].artist == "Steely Dan"


def test_eighteen_thousand_releases_at_fourteen_requests_a_minute_come_every_43_hours():
    totals = [
        planned.Total(what, 18_000, never_asked=0, due=0, oldest_due_at=None, wanted_a_day=30_000)
        for what in ("stats", "suggestions")
    ]
    plan = price_plan.Plan(totals, 14.0, may_suggest=True, following=[])
    told = price_plan.sentences(plan, None)
    assert told[0] == "18,000 releases, suggestions and floor, at 14 requests a minute: every 43 h."
    assert told[1].startswith("Too little: 60,000 requests a day would keep all as fresh as they should be, 20,160 are")
    alone = price_plan.Plan(totals, 14.0, may_suggest=False, following=[])
    told = price_plan.sentences(alone, None)
    assert told[0] == "18,000 releases, floor, at 14 requests a minute: every 21 h."
    assert "seller settings" in told[-1]


@pytest.mark.parametrize(
    ("due", "ago", "said"),
    [
        (1, timedelta(seconds=2), "1 price is due, for less than a minute."),
        (3, timedelta(seconds=59), "3 prices are due, the longest for less than a minute."),
        (1_200, timedelta(hours=4, minutes=10), "1,200 prices are due, the longest for 4 h 10 min."),
        (7, timedelta(days=9), "7 prices are due, the longest for 9 days."),
    ],
)
def test_how_long_what_is_due_waits_is_said_as_a_person_says_it(due, ago, said):
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    total = planned.Total("stats", 2_000, never_asked=0, due=due, oldest_due_at=now - ago, wanted_a_day=1_000)
    told = price_plan.sentences(price_plan.Plan([total], 55.0, may_suggest=True, following=[]), now)
    assert told[2] == said


def test_what_is_left_over_is_never_less_than_the_background_lanes_own_share():
    limits = LimiterSettings()
    assert left_over(0, limits) == 55
    assert left_over(41 * 1440, limits) == pytest.approx(14)
    assert left_over(10**6, limits) == pytest.approx(5.5)


@pytest.fixture
def alerted(pool, do, person):
    """Let an alert wait for a release's lowest price."""

    def on(*release_ids):
        for release_id in release_ids:
            do(
                "INSERT INTO public.discogs_price_alerts (id, user_id, discogs_release_id, target_price)"
                " VALUES (gen_random_uuid(), %s, %s, 9)",
                person(),
                release_id,
            )
            with pool.transaction() as conn:
                prices.enrol(conn, [release_id])
                prices.hasten(conn, release_id, "stats", every=timedelta(hours=6))

    return on


def test_alerted_prices_are_left_to_check_alerts(own, person, run, discogs, alerted, do):
    own(person(sells=True), 1)
    alerted(2)
    run()
    assert ("stats", 2, None) not in discogs.asked
    discogs.asked.clear()
    run(job=check_alerts)
    assert discogs.asked == [("stats", 2, None)]
    do("UPDATE public.discogs_price_alerts SET is_active = false")
    do("UPDATE rekkrd.prices SET due_at = now()")
    run(job=check_alerts)
    discogs.asked.clear()
    own(person(), 2)
    do("UPDATE rekkrd.prices SET due_at = now()")
    run(job=check_alerts)
    assert discogs.asked == []
    run()
    assert ("stats", 2, None) in discogs.asked


def test_checks_that_come_late_show_the_real_interval(alerted, do, pool):
    alerted(1, 2)
    do("UPDATE rekkrd.prices SET due_at = now() - interval '8 hours' WHERE release_id = 2")
    with pool.transaction() as conn:
        row = conn.execute(
            "SELECT user_id, id FROM public.discogs_price_alerts WHERE discogs_release_id = 1"
        ).fetchone()
        alert = alerts.find(conn, row["user_id"], row["id"])
    assert round(alert.checked_every / timedelta(hours=1)) == 14
    assert "Checked about every 14 h." in sentence(alert)
