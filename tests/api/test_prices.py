"""Prices over HTTP, with the simulated Discogs behind: one request for everybody, states in words, age and source."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient

import simulator
from api.app import create_app
from db import links, prices
from db.links import Credentials
from discogs.client import Discogs
from discogs.errors import ApplicationRejected, Invalid, Unauthorised
from services import single_flight
from simulator import SimulatorSettings
from simulator.faults import Fault

PRICED, UNPRICED, BLOCKED, UNKNOWN = 249_504, 89, 997, 10**12
GRADES = ["M", "NM", "VG+", "VG", "G+", "G", "F", "P"]


@pytest.fixture
def discogs():
    settings = SimulatorSettings(
        port=0, records=0, wants=0, limit=100_000, consumer_key="our-key", consumer_secret="our-consumer-secret"
    )
    with simulator.running(settings) as running:
        yield running


@pytest.fixture
def join(discogs, resources):
    """Connect a user to a new account; with seller settings if wanted."""

    def to(user_id, name="crates", *, sells=True, currency="USD"):
        account = discogs.world.create_account(name, has_seller_settings=sells, currency=currency)
        with resources.pool.transaction() as conn:
            links.connect(
                conn,
                resources.keys,
                user_id,
                username=name,
                discogs_user_id=account.profile.id,
                credentials=Credentials("personal", account.profile.personal_token),
            )
            links.counts(conn, user_id, num_collection=0, num_wantlist=0, curr_abbr=currency)
        return account

    return to


@pytest.fixture
def look(client, as_app):
    def at(user_id, release_id=PRICED, what="price", **query):
        path = f"/api/discogs/marketplace/{what}/{release_id}"
        return client.get(path, params=query, headers=as_app(user_id))

    return at


@pytest.fixture
def asked(discogs):
    return lambda: [arrival.path for arrival in discogs.log.arrivals]


@pytest.fixture
def age(resources):
    """Let what is known of prices be so many hours old, and no failure be fresh."""

    def by(hours):
        with resources.pool.transaction() as conn:
            conn.execute("UPDATE rekkrd.prices SET fetched_at = now() - make_interval(hours => %s)", [hours])
            conn.execute("UPDATE rekkrd.prices SET claimed_until = NULL, failed = NULL, claim = NULL")

    return by


def test_eight_grades_come_with_currency_age_and_source(look, ada, join):
    join(ada, currency="EUR")
    answer = look(ada)
    told = answer.json()
    assert (answer.status_code, told["state"]) == (200, "priced")
    assert [one["grade"] for one in told["grades"]] == GRADES
    assert {one["price"]["currency"] for one in told["grades"]} == {"EUR"}
    amounts = [Decimal(one["price"]["amount"]) for one in told["grades"]]
    assert amounts == sorted(amounts, reverse=True)
    assert all(amount.as_tuple().exponent == -2 for amount in amounts)
    source = told["source"]
    assert (source["attribution"], source["why_stale"]) == ("Data provided by Discogs.", None)
    assert source["link"] == f"https://www.discogs.com/release/{PRICED}"
    assert source["fetched_at"] is not None
    assert source["age_seconds"] < 60


def test_the_market_comes_in_dollars_and_needs_no_account(look, ada):
    told = look(ada, what="stats").json()
    assert (told["state"], told["lowest"]["currency"]) == ("priced", "USD")
    assert told["num_for_sale"] > 0


@pytest.mark.parametrize(
    ("what", "release_id", "state"),
    [("price", UNPRICED, "no_price"), ("stats", BLOCKED, "blocked")],
)
def test_what_has_no_price_or_may_not_be_sold_is_a_state_and_no_error(look, ada, join, what, release_id, state):
    join(ada)
    answer = look(ada, release_id, what)
    assert (answer.status_code, answer.json()["state"]) == (200, state)


def test_a_second_look_within_six_hours_asks_nobody_and_an_older_one_asks_again(look, ada, bob, join, asked, age):
    join(ada)
    first = look(ada).json()
    assert look(bob).json()["grades"] == first["grades"]
    age(5)
    assert look(bob).json()["source"]["age_seconds"] >= 5 * 3600
    assert len(asked()) == 1
    age(6)
    assert look(ada).json()["source"]["age_seconds"] < 60
    assert len(asked()) == 2


def test_of_many_who_look_at_once_through_two_processes_one_asks(
    app, api_settings, resources, ada, bob, discogs, asked
):
    discogs.faults.add(Fault(kind="slow", seconds=0.5))
    other = create_app(api_settings, resources)
    for each in (app, other):
        each.openapi()  # two that make their routes at once, in one process, switch each other's warnings on
    headers = [
        {"Authorization": f"Bearer {api_settings.application_tokens[0]}", "X-Rekkrd-User": str(user)}
        for user in (ada, bob)
    ]
    path = f"/api/discogs/marketplace/stats/{PRICED}"
    with TestClient(app) as one, TestClient(other) as two, ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(client.get, path, headers=headers[n % 2]) for n in range(4) for client in (one, two)]
        answers = [each.result() for each in waiting]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["lowest"]["amount"] for answer in answers}) == 1
    assert len(asked()) == 1


def test_while_discogs_is_away_the_last_answer_is_shown_with_its_age_and_one_asks_in_vain(
    look, ada, discogs, asked, age
):
    first = look(ada, what="stats").json()
    age(30)
    discogs.faults.add(Fault(kind="error", status=503))
    for _ in range(3):
        answer = look(ada, what="stats")
        told = answer.json()
        assert (answer.status_code, told["lowest"]) == (200, first["lowest"])
        assert told["source"]["why_stale"]
        assert told["source"]["age_seconds"] >= 30 * 3600
    assert len(asked()) == 2


def test_who_looks_first_while_discogs_is_away_is_told_so_and_the_next_too_without_a_request(look, ada, discogs, asked):
    discogs.faults.add(Fault(kind="error", status=503))
    answers = [look(ada, what="stats") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503] * 3
    assert {answer.json()["error"]["reason"] for answer in answers} == {"discogs_unavailable"}
    assert len(asked()) == 1


def test_claim_of_a_dead_process_expires_and_the_next_asks(look, ada, resources, monkeypatch):
    monkeypatch.setattr(single_flight, "POLL_SECONDS", 0.01)
    with resources.pool.transaction() as conn:
        prices.enrol(conn, [PRICED])
        prices.claim(conn, PRICED, "stats", seconds=60)
    answer = look(ada, what="stats", wait=0)
    assert (answer.status_code, answer.json()["state"], answer.headers["Retry-After"]) == (202, "pending", "1")
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.prices SET claimed_until = now()")
    assert look(ada, what="stats").status_code == 200


def test_without_seller_settings_anywhere_that_is_the_state_and_the_account_is_not_asked_again(look, ada, join, asked):
    join(ada, sells=False)
    for release_id in (PRICED, PRICED + 1, PRICED):
        answer = look(ada, release_id)
        assert (answer.status_code, answer.json()["state"]) == (200, "no_seller_settings")
    assert "seller settings" in answer.json()["sentence"]
    assert len(asked()) == 1


def test_an_account_that_gets_suggestions_asks_for_one_that_does_not(look, ada, bob, join, asked):
    join(bob, "shop")
    assert look(bob).json()["state"] == "priced"
    join(ada, sells=False)
    assert look(ada, PRICED + 2).json()["state"] == "priced"
    assert len(asked()) == 3  # bob's, then ada's in vain, then in bob's name
    assert look(ada, PRICED + 3).json()["state"] == "priced"
    assert len(asked()) == 4


def test_a_token_that_was_revoked_is_noted_and_the_next_account_asks(look, ada, bob, join, resources):
    join(bob, "shop")
    look(bob)
    account = join(ada)
    account.profile.personal_token = "another"
    assert look(ada, PRICED + 2).json()["state"] == "priced"
    with resources.pool.transaction() as conn:
        assert links.link(conn, ada).state == "needs_reconnect"


def test_a_token_that_does_not_open_is_nothing_that_who_looks_could_mend(look, ada, bob, join, resources):
    join(bob, "shop")
    look(bob)
    join(ada, sells=False)
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE profiles SET discogs_oauth_token = 'v1.dropped.AAAA' WHERE id = %s", [bob])
    answer = look(ada, PRICED + 2)
    assert (answer.status_code, answer.json()["state"]) == (200, "no_seller_settings")


@pytest.fixture
def operator(discogs, monkeypatch):
    """Set DISCOGS_PERSONAL_TOKEN in production, beside a consumer key, to a new account's token."""

    def sells(*, has_seller_settings):
        account = discogs.world.create_account("house", has_seller_settings=has_seller_settings, currency="EUR")
        monkeypatch.setenv("REKKRD_ENV", "production")
        monkeypatch.setenv("DISCOGS_PERSONAL_TOKEN", account.profile.personal_token)
        return account

    return sells


