"""What a mail says: each record that came down to its price, was, now and target, in the user's own time."""

from collections.abc import Sequence
from html import escape
from zoneinfo import ZoneInfo

from actors.alerts import FLOOR_SAYS
from actors.prices import ATTRIBUTION
from actors.unsubscribing import link
from actors.worth import amount, zone_of
from db import Connection, mails, users
from db.errors import UnknownUser
from db.mails import Firing, Mail
from db.sealing import Keys
from db.storable import Json
from db.users import User
from discogs.grades import MEDIA
from workers.postman import Compose

MOST_TOLD = 50  # in one mail


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
        return content(user, told, sender=sender, unsubscribe=link(public_url, keys, user.id))

    return compose


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
        "html": _html(shown, zone, more, unsubscribe),
        "headers": {
            "List-Unsubscribe": f"<{unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
        },
    }


def _subject(told: Sequence[Firing]) -> str:
    """Say it in one line, whatever is in a title."""
    first = told[0]
    if len(told) > 1:
        return f"{len(told):,} records are at your price"
    return " ".join(f"{_name(first)}: {amount(first.floor, first.currency)}".split())[:200]


def _text(told: Sequence[Firing], zone: ZoneInfo, more: str, unsubscribe: str) -> str:
    parts = ["\n".join([_name(one), *_lines(one, zone), _link(one)]) for one in told]
    foot = f"{FLOOR_SAYS}\n{ATTRIBUTION}\n\nNo more of these mails: {unsubscribe}\n"
    return "\n\n".join([*parts, *([more] if more else []), foot])


def _html(told: Sequence[Firing], zone: ZoneInfo, more: str, unsubscribe: str) -> str:
    parts = []
    for one in told:
        lines = "<br>".join(escape(line) for line in _lines(one, zone))
        parts.append(f'<p><a href="{escape(_link(one))}"><strong>{escape(_name(one))}</strong></a><br>{lines}</p>')
    if more:
        parts.append(f"<p>{escape(more)}</p>")
    foot = (
        f"<p><small>{escape(FLOOR_SAYS)} {escape(ATTRIBUTION)}<br>"
        f'<a href="{escape(unsubscribe)}">No more of these mails</a></small></p>'
    )
    return f"<!doctype html><html><body>{''.join(parts)}{foot}</body></html>"


def _lines(one: Firing, zone: ZoneInfo) -> list[str]:
    was = "" if one.was is None else f"was {amount(one.was, one.currency)}, "
    at = one.floor_at.astimezone(zone)
    said = [
        f"{was}now {amount(one.floor, one.currency)}, your target {amount(one.target, one.currency)}",
        f"as of {at:%Y-%m-%d %H:%M} ({zone.key})",
    ]
    said[0] = said[0][0].upper() + said[0][1:]
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
    known = " \N{EN DASH} ".join(part for part in (one.artist, one.title) if part)
    return known or f"Release {one.release_id}"


def _link(one: Firing) -> str:
    return f"https://www.discogs.com/sell/release/{one.release_id}"
