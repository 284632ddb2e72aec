"""An alert that fires in a real worker is one mail, though workers die at each turn of its way."""

from decimal import Decimal
from threading import Event

import pytest

from actors.alerting import alerts
from tests.journeys.conftest import Launch
from tests.resending import KEY, resending

pytestmark = [pytest.mark.journey, pytest.mark.soak]  # 15 s; tests/workers kills a postman alone at each of its turns

MANY = Decimal(9_000_000)  # more than any floor


def test_one_mail_though_workers_are_killed_between_decision_send_and_mark(new_fleet: Launch) -> None:
    fleet = new_fleet()
    ada = fleet.person(records=1)
    (release,) = {instance["id"] for instance in fleet.truth(ada)["instances"]}
    with fleet.pool.transaction() as conn:
        conn.execute("UPDATE profiles SET email = 'ada@example.org'")
        alerts.create(conn, ada.user_id, release, target=MANY, currency="USD")
        conn.execute("UPDATE rekkrd.jobs SET due_at = now()")  # the price refresh
    took, goes_on = Event(), Event()
    with resending() as resend:
        told = {
            "RESEND_API_KEY": KEY,
            "RESEND_API_URL": resend.url,
            "REKKRD_MAIL_FROM": "alerts@rekkrd.example",
            "REKKRD_PUBLIC_URL": "https://rekkrd.example",
        }

        def make_due() -> None:
            with fleet.pool.transaction() as conn:
                conn.execute("UPDATE rekkrd.mails SET due_at = now()")

        (decides,) = fleet.start_workers(1, **told)
        fleet.wait_until(lambda: bool(fleet.rows("SELECT id FROM rekkrd.mails")), "the alert did not fire")
        fleet.kill(decides)
        assert resend.asked == []

        resend.meanwhile = lambda: (took.set(), goes_on.wait(fleet.timing.patience))
        make_due()
        (sends,) = fleet.start_workers(1, **told)
        assert took.wait(fleet.timing.patience), "the mail was not sent"
        fleet.kill(sends)
        goes_on.set()
        (mail,) = fleet.rows("SELECT * FROM rekkrd.mails")
        assert (mail["sent_at"], len(resend.taken)) == (None, 1)

        make_due()
        fleet.start_workers(1, **told)
        fleet.wait_until(lambda: bool(fleet.rows("SELECT id FROM rekkrd.mails WHERE sent_at IS NOT NULL")), "not sent")
        assert resend.asked == [(str(mail["id"]), 200)] * 2
        assert [one["to"] for one in resend.taken.values()] == [["ada@example.org"]]
    for worker in fleet.workers:
        assert KEY not in worker.said()
