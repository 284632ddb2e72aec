"""What a mail says: each record that came down to its price, was, now and target, in the user's own time."""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from zoneinfo import ZoneInfo

import structlog

from actors.alerting.alerts import FLOOR_SAYS
from actors.alerting.unsubscribing import link
from actors.market.worth import amount, zone_of
from actors.wording import on_one_line
from db import Connection, mails, users
from db.errors import UnknownUser
from db.mails import Firing, Mail
from db.sealing import Keys
from db.storable import Json
from db.users import User
from discogs.grades import MEDIA
from services.market.prices import ATTRIBUTION
from workers.postman import Compose

log = structlog.get_logger(__name__)

MOST_TOLD = 50  # in one mail
ONE_ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@]+@[^\s<>()\[\],;:\\\"@]+")  # no name beside it, and never a second one
MOST_OF_ADDRESS = 254  # RFC 5321
MOST_OF_NAME = 160  # characters; a subject holds it with its price

_PAGE = Template(Path(__file__).with_name("mail.html").read_text(encoding="utf-8"))
_RECORD = Template(Path(__file__).with_name("mail_record.html").read_text(encoding="utf-8"))


def composer(keys: Keys, *, sender: str, public_url: str) -> Compose:
    """Return what writes mails, for the postman. Nothing is written to who has no address, or turned the alerts off."""

    def compose(conn: Connection, mail: Mail) -> dict[str, Json] | None:
        told = mails.firings(conn, mail.id)
        try:
            user = users.find(conn, mail.user_id)
        except UnknownUser:
            return None
        if not told or not user.email:
            return None
        if not is_one_address(user.email):
            log.warning("mail_address_not_usable", user_id=str(user.id))
            return None
        return content(user, told, sender=sender, unsubscribe=link(public_url, keys, user.id))

    return compose


def is_one_address(said: str) -> bool:
    """Whether this is the address of one mailbox: what somebody signed up with must not send mails to others."""
    return len(said) <= MOST_OF_ADDRESS and said.isprintable() and ONE_ADDRESS.fullmatch(said) is not None


def content(user: User, told: Sequence[Firing], *, sender: str, unsubscribe: str) -> dict[str, Json]:
    """Write one mail about one record or many."""
    zone = zone_of(user.time_zone)
    shown, left_out = told[:MOST_TOLD], len(told) - MOST_TOLD
    more = f"And {left_out:,} more: see your alerts in Rekkrd." if left_out > 0 else ""
    return {
        "from": sender,
        "to": [user.email],
        "subject": _subject(told),
        "text": _text(shown, zone, more, unsubscribe),
        "html": _html(shown, zone, more, unsubscribe, title=_title(told)),
        "headers": {
            "List-Unsubscribe": f"<{unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
        },
    }


def _title(told: Sequence[Firing]) -> str:
    return "A record is at your price" if len(told) == 1 else f"{len(told):,} records are at your price"


def _subject(told: Sequence[Firing]) -> str:
    if len(told) > 1:
        return _title(told)
    return f"{_name(told[0])}: {amount(told[0].floor, told[0].currency)}"


def _text(told: Sequence[Firing], zone: ZoneInfo, more: str, unsubscribe: str) -> str:
    parts = [
        "\n".join([*_owned(one, zone), _name(one), f"Now {_now(one)}. {_beside(one)}.", *_notes(one, zone), _link(one)])
        for one in told
    ]
    foot = f"{FLOOR_SAYS}\n{ATTRIBUTION}\n\nYou set these alerts in Rekkrd. No more of these mails: {unsubscribe}\n"
    return "\n\n".join([*parts, *([more] if more else []), foot])


def _html(told: Sequence[Firing], zone: ZoneInfo, more: str, unsubscribe: str, *, title: str) -> str:
    """Fill the page; everything that is put in is text, and the parts are pages' parts already."""
    return _PAGE.substitute(
        title=escape(title),
        preview=escape(", ".join(f"{_name(one)}: {_now(one)}" for one in told[:3])),
        records="".join(_record(one, zone) for one in told),
        more=f'<p style="margin:0 0 8px;">{escape(more)}</p>\n' if more else "",
        says=escape(FLOOR_SAYS),
        attribution=escape(ATTRIBUTION),
        unsubscribe=escape(unsubscribe),
    )


def _record(one: Firing, zone: ZoneInfo) -> str:
    return _RECORD.substitute(
        owned="".join(f"<div>{escape(line)}</div>\n" for line in _owned(one, zone)),
        name=escape(_name(one)),
        now=escape(_now(one)),
        beside=escape(_beside(one)),
        notes="<br>".join(escape(note) for note in _notes(one, zone)),
        link=escape(_link(one)),
    )


def _owned(one: Firing, zone: ZoneInfo) -> list[str]:
    """Say first that the user owns the release."""
    return [] if one.owned_since is None else [f"You own this since {one.owned_since.astimezone(zone):%Y-%m-%d}."]


def _now(one: Firing) -> str:
    return amount(one.floor, one.currency)


def _beside(one: Firing) -> str:
    target = amount(one.target, one.currency)
    return f"Your target is {target}" if one.was is None else f"Was {amount(one.was, one.currency)}, target {target}"


def _notes(one: Firing, zone: ZoneInfo) -> list[str]:
    said = [f"As of {one.floor_at.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"]
    if one.floor_currency != one.currency:
        said.append(
            f"{amount(one.floor_said, one.floor_currency)} at Discogs, converted by the rate of "
            f"{one.rate_as_of.astimezone(zone):%Y-%m-%d}"
        )
    if one.minimum_grade is not None:
        name = MEDIA.get(one.minimum_grade, one.minimum_grade)
        said.append(
            f"What a copy in {name} is worth is not known"
            if one.suggestion is None
            else f"Discogs suggests {amount(one.suggestion, one.currency)} for a copy in {name}"
        )
    return said


def _name(one: Firing) -> str:
    """Say what the record is called, on one line, whatever is in its title, and short enough for a subject."""
    known = " \N{EN DASH} ".join(part for part in (one.artist, one.title) if part)
    name = on_one_line(known) or f"Release {one.release_id}"
    return name if len(name) <= MOST_OF_NAME else f"{name[: MOST_OF_NAME - 1]}\N{HORIZONTAL ELLIPSIS}"


def _link(one: Firing) -> str:
    return f"https://www.discogs.com/sell/release/{one.release_id}"
