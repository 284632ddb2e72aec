"""What a mail says: one record or many, in the user's own time, and nothing in a title gets out of its place."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from uuid import UUID

import pytest

from actors.alerting.mailing import MOST_OF_NAME, MOST_TOLD, content, is_one_address
from db.mails import Firing
from db.users import User

ID = UUID(int=7)
NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
AJA = Firing(
    id=ID,
    mail_id=ID,
    user_id=ID,
    alert_id=ID,
    fired_at=NOW,
    release_id=249_504,
    artist="Steely Dan",
    title="Aja",
    target=Decimal("20.00"),
    currency="EUR",
    minimum_grade=None,
    was=Decimal("25.00"),
    floor=Decimal("1919.50"),
    floor_said=Decimal("2086.40"),
    floor_currency="USD",
    rate=Decimal("0.92"),
    rate_as_of=NOW,
    floor_at=NOW,
    suggestion=None,
    owned_since=None,
)
HIDDEN = "Aja\r\nBcc: eve@example.org\0\u202e\u2028</title><script>alert(1)</script>&\"'"


@pytest.fixture
def write():
    """Write a mail of these firings to Ada."""

    def one(*told, **said):
        fields = dict.fromkeys(User.__slots__) | {"id": ID, "email": "ada@example.org", "time_zone": "UTC"}
        return content(
            User(**fields | said), told, sender="a@rekkrd.example", unsubscribe="https://x.example/u?a=1&b=2"
        )

    return one


class Page(HTMLParser):
    """The elements, links and texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.texts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.texts.append(data)


def test_both_bodies_say_the_same_of_a_record(write):
    mail = write(replace(AJA, minimum_grade="VG+", suggestion=Decimal(44)))
    page = Page(mail["html"])
    for said in (
        "Steely Dan \N{EN DASH} Aja",
        "EUR 1,919.50",
        "Was EUR 25.00, target EUR 20.00",
        "As of 2026-11-23 23:30 (UTC)",
        "USD 2,086.40 at Discogs, converted by the rate of 2026-11-23",
        "Discogs suggests EUR 44.00 for a copy in Very Good Plus (VG+)",
        "Data provided by Discogs.",
        "it tells no grade",
    ):
        assert said in mail["text"]
        assert any(said in text for text in page.texts), said
    assert page.links == ["https://www.discogs.com/sell/release/249504", "https://x.example/u?a=1&b=2"]
    assert all(link in mail["text"] for link in page.links)


def test_what_was_never_seen_before_has_no_was(write):
    mail = write(replace(AJA, was=None))
    for body in (mail["text"], mail["html"]):
        assert "Your target is EUR 20.00" in body
        assert "None" not in body


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Asia/Tokyo", "2026-11-24 08:30 (Asia/Tokyo)"),
        ("America/New_York", "2026-11-23 18:30 (America/New_York)"),
        ("Nowhere/Else", "2026-11-23 23:30 (UTC)"),
    ],
)
def test_times_are_the_users_own_and_say_of_which_zone(write, zone, said):
    mail = write(AJA, time_zone=zone)
    assert said in mail["text"]
    assert said in mail["html"]


def test_of_many_the_first_are_told_and_the_rest_counted(write):
    told = [replace(AJA, release_id=number, title=f"No. {number}") for number in range(1, MOST_TOLD + 2_001)]
    mail = write(*told)
    assert (mail["subject"], MOST_TOLD) == ("2,050 records are at your price", 50)
    assert len(re.findall(r"sell/release/\d+", mail["text"])) == MOST_TOLD
    for body in (mail["text"], mail["html"]):
        assert "And 2,000 more" in body
        assert body.index("No. 1\n" if body is mail["text"] else "No. 1<") < body.index(f"No. {MOST_TOLD}")
    assert "more" not in write(*told[:MOST_TOLD])["text"].partition("No more")[0]


@pytest.mark.parametrize("field", ["artist", "title"])
def test_nothing_in_a_title_ends_a_header_a_line_or_the_pages_text(write, field):
    mail = write(replace(AJA, **{field: HIDDEN}))
    assert mail["subject"].isprintable()
    assert (mail["to"], set(mail["headers"])) == (["ada@example.org"], {"List-Unsubscribe", "List-Unsubscribe-Post"})
    first, *_ = mail["text"].splitlines()
    assert "Bcc: eve@example.org" in first
    page = Page(mail["html"])
    assert "script" not in page.tags
    assert page.tags.count("title") == 1
    assert not {"\0", "\u202e", "\u2028"} & set(mail["html"] + mail["text"])


def test_a_title_without_an_end_leaves_room_for_the_price(write):
    mail = write(replace(AJA, title="x" * 5_000))
    assert mail["subject"].endswith("\N{HORIZONTAL ELLIPSIS}: EUR 1,919.50")
    assert len(mail["subject"]) < MOST_OF_NAME + 20


def test_a_page_loads_nothing_from_anywhere(write):
    assert not re.search(r"src=|url\(|<img|<link|<style|@import", write(AJA)["html"])


@pytest.mark.parametrize("said", ["ada@example.org", "a.b+c@sub.example.org", "ü@exämple.org", "o'hara@example.org"])
def test_one_mailbox_is_written_to(said):
    assert is_one_address(said)


@pytest.mark.parametrize(
    "said",
    [
        "ada@example.org, eve@example.org",
        "ada@example.org;eve@example.org",
        "Ada <ada@example.org>",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org\n",
        "ada\0@example.org",
        "ada",
        "@example.org",
        "ada@",
        "a@b@c",
        f"{'a' * 250}@b.cd",
    ],
)
def test_what_is_not_one_mailbox_is_not_written_to(said):
    assert not is_one_address(said)
