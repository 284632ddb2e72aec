"""Mails of alerts against a real server that stands for Resend: one mail each, whatever dies or fails meanwhile."""

import json
import subprocess
import sys
from decimal import Decimal
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from actors.alerting import alerts as wanted
from actors.alerting.mailing import composer
from actors.alerting.unsubscribing import user_of
from db import mails, users
from db.pool import Pool
from db.prices import Fresh
from db.sealing import Keys
from services.market import watching
from services.market.pricing import USUAL
from tests.resending import KEY, resending
from workers.mail import Answer, Folder, Resend, open_sender
from workers.postman import Postman
from workers.settings import EngineSettings

AJA = "Steely <Dan> \N{EN DASH} Aja: USD 19.00"
KEYS = Keys.parse("11" * 32)
SENDER, PUBLIC = "Rekkrd <alerts@rekkrd.example>", "https://rekkrd.example"
DUE = "UPDATE rekkrd.mails SET due_at = now()"


@pytest.fixture
def resend():
    with resending() as fake:
        yield fake


@pytest.fixture
def pool(migrated_database_url):
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def ada(pool):
    with pool.transaction() as conn:
        conn.execute("INSERT INTO rekkrd.releases (release_id, artist, title) VALUES (1, 'Steely <Dan>', 'Aja')")
        user_id = users.create(conn, "ada", email="ada@example.org", tier="archivist").id
        conn.execute("UPDATE profiles SET time_zone = 'Europe/Berlin' WHERE id = %s", [user_id])
        return user_id


@pytest.fixture
def fire(pool, ada):
    """Let alerts on releases fire for Ada, and their mail be due."""

    def all_of(*releases, grade=None):
        for release in releases:
            with pool.transaction() as conn:
                wanted.create(conn, ada, release, target=Decimal(20), minimum_grade=grade)
            for amount in ("25.00", "19.00"):
                said = {"num_for_sale": 1, "lowest_price": {"value": amount, "currency": "USD"}}
                with pool.transaction() as conn:
                    fresh = Fresh("priced", {**said, "blocked_from_sale": False}, Decimal(amount), None, USUAL)
                    watching.store_price(conn, release, "stats", fresh)
        with pool.transaction() as conn:
            conn.execute(DUE)

    return all_of


@pytest.fixture
def bring(pool, resend):
    """Send all that is due, now."""

    def all_due():
        with pool.transaction() as conn:
            conn.execute(DUE)
        sender = Resend(KEY, resend.url, timeout_seconds=2)
        postman = Postman(pool, sender, composer(KEYS, sender=SENDER, public_url=PUBLIC))
        while postman.bring_one():
            pass
        sender.close()

    return all_due


def standing(pool):
    with pool.transaction() as conn:
        return mails.counts(conn)


def test_a_mail_says_was_now_and_target_with_its_source_and_a_way_out(fire, bring, resend, ada):
    fire(1, grade="VG+")
    bring()
    bring()
    (mail,) = resend.taken.values()
    assert (mail["from"], mail["to"], mail["subject"]) == (SENDER, ["ada@example.org"], AJA)
    for text in (mail["text"], mail["html"]):
        assert "USD 19.00" in text
        assert "Was USD 25.00, target USD 20.00" in text
        assert "(Europe/Berlin)" in text
        assert "Very Good Plus (VG+) is worth is not known" in text
        assert "https://www.discogs.com/sell/release/1" in text
        assert "Data provided by Discogs." in text
        assert "it tells no grade" in text
    assert "Steely &lt;Dan&gt;" in mail["html"]
    link = mail["headers"]["List-Unsubscribe"].strip("<>")
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in mail["text"]
    assert link.startswith(f"{PUBLIC}/api/discogs/alerts/unsubscribe?token=")
    assert user_of(KEYS, link.partition("token=")[2]) == ada
    assert len(resend.asked) == 1


def test_what_fires_together_is_one_mail_and_what_fires_later_another(fire, bring, resend):
    fire(1, 2, 3)
    bring()
    (mail,) = resend.taken.values()
    assert mail["subject"] == "3 records are at your price"
    fire(4)
    bring()
    assert len(resend.taken) == 2


@pytest.mark.parametrize("status", [429, 500, 401, 0])
def test_what_nobody_knows_the_end_of_is_sent_again_in_the_same_words_and_taken_once(
    fire, bring, resend, pool, ada, status
):
    fire(1)
    resend.says = [status]
    bring()
    assert standing(pool).waiting == 1
    with pool.transaction() as conn:
        conn.execute("UPDATE profiles SET time_zone = 'Asia/Tokyo', email = 'other@example.org'")
    fire(2)
    bring()
    assert sorted(mail["subject"] for mail in resend.taken.values()) == [
        "Release 2: USD 19.00",
        AJA,
    ]
    assert [end for _, end in resend.asked].count(409) == 0
    assert standing(pool) == mails.Standing(waiting=0, given_up=0)