@pytest.fixture
def house(operator):
    return operator(has_seller_settings=True)


@pytest.fixture
def house_without_settings(operator):
    return operator(has_seller_settings=False)


def test_operator_account_is_asked_after_the_users_own(house, look, ada, join, asked):
    join(ada, sells=False)
    told = look(ada).json()
    assert (told["state"], {one["price"]["currency"] for one in told["grades"]}) == ("priced", {"EUR"})
    assert len(asked()) == 2  # the user's own account, then the operator's
    assert look(ada, PRICED + 2).json()["state"] == "priced"
    assert len(asked()) == 3


def test_users_own_account_comes_before_the_operators(house, look, ada, join):
    join(ada, currency="GBP")
    assert {one["price"]["currency"] for one in look(ada).json()["grades"]} == {"GBP"}


def test_no_seller_settings_only_if_operator_lacks_them_too(house_without_settings, look, ada, join, asked):
    join(ada, sells=False)
    answer = look(ada)
    assert (answer.status_code, answer.json()["state"]) == (200, "no_seller_settings")
    assert "DISCOGS_PERSONAL_TOKEN" in answer.json()["sentence"]
    assert len(asked()) == 2
    look(ada, PRICED + 2)
    assert len(asked()) == 2


def test_revoked_operator_token_is_no_error_for_the_user(house, look, ada, join, discogs):
    discogs.world.revoked.add(house.profile.personal_token)
    join(ada, sells=False)
    answer = look(ada)
    assert (answer.status_code, answer.json()["state"]) == (200, "no_seller_settings")


