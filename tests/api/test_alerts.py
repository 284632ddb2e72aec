"""Price alerts over HTTP: set once, listed beside the floor with its rate and age, changed, removed, each own only."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from actors.alerting.alerts import FLOOR_SAYS, MOST_A_USER
from db import alerts, floors, price_plan, prices, rates
from db.prices import Fresh
from services.market import pricing

ALERTS = "/api/discogs/alerts"
RELEASE = 249_504
AJA = {"release_id": RELEASE, "target": "20.00"}


@pytest.fixture(autouse=True)
def _archivists(resources, ada, bob):
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE profiles SET tier = 'archivist' WHERE id = ANY(%s)", [[ada, bob]])


@pytest.fixture
def floor(resources):
    """Let Discogs have said so much for a release, in dollars, some hours ago."""

    def is_(amount, *, release_id=RELEASE, hours=0):
        said = {"value": amount, "currency": "USD"}
        figures = {"num_for_sale": 3, "lowest_price": said if amount else None, "blocked_from_sale": False}
        state = "priced" if amount else "no_price"
        with resources.pool.transaction() as conn:
            prices.store(conn, release_id, "stats", Fresh(state, figures, Decimal(amount or 0), None, pricing.DAY))
            conn.execute("UPDATE rekkrd.prices SET fetched_at = fetched_at - make_interval(hours => %s)", [hours])

    return is_


@pytest.fixture
def post(client, as_app, ada):
    return lambda body=AJA, user=ada: client.post(ALERTS, json=body, headers=as_app(user))


def test_an_alert_is_set_once_however_often_it_is_said(post, client, as_app, ada):
    first, second = post(), post({**AJA, "target": 20, "minimum_grade": "VG+"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert (first.json()["minimum_grade"], second.json()["minimum_grade"]) == (None, "VG+")
    assert post({**AJA, "target": "19.99"}).status_code == post({**AJA, "currency": "EUR"}).status_code == 201
    assert len(client.get(ALERTS, headers=as_app(ada)).json()["alerts"]) == 3


def test_the_floor_stands_beside_it_in_the_alerts_currency_by_a_rate_that_is_said(post, floor, resources):
    floor("30.00", hours=2)
    with resources.pool.transaction() as conn:
        rates.keep(conn, {"EUR": Decimal("0.9")}, source="discogs")
    told = post({**AJA, "currency": "EUR"}).json()
    found = told["floor"]
    assert (found["price"], found["rate"]) == ({"amount": "27.00", "currency": "EUR"}, "0.900000")
    assert (found["as_discogs_has_it"], found["num_for_sale"]) == ({"amount": "30.00", "currency": "USD"}, 3)
    assert found["rate_as_of"] is not None
    assert found["age_seconds"] // 3600 == 2
    assert (found["says"], told["attribution"]) == (FLOOR_SAYS, "Data provided by Discogs.")
    assert (
        told["sentence"] == "Waits for EUR 20.00; the floor was EUR 27.00, converted 2 h ago. Checked about every 6 h."
    )


def test_without_a_rate_nothing_is_compared_and_it_says_so(post, floor):
    floor("30.00")
    told = post({**AJA, "currency": "SEK"}).json()
    assert (told["floor"]["price"], told["floor"]["rate"]) == (None, None)
    assert "no exchange rate for SEK" in told["sentence"]


def test_whose_tier_has_no_alerts_any_more_can_turn_one_off_but_not_on(post, client, as_app, ada, resources):
    path = f"{ALERTS}/{post().json()['id']}"
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE profiles SET tier = 'collector'")
    assert client.patch(path, json={"is_active": False}, headers=as_app(ada)).json()["is_active"] is False
    assert client.patch(path, json={"is_active": True}, headers=as_app(ada)).status_code == 403


def test_a_currency_without_any_rate_is_refused_until_an_operator_sets_one(post, client, as_app, ada, resources):
    krone = {"currency": "NOK"}
    path = f"{ALERTS}/{post().json()['id']}"
    for refused in (post(AJA | krone), client.patch(path, json=krone, headers=as_app(ada))):
        assert (refused.status_code, refused.json()["error"]["reason"]) == (409, "alert_refused")
        assert "no exchange rate for NOK" in refused.json()["error"]["message"]
        assert "EUR, GBP" in refused.json()["error"]["next_step"]
    with resources.pool.transaction() as conn:
        rates.keep(conn, {"NOK": Decimal("10.1")}, source="operator", noted_by="ada")
    assert post(AJA | krone).status_code == 201


def test_a_minimum_grade_brings_its_suggestion_beside_the_floor_that_has_none(post, floor, resources):
    floor("30.00")
    figures = {"VG+": {"value": "44.00", "currency": "USD"}}
    with resources.pool.transaction() as conn:
        prices.store(conn, RELEASE, "suggestions", Fresh("priced", figures, Decimal(44), None, pricing.DAY))
    told = post({**AJA, "minimum_grade": "VG+"}).json()
    assert told["suggestion"] == {"amount": "44.00", "currency": "USD"}
    assert "Discogs suggests USD 44.00 for a copy in Very Good Plus (VG+); the floor may be of a" in told["sentence"]
    assert "is not known" in post({**AJA, "minimum_grade": "P"}).json()["sentence"]


def test_the_release_is_asked_for_within_six_hours_and_stays_while_somebody_waits(post, floor, resources):
    floor("30.00")
    post()
    with resources.pool.transaction() as conn:
        found = prices.find(conn, RELEASE, "stats")
        assert found.due_at - found.fetched_at == timedelta(hours=6)
        conn.execute("UPDATE discogs_price_alerts SET triggered_at = now()")
        conn.execute("UPDATE rekkrd.prices SET due_at = now()")
        assert price_plan.next_due(conn, "stats", is_alerted=True).is_anybodys


def test_alerts_come_in_pages_the_newest_first(post, client, as_app, ada):
    made = [post({**AJA, "release_id": number}).json()["id"] for number in (1, 2, 3)]
    first = client.get(f"{ALERTS}?limit=2", headers=as_app(ada)).json()
    assert [one["id"] for one in first["alerts"]] == [made[2], made[1]]
    client.delete(f"{ALERTS}/{made[1]}", headers=as_app(ada))  # where the next page begins
    last = client.get(f"{ALERTS}?limit=2&cursor={first['next_cursor']}", headers=as_app(ada)).json()
    assert ([one["id"] for one in last["alerts"]], last["next_cursor"]) == ([made[0]], None)


def test_a_change_says_only_what_is_given_and_another_target_begins_anew(post, client, as_app, ada, resources):
    path = f"{ALERTS}/{post({**AJA, 'minimum_grade': 'NM'}).json()['id']}"

    def patch(**said):
        with resources.pool.transaction() as conn:
            conn.execute("UPDATE discogs_price_alerts SET triggered_at = now()")
        return client.patch(path, json=said, headers=as_app(ada)).json()

    kept = patch(is_active=False)
    assert (kept["is_active"], kept["minimum_grade"], kept["triggered_at"] is None) == (False, "NM", False)
    assert patch(is_active=True)["triggered_at"] is None
    assert patch(minimum_grade=None)["minimum_grade"] is None
    moved = patch(target="18.00")
    assert (moved["target"]["amount"], moved["triggered_at"]) == ("18.00", None)
    assert client.patch(path, json={}, headers=as_app(ada)).status_code == 422


def test_two_changes_at_once_leave_both(post, client, as_app, ada, resources):
    made = post().json()
    path = f"{ALERTS}/{made['id']}"
    waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    def waits():
        with resources.pool.transaction() as conn:
            return conn.execute(waiting).fetchone() is not None

    with ThreadPoolExecutor(1) as threads:
        with resources.pool.transaction() as conn:
            alerts.lock(conn, ada)
            other = threads.submit(client.patch, path, json={"minimum_grade": "NM"}, headers=as_app(ada))
            while not other.done() and not waits():
                pass
            conn.execute("UPDATE discogs_price_alerts SET target_price = 18 WHERE id = %s", [made["id"]])
        told = other.result().json()
    assert (told["target"]["amount"], told["minimum_grade"]) == ("18.00", "NM")


def test_two_alerts_do_not_become_one_by_a_change(post, client, as_app, ada):
    post()
    other = post({**AJA, "target": "19.00"}).json()["id"]
    answer = client.patch(f"{ALERTS}/{other}", json={"target": "20.00"}, headers=as_app(ada))
    assert (answer.status_code, answer.json()["error"]["reason"]) == (409, "alert_refused")


def test_an_alert_is_its_owners_alone_and_gone_after_its_removal(post, client, as_app, ada, bob):
    path = f"{ALERTS}/{post().json()['id']}"
    assert client.get(path, headers=as_app(ada)).json()["id"] == path.rpartition("/")[2]
    for answer in (
        client.get(path, headers=as_app(bob)),
        client.delete(path, headers=as_app(bob)),
        client.patch(path, json={"is_active": False}, headers=as_app(bob)),
    ):
        assert answer.status_code == 404
    assert client.get(ALERTS, headers=as_app(bob)).json()["alerts"] == []
    foreign = f"{ALERTS}?cursor=9999999999999999_{path.rpartition('/')[2]}"
    assert client.get(foreign, headers=as_app(bob)).json()["alerts"] == []
    assert [client.delete(path, headers=as_app(ada)).status_code for _ in range(2)] == [204, 404]
    assert client.get(path, headers=as_app(ada)).status_code == 404


def test_nobody_has_more_than_the_limit_but_what_is_there_can_be_said_again(post, resources, ada):
    with resources.pool.transaction() as conn:
        conn.execute(
            "INSERT INTO discogs_price_alerts (user_id, discogs_release_id, target_price)"
            " SELECT %s, n, 20 FROM generate_series(1, %s) AS n",
            [ada, MOST_A_USER],
        )
    answer = post()
    assert (answer.status_code, answer.json()["error"]["reason"]) == (409, "alert_refused")
    assert post({"release_id": 1, "target": "20.00"}).status_code == 200


@pytest.mark.parametrize("target", ["0", "-1", "20.001", "10000000", "NaN", "cheap"])
def test_what_is_no_amount_is_refused(post, target):
    assert post({**AJA, "target": target}).status_code == 422


@pytest.mark.parametrize("tier", ["collector", "curator"])
def test_a_lower_tier_is_told_which_has_alerts_and_may_still_see_and_remove_its_own(
    post, client, as_app, ada, resources, tier
):
    path = f"{ALERTS}/{post().json()['id']}"
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE profiles SET tier = %s", [tier])
    for answer in (post(), client.patch(path, json={"is_active": True}, headers=as_app(ada))):
        assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "tier_too_low")
        assert answer.json()["error"]["next_step"] == "Upgrade to Archivist."
    assert client.get(ALERTS, headers=as_app(ada)).status_code == 200
    assert client.delete(path, headers=as_app(ada)).status_code == 204


def test_a_user_who_is_not_there_has_no_alerts(post, client, as_app):
    nobody = uuid4()
    assert post(user=nobody).status_code == client.get(ALERTS, headers=as_app(nobody)).status_code == 404


@pytest.fixture
def fell(resources, ada):
    """Let the floor of a wanted release have been 30, then 18 dollars, on two days of the last week."""
    with resources.pool.transaction() as conn:
        conn.execute("INSERT INTO rekkrd.releases (release_id, title, artist) VALUES (%s, '', '')", [RELEASE])
        conn.execute("INSERT INTO rekkrd.wants (user_id, release_id) VALUES (%s, %s)", [ada, RELEASE])
        for amount in ("30.00", "18.00"):
            conn.execute(
                "UPDATE rekkrd.floor_days SET day = day - 2, lowest_at = lowest_at - interval '2 days',"
                " latest_at = latest_at - interval '2 days'"
            )
            floors.note(conn, RELEASE, Decimal(amount), "USD")


def test_an_alert_and_a_price_one_thinks_of_are_rehearsed_alike_with_what_they_rest_on(
    post, client, as_app, ada, fell, resources
):
    with resources.pool.transaction() as conn:
        rates.keep(conn, {"EUR": Decimal("0.9")}, source="discogs")
    alert = post({**AJA, "target": "16.20", "currency": "EUR"}).json()["id"]
    of_alert = client.get(f"{ALERTS}/{alert}/rehearsal?days=7", headers=as_app(ada))
    asked = f"{ALERTS}/rehearsal?release_id={RELEASE}&target=16.2&currency=EUR&days=7"
    told = of_alert.json()
    assert told == client.get(asked, headers=as_app(ada)).json()
    assert (told["times"], told["known_days"], told["compared_days"], told["days"]) == (1, 2, 1, 7)
    (fired,) = told["fired"]
    assert (fired["floor"], fired["rate"]) == ({"amount": "16.20", "currency": "EUR"}, "0.900000")
    assert fired["as_discogs_has_it"] == {"amount": "18.00", "currency": "USD"}
    assert fired == told["lowest"]
    assert told["attribution"] == "Data provided by Discogs."
    assert told["sentence"].startswith("At EUR 16.20 it would have fired once in 7 days: on ")


def test_a_rehearsal_is_of_ones_own_alert_and_comes_with_a_tier(post, client, as_app, ada, bob, resources):
    paths = (f"{ALERTS}/{post().json()['id']}/rehearsal", f"{ALERTS}/rehearsal?release_id=1&target=20")
    assert [client.get(path, headers=as_app(bob)).status_code for path in paths] == [404, 200]
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE profiles SET tier = 'curator'")
    assert [client.get(path, headers=as_app(ada)).status_code for path in paths] == [403, 403]


def test_where_no_floor_is_known_a_rehearsal_says_so_and_fires_never(client, as_app, ada):
    told = client.get(f"{ALERTS}/rehearsal?release_id=1&target=20", headers=as_app(ada)).json()
    assert (told["times"], told["known_days"], told["lowest"]) == (0, 0, None)
    assert told["sentence"].startswith("No floor of this release is known of the last 90 days")


@pytest.mark.parametrize("asked", ["target=20", "release_id=1&target=0", "release_id=1&target=20&days=367"])
def test_a_rehearsal_of_nothing_is_refused(client, as_app, ada, asked):
    assert client.get(f"{ALERTS}/rehearsal?{asked}", headers=as_app(ada)).status_code == 422