@pytest.mark.parametrize("said", [b"null", b"<html>", b'{"statusCode": 500, "name": {}, "message": []}'])
def test_an_answer_that_nobody_understands_is_asked_for_again_under_the_same_key(fire, bring, resend, pool, said):
    fire(1)
    resend.garbled = said
    bring()
    with pool.transaction() as conn:
        (one,) = mails.troubled(conn)
    assert one.error is not None
    bring()
    assert (len(resend.taken), len(resend.asked), standing(pool).waiting) == (1, 2, 0)


@pytest.mark.parametrize("status", [422, 400, 409])
def test_what_is_refused_for_good_is_given_up_and_shown(fire, bring, resend, pool, status):
    fire(1)
    resend.says = [status]
    bring()
    bring()
    assert (resend.taken, len(resend.asked), standing(pool).given_up) == ({}, 1, 1)
    with pool.transaction() as conn:
        (one,) = mails.troubled(conn)
    assert one.error.startswith(str(status))


def test_after_23_hours_an_uncertain_mail_is_not_sent_again_but_shown(fire, bring, resend, pool):
    fire(1)
    resend.says = [0]
    bring()
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.mails SET first_sent_at = now() - interval '22 hours 59 minutes'")
        mails.give_up_old(conn)
        assert mails.counts(conn).given_up == 0
        conn.execute("UPDATE rekkrd.mails SET first_sent_at = now() - interval '23 hours 1 second'")
    bring()
    assert (len(resend.asked), standing(pool).given_up) == (1, 1)


@pytest.mark.parametrize("status", [401, 403, 429])
def test_what_cannot_have_arrived_is_sent_for_a_week(fire, bring, resend, pool, status):
    fire(1)
    resend.says = [status, status]
    late = "UPDATE rekkrd.mails SET first_sent_at = first_sent_at - interval '30 hours'"
    for _ in range(2):
        bring()
        with pool.transaction() as conn:
            conn.execute(late)
            mails.give_up_old(conn)
            assert mails.counts(conn).given_up == 0
    bring()
    assert (len(resend.taken), standing(pool).waiting) == (1, 0)


def test_what_cannot_have_arrived_after_an_uncertain_attempt_ends_with_its_day(fire, bring, resend, pool):
    fire(1)
    resend.says = [0, 401]
    bring()
    bring()
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.mails SET first_sent_at = now() - interval '23 hours 1 second'")
    bring()
    assert (len(resend.asked), standing(pool).given_up) == (2, 1)


def test_what_cannot_have_arrived_for_a_week_is_given_up(fire, bring, resend, pool):
    fire(1)
    resend.says = [401]
    bring()
    with pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.mails SET created_at = now() - interval '8 days'")
        conn.execute("UPDATE rekkrd.mails SET first_sent_at = now() - interval '30 hours'")
    bring()
    assert (len(resend.asked), standing(pool).given_up) == (1, 1)


def test_a_mail_that_cannot_be_written_holds_up_nobody_elses(fire, pool, resend):
    fire(1)
    with pool.transaction() as conn:
        bob = users.create(conn, "bob", email="bob@example.org", tier="archivist").id
        wanted.create(conn, bob, 1, target=Decimal(20))
        conn.execute(DUE)
    compose = composer(KEYS, sender=SENDER, public_url=PUBLIC)

    def stumble(conn, mail):
        if mail.user_id != bob:
            raise TypeError("a field of another release")
        return compose(conn, mail)

    sender = Resend(KEY, resend.url, timeout_seconds=2)
    postman = Postman(pool, sender, stumble)
    while postman.bring_one():
        pass
    sender.close()
    assert [mail["to"] for mail in resend.taken.values()] == [["bob@example.org"]]
    assert standing(pool).waiting == 1


def test_every_attempt_has_the_same_bytes(fire, pool):
    fire(1)
    sent = []

    class Forgetful:
        def send(self, key, content):
            sent.append(json.dumps(content))
            return Answer("who knows")

    postman = Postman(pool, Forgetful(), composer(KEYS, sender=SENDER, public_url=PUBLIC))
    for _ in range(2):
        postman.bring_one()
        with pool.transaction() as conn:
            conn.execute(DUE)
    assert len(sent) == 2
    assert sent[0] == sent[1]


def test_who_turned_alerts_off_or_has_no_address_gets_none(fire, bring, resend, pool, ada):
    fire(1)
    with pool.transaction() as conn:
        assert mails.silence(conn, ada) == 1
    bring()
    fire(1)
    with pool.transaction() as conn:
        conn.execute("UPDATE profiles SET email = NULL")
    bring()
    assert (resend.asked, standing(pool).waiting) == ([], 0)


@pytest.mark.parametrize(
    "gone", ["DELETE FROM discogs_price_alerts", "DELETE FROM profiles", "UPDATE profiles SET email = NULL"]
)
@pytest.mark.parametrize("says", [[], [500]])
def test_who_removed_the_alert_or_was_removed_gets_none_nor_one_that_is_due_again(
    fire, bring, resend, pool, gone, says
):
    fire(1)
    resend.says = list(says)
    if says:
        bring()
    with pool.transaction() as conn:
        conn.execute(gone)
    bring()
    assert (resend.taken, len(resend.asked), standing(pool).waiting) == ({}, len(says), 0)