def test_one_token_refused_in_our_keys_words_leaves_it_to_the_next_account(look, ada, bob, join, monkeypatch):
    join(bob, "shop")
    look(bob)
    join(ada)
    real, refused = Discogs.price_suggestions, []

    def refuse_the_first(client, release_id):
        if refused:
            return real(client, release_id)
        refused.append(release_id)
        raise ApplicationRejected("Invalid consumer.", status=401)

    monkeypatch.setattr(Discogs, "price_suggestions", refuse_the_first)
    assert look(ada, PRICED + 2).json()["state"] == "priced"
    assert refused == [PRICED + 2]


def test_what_discogs_does_not_know_is_not_found_and_asked_for_once(look, ada, asked):
    answers = [look(ada, UNKNOWN, "stats") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["error"]["reason"] == "gone_at_discogs"
    assert len(asked()) == 1


def test_the_plans_row_is_as_old_as_the_older_of_its_sides(look, ada, join, resources, age):
    join(ada)
    look(ada)
    age(3)
    look(ada, what="stats")
    with resources.pool.transaction() as conn:
        row = conn.execute(
            "SELECT *, expires_at - fetched_at AS kept, now() - fetched_at AS age FROM public.discogs_price_cache"
        ).fetchone()
    assert row["price_data"].keys() == set(GRADES)
    assert row["marketplace_stats"]["blocked_from_sale"] is False
    assert row["kept"].total_seconds() == 24 * 3600
    assert row["age"].total_seconds() >= 3 * 3600


def test_a_stranger_and_an_operator_have_no_prices(client, as_operator):
    path = f"/api/discogs/marketplace/stats/{PRICED}"
    assert client.get(path).status_code == 401
    assert client.get(path, headers=as_operator).status_code == 403


@pytest.mark.parametrize("error", [Unauthorised, Invalid])
def test_that_discogs_refuses_us_is_nothing_that_who_looks_could_mend(look, ada, monkeypatch, error):
    def refuse(*_, **__):
        raise error("Discogs refuses this.")

    monkeypatch.setattr(Discogs, "marketplace_stats", refuse)
    answer = look(ada, what="stats")
    assert (answer.status_code, answer.json()["error"]["reason"]) == (503, "discogs_unavailable")


def test_operators_see_the_plan_and_nobody_else(client, as_operator, as_app, ada, resources):
    with resources.pool.transaction() as conn:
        prices.enrol(conn, [PRICED, UNPRICED])
        conn.execute("UPDATE rekkrd.prices SET due_at = now() - interval '4 hours' WHERE release_id = %s", [PRICED])
    said = client.get("/api/prices/plan", params={"limit": 1}, headers=as_operator).json()
    assert said["sentences"][0] == "2 releases, floor, at 55 requests a minute: every hour."
    assert "2 prices are due, the longest for 4 h." in said["sentences"]
    assert {one["what"]: one["due"] for one in said["totals"]} == {"stats": 2, "suggestions": 2}
    assert [(one["release_id"], one["what"], one["why"]) for one in said["next"]] == [(PRICED, "stats", "never asked")]
    assert (said["may_suggest"], said["possible_a_day"]) == (False, 79_200)
    assert client.get("/api/prices/plan").status_code == 401
    assert client.get("/api/prices/plan", headers=as_app(ada)).status_code == 403


def test_the_plan_of_nothing_is_a_sentence(client, as_operator):
    said = client.get("/api/prices/plan", headers=as_operator).json()
    assert said["sentences"] == ["No release is known yet: the first import brings some."]
    assert (said["hours"], said["next"]) == (0, [])
