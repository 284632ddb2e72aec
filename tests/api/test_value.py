"""A collection's value over HTTP: imported from the simulated Discogs, priced there, and beside Discogs' own figure."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

import simulator
from db import links, value
from db.links import Credentials
from simulator import SimulatorSettings
from simulator.faults import Fault

VALUE, HISTORY = "/api/collection/value", "/api/collection/value/history"
PRICED = 249_504
TODAY = datetime.now(UTC).date()


@pytest.fixture
def discogs():
    settings = SimulatorSettings(
        port=0, records=0, wants=0, consumer_key="our-key", consumer_secret="our-consumer-secret"
    )
    with simulator.running(settings) as running:
        yield running


@pytest.fixture
def shelf(resources, discogs, client, as_app):
    """Give somebody the simulated account, and one priced record in VG+."""

    def to(user_id):
        account = discogs.world.create_account("crates", has_seller_settings=True, currency="USD")
        with resources.pool.transaction() as conn:
            credentials = Credentials("personal", account.profile.personal_token)
            links.connect(
                conn, resources.keys, user_id, username="crates", discogs_user_id=account.profile.id,
                credentials=credentials,
            )  # fmt: skip
            conn.execute(
                "INSERT INTO albums (user_id, artist, title, discogs_release_id, media_condition)"
                " VALUES (%s, 'Steely Dan', 'Aja', %s, 'VG+')",
                [user_id, PRICED],
            )
        return client.get(f"/api/discogs/marketplace/price/{PRICED}", headers=as_app(user_id)).json()

    return to


def test_a_record_is_worth_what_discogs_suggests_beside_discogs_own_figure(client, as_app, ada, shelf, discogs):
    suggested = {one["grade"]: one["price"] for one in shelf(ada)["grades"]}
    found = client.get(VALUE, headers=as_app(ada)).json()
    assert found["currency"] == suggested["VG+"]["currency"] == "USD"
    assert [found[name] for name in ("low", "median", "high")] == [
        suggested[one]["amount"] for one in ("VG", "VG+", "NM")
    ]
    assert (found["coverage"]["copies"], found["coverage"]["valued"], found["coverage"]["assumed"]) == (1, 1, 0)
    assert found["dearest"][0] | {"album_id": "", "priced_at": ""} == {
        "album_id": "",
        "priced_at": "",
        "release_id": PRICED,
        "artist": "Steely Dan",
        "title": "Aja",
        "year": None,
        "grade": "VG+",
        "is_assumed": False,
        "low": found["low"],
        "median": found["median"],
        "high": found["high"],
        "link": f"https://www.discogs.com/release/{PRICED}",
    }
    assert found["by"]["condition"]["parts"] == [
        {"name": "VG+", "copies": 1, "valued": 1, **{name: found[name] for name in ("low", "median", "high")}}
    ]
    assert (found["discogs"]["currency"], found["discogs"]["age_seconds"] < 60) == ("USD", True)
    assert (
        Decimal(found["discogs"]["minimum"])
        <= Decimal(found["discogs"]["median"])
        <= Decimal(found["discogs"]["maximum"])
    )
    assert found["attribution"] == "Data provided by Discogs."


def own_figure_asked(discogs):
    return sum(arrival.path.endswith("/collection/value") for arrival in discogs.log.arrivals)


def test_discogs_own_figure_is_asked_for_once_in_six_hours(client, as_app, ada, shelf, discogs, resources):
    shelf(ada)
    for _ in range(2):
        client.get(VALUE, headers=as_app(ada))
    assert own_figure_asked(discogs) == 1
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.discogs_values SET fetched_at = now() - interval '6 hours 1 second'")
    client.get(VALUE, headers=as_app(ada))
    assert own_figure_asked(discogs) == 2


def test_a_token_that_was_revoked_is_noted(client, as_app, ada, shelf, discogs, resources):
    shelf(ada)
    discogs.faults.add(Fault(kind="revoked", times=10))
    assert client.get(VALUE, headers=as_app(ada)).status_code == 200
    with resources.pool.transaction() as conn:
        assert links.link(conn, ada).state == "needs_reconnect"


def test_while_discogs_is_away_its_last_word_stays_with_its_age(client, as_app, ada, shelf, discogs, resources):
    shelf(ada)
    said = client.get(VALUE, headers=as_app(ada)).json()["discogs"]
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.discogs_values SET fetched_at = now() - interval '7 hours'")
    discogs.faults.add(Fault(kind="error", status=503, times=10))
    answer = client.get(VALUE, headers=as_app(ada))
    assert answer.status_code == 200
    assert (answer.json()["discogs"]["median"], answer.json()["discogs"]["age_seconds"] // 3600) == (said["median"], 7)


def test_who_is_not_connected_sees_a_value_without_discogs_own(client, as_app, ada, resources):
    with resources.pool.transaction() as conn:
        conn.execute("INSERT INTO albums (user_id, discogs_release_id) VALUES (%s, 1)", [ada])
    found = client.get(VALUE, headers=as_app(ada)).json()
    assert (found["discogs"], found["coverage"]["not_asked"], found["median"]) == (None, 1, "0.00")
    assert found["sentence"].startswith("0 of 1 record valued. The prices of 1 record have not been requested yet.")
    (gap,) = found["gaps"]
    assert (gap["reason"], gap["records"]) == ("not_asked", 1)
    assert "DISCOGS_PERSONAL_TOKEN" in gap["hint"]
    with resources.pool.transaction() as conn:
        row = conn.execute("SELECT count(*) AS planned FROM rekkrd.prices WHERE release_id = 1").fetchone()
    assert row["planned"] == 2, "a release that only the app knows joins the price plan"


@pytest.mark.parametrize(
    ("path", "tier", "needs"), [(VALUE, "collector", "Curator"), (HISTORY, "curator", "Archivist")]
)
def test_a_tier_that_lacks_it_is_told_which_has_it(client, as_app, ada, resources, path, tier, needs):
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE profiles SET tier = %s WHERE id = %s", [tier, ada])
    answer = client.get(path, headers=as_app(ada))
    assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "tier_too_low")
    assert answer.json()["error"]["next_step"] == f"Upgrade to {needs}."


@pytest.fixture
def days(resources, ada):
    """Keep snapshots of an archivist, so many days ago, in these currencies."""

    def keep(*kept: tuple[int, str]):
        with resources.pool.transaction() as conn:
            conn.execute("UPDATE profiles SET tier = 'archivist' WHERE id = %s", [ada])
            for ago, currency in kept:
                day: date = TODAY - timedelta(days=ago)
                assert value.snapshot(conn, ada, currency, day, bought_within=timedelta(days=30))

    return keep


def test_the_past_comes_by_range_in_the_users_currency(client, as_app, ada, days):
    days((80, "USD"), (40, "USD"), (20, "EUR"), (2, "USD"), (1, "USD"))
    found = client.get(HISTORY, headers=as_app(ada)).json()
    assert [day["day"] for day in found["days"]] == [str(TODAY - timedelta(days=ago)) for ago in (2, 1)]
    assert (found["left_out"], found["currency"]) == (1, "USD")
    assert found["change"] == {
        "since": str(TODAY - timedelta(days=2)),
        "until": str(TODAY - timedelta(days=1)),
        **dict.fromkeys(("total", "bought", "sold", "market", "exchange", "better_data"), "0.00"),
    }
    assert len(client.get(f"{HISTORY}?range=90d", headers=as_app(ada)).json()["days"]) == 4
    assert client.get(f"{HISTORY}?range=2y", headers=as_app(ada)).status_code == 422


def test_before_the_first_day_the_past_is_empty(client, as_app, ada, days):
    days()
    found = client.get(HISTORY, headers=as_app(ada)).json()
    assert (found["days"], found["change"], found["left_out"]) == ([], None, 0)