@pytest.mark.parametrize(
    ("moment", "says", "taken", "waiting"),
    [
        ("writing", [], 0, 1),
        ("before", [], 0, 1),
        ("after", [], 1, 1),
        ("after", [0], 1, 1),
        ("marked", [], 1, 0),
    ],
)
def test_a_death_between_deciding_sending_and_marking_costs_no_mail_and_doubles_none(
    fire, bring, resend, pool, migrated_database_url, moment, says, taken, waiting
):
    fire(1)
    resend.says = says
    script = Path(__file__).with_name("dying_postman.py")
    ended = subprocess.run(
        [sys.executable, str(script), moment, migrated_database_url, resend.url], timeout=60, check=False
    )
    assert ended.returncode == -9
    assert (len(resend.taken), standing(pool).waiting) == (taken, waiting)
    bring()
    assert (len(resend.taken), standing(pool).waiting) == (1, 0)
    assert 409 not in {end for _, end in resend.asked}
    assert len({key for key, _ in resend.asked}) == 1


@pytest.mark.parametrize("attempt", ["first", "second"])
def test_while_one_sends_a_mail_no_other_takes_it(fire, bring, resend, pool, attempt):
    fire(1)
    if attempt == "second":
        resend.says = [500]
        bring()
    others = []

    class Nobody:
        def send(self, key, content):
            others.append(key)

    other = Postman(pool, Nobody(), composer(KEYS, sender=SENDER, public_url=PUBLIC))
    resend.meanwhile = lambda: others.append(other.bring_one())
    bring()
    assert (others, len(resend.taken)) == ([False], 1)


def test_what_one_is_about_to_write_no_other_writes(fire, pool):
    fire(1)
    with pool.transaction() as one, pool.transaction() as other:
        assert mails.next_due(one) is not None
        assert mails.next_due(other) is None


def test_who_unsubscribes_before_it_is_sent_again_gets_no_mail_after_that(fire, bring, resend, pool, ada):
    fire(1)
    resend.says = [500]
    bring()
    with pool.transaction() as conn:
        mails.silence(conn, ada)
    bring()
    assert (resend.taken, len(resend.asked), standing(pool).waiting) == ({}, 1, 0)


def test_an_address_that_is_two_or_brings_a_header_gets_no_mail(fire, bring, resend, pool):
    for wrong in ("ada@example.org, eve@example.org", "ada@example.org\r\nBcc: eve@example.org"):
        with pool.transaction() as conn:
            conn.execute("UPDATE profiles SET email = %s", [wrong])
            conn.execute("UPDATE discogs_price_alerts SET triggered_at = NULL, above_since = NULL")
        fire(1)
        bring()
    assert (resend.asked, standing(pool).waiting) == ([], 0)


def test_no_key_address_or_word_of_a_mail_reaches_a_log(fire, bring, resend, capsys):
    fire(1)
    resend.says = [500, 422]
    bring()
    bring()
    said = "".join(capsys.readouterr())
    assert "mail_not_taken" in said
    for secret in (KEY, "ada@example.org", "token=", "Aja"):
        assert secret not in said


def test_an_alert_that_did_not_fire_after_all_leaves_no_mail(pool, ada):
    with pool.transaction() as conn:
        wanted.create(conn, ada, 1, target=Decimal(20))
    figures = {"num_for_sale": 1, "lowest_price": {"value": "1", "currency": "USD"}, "blocked_from_sale": False}
    with pytest.raises(RuntimeError), pool.transaction() as conn:
        watching.store_price(conn, 1, "stats", Fresh("priced", figures, Decimal(1), None, USUAL))
        raise RuntimeError("the worker dies before its COMMIT")
    assert standing(pool).waiting == 0


def test_without_a_key_mails_are_files_that_a_mail_program_opens(fire, pool, tmp_path):
    fire(1)
    sender = open_sender(EngineSettings(_env_file=None, mail_folder=str(tmp_path / "mails")))
    assert isinstance(sender, Folder)
    Postman(pool, sender, composer(KEYS, sender=SENDER, public_url=PUBLIC)).bring_one()
    (path,) = (tmp_path / "mails").iterdir()
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (mail["To"], mail["Subject"]) == ("ada@example.org", AJA)
    assert "Now USD 19.00" in mail.get_body(("plain",)).get_content()
    assert b"\nList-Unsubscribe: <https://" in path.read_bytes()  # neither folded nor encoded
    assert mail.get_body(("html",)) is not None
    assert standing(pool).waiting == 0


@pytest.mark.parametrize("header", ["to", "subject"])
def test_a_header_that_is_none_is_refused_for_good_in_the_folder_too(tmp_path, header):
    mail = {"from": SENDER, "to": ["ada@example.org"], "subject": "Aja", "text": "a", "html": "b", "headers": {}}
    wrong = "Aja\r\nBcc: eve@example.org"
    answer = Folder(tmp_path).send("key", {**mail, header: [wrong] if header == "to" else wrong})
    assert (answer.is_taken, answer.is_refused, list(tmp_path.iterdir())) == (False, True, [])
