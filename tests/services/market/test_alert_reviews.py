"""Alerts on releases that are owned or no longer wanted: they wait for the review item, or say so."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from actors.alerting.alerts import sentence
from actors.alerting.mailing import content
from actors.comparing import wanting
from actors.syncing.answering import answer_owned, answer_removed
from db import alerts, mails, questions, users
from db.pool import Pool
from db.prices import Fresh
from services.market.watching import store_price

RELEASE = 249_504
LOWEST = {"num_for_sale": 3, "lowest_price": {"value": "9.00", "currency": "USD"}, "blocked_from_sale": False}
BOUGHT = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def pool(migrated_database_url):
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def do(pool):
    def execute(statement, *given):
        with pool.transaction() as conn:
            return conn.execute(statement, list(given))

    return execute


@pytest.fixture
def ada(pool):
    with pool.transaction() as conn:
        return users.create(conn, "ada", email="ada@example.org", tier="archivist").id


@pytest.fixture
def world(pool, do, ada):
    """One release with an alert; each method is a change on Discogs, followed by the end of an import."""

    class World:
        def __init__(self):
            do(
                "INSERT INTO rekkrd.releases (release_id, artist, title) VALUES (%s, 'Rick Astley', 'Whenever')",
                RELEASE,
            )
            with pool.transaction() as conn:
                self.alert = alerts.add(conn, ada, RELEASE, Decimal(10), "USD", minimum_grade=None)

        def want(self):
            do("INSERT INTO rekkrd.wants (user_id, release_id) VALUES (%s, %s)", ada, RELEASE)
            do("INSERT INTO discogs_wantlist (user_id, discogs_release_id) VALUES (%s, %s)", ada, RELEASE)

        def remove_want(self):
            do("UPDATE rekkrd.wants SET missing_since = clock_timestamp()")
            do("DELETE FROM discogs_wantlist")
            self.end_import()

        def want_again(self):
            do("UPDATE rekkrd.wants SET missing_since = NULL")
            self.end_import()

        def buy(self):
            do(
                "INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id, date_added)"
                " VALUES (%s, 1, %s, 1, %s)",
                ada,
                RELEASE,
                BOUGHT,
            )
            self.end_import()

        def sell(self):
            do("UPDATE rekkrd.instances SET missing_since = now()")
            self.end_import()

        def end_import(self):
            with pool.transaction() as conn:
                wanting.update_review_items(conn, ada)

        def answer(self, *, drop):
            with pool.transaction() as conn:
                (item,) = questions.open_of(conn, ada)
                answering = answer_owned if item.kind == "owned_want" else answer_removed
                answering(conn, ada, item, is_dropped=drop)
            self.end_import()

    return World()


@pytest.fixture
def mail(pool, ada):
    """Store a lowest price below the target; return the text of the e-mail, None without one."""

    def text():
        with pool.transaction() as conn:
            store_price(conn, RELEASE, "stats", Fresh("priced", LOWEST, Decimal(9), None, timedelta(days=1)))
            row = conn.execute("SELECT id FROM rekkrd.mails").fetchone()
            if row is None:
                return None
            told = mails.firings(conn, row["id"])
            return content(users.find(conn, ada), told, sender="a@b.c", unsubscribe="https://u")["text"]

    return text


WAITS, FIRES, SAYS_OWNED = "waits", "fires", "says owned"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], FIRES),
        (["want"], FIRES),
        (["buy"], SAYS_OWNED),
        (["want", "buy"], WAITS),
        (["want", "buy", "keep"], SAYS_OWNED),
        (["want", "buy", "drop"], None),
        (["want", "buy", "sell"], FIRES),
        (["want", "remove_want"], WAITS),
        (["want", "remove_want", "keep"], FIRES),
        (["want", "remove_want", "drop"], None),
        (["want", "remove_want", "want_again"], FIRES),
        (["want", "remove_want", "keep", "want_again", "remove_want"], WAITS),
        (["want", "buy", "remove_want"], WAITS),
        (["want", "buy", "remove_want", "keep"], SAYS_OWNED),
        (["want", "buy", "keep", "remove_want"], WAITS),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else None,
)
def test_alert_waits_for_review_or_says_owned(world, mail, pool, ada, changes, expected):
    for change in changes:
        if change in {"keep", "drop"}:
            world.answer(drop=change == "drop")
        else:
            getattr(world, change)()
    text = mail()
    with pool.transaction() as conn:
        alert = alerts.find(conn, ada, world.alert)
    if expected == WAITS:
        assert text is None
        assert alert.review in {"owned_want", "removed_want"}
        assert "does not fire until you answer" in sentence(alert)
    elif expected is None:
        assert text is None
        assert not alert.is_active
    else:
        assert text is not None
        assert text.startswith("You own this since 2026-11-30.\n") is (expected == SAYS_OWNED)


def test_alert_fires_at_the_next_check_after_the_answer(world, mail):
    world.want()
    world.buy()
    assert mail() is None
    world.answer(drop=False)
    assert mail().startswith("You own this since 2026-11-30.\n")


def test_alert_set_after_the_removal_is_not_asked_about(world, do, mail):
    world.want()
    world.remove_want()
    do("DELETE FROM rekkrd.questions")
    do("UPDATE discogs_price_alerts SET created_at = clock_timestamp()")
    world.end_import()
    assert mail() is not None
