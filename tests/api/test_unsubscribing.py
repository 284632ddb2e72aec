"""A mail's link: it asks before anything ends, mail programs may press the button, and nobody else's link works."""

from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from actors.alerting.alerts import create
from actors.alerting.unsubscribing import link
from db import alerts
from db.sealing import Keys


@pytest.fixture
def path(resources, ada):
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE profiles SET tier = 'archivist' WHERE id = %s", [ada])
        create(conn, ada, 7, target=Decimal(20))
    return link("https://rekkrd.example", resources.keys, ada).removeprefix("https://rekkrd.example")


@pytest.fixture
def are_on(resources, ada):
    def look():
        with resources.pool.transaction() as conn:
            return [one.is_active for one in alerts.page(conn, ada, room=9)]

    return look


def test_the_page_asks_and_the_button_ends_it(client, path, are_on):
    asked = client.get(path)
    assert (asked.status_code, "<form" in asked.text, are_on()) == (200, True, [True])
    for _ in range(2):
        ended = client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert (ended.status_code, are_on()) == (200, [False])
    assert "0 price alerts turned off" in client.post(path).text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_we_did_not_sign_ends_nothing(client, path, are_on, bob, ada, method):
    others = link("https://x.example", Keys.parse("22" * 32), ada)
    page = urlsplit(path).path
    stranger = path.replace(str(ada), str(bob))
    for wrong in (
        stranger,
        path[:-2],
        f"{path}é",
        f"{page}?token=",
        f"{page}?token=a.b.c",
    ):
        assert client.request(method, wrong).status_code == 404, wrong
    assert client.request(method, others.removeprefix("https://x.example")).status_code == 404
    assert are_on() == [True]
