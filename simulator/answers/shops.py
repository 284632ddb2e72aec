"""Sellers' shops: what an account offers, and single offers. A shop sells all that it holds, a collector some."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import Any

from simulator.accounts import Account
from simulator.answers.market import LADDER, TOP
from simulator.answers.paging import asked_number, asked_page, asked_sort, paged
from simulator.call import Answer, Call
from simulator.errors import NotAllowed, NotFound, Unprocessable
from simulator.money import RATES, SYMBOLS, in_currency
from simulator.pacific import written
from simulator.paths import encoded
from simulator.records import GRADES, MEDIA, SLEEVE, Instance
from simulator.shapes import Json, dumped
from simulator.world import World

SORTS = ("listed", "price", "item", "artist", "label", "catno", "audio", "status")
STATES = ("For Sale", "Draft", "Expired", "Sold", "All", "all")
DEEPEST_PAGE = 100
FIRST_LISTING = 2_000_000_000
UNGRADED = GRADES[3]


def show_inventory(call: Call) -> Answer:
    """List what a seller offers; only what is for sale exists. Beyond page 100 only one's own."""
    owner = call.owner
    sort, is_descending = asked_sort(call, SORTS, "listed")
    status = call.query.get("status", "For Sale")
    if status not in STATES:
        raise Unprocessable("Invalid status: expected one of For Sale, Draft, Expired, Sold, All")
    if not call.is_owner and asked_number(call, "page", 1) > DEEPEST_PAGE:
        raise NotAllowed("Pagination above 100 disabled for inventories besides your own")
    offered = list(_offered(owner)) if status in {"For Sale", "All", "all"} else []
    key = _KEYS.get(sort, _added)
    offered.sort(key=lambda each: key(each, call.world), reverse=is_descending)
    page = asked_page(call, len(offered))
    chosen = offered[page.start : page.start + page.size]
    currency = _currency(owner)
    return paged(call, page, "listings", [dumped(_listing(each, owner, call.world, currency)) for each in chosen])


def show_listing(call: Call) -> Answer:
    """Show one offer; its price is told in the asked currency, else the caller's, else USD."""
    number = call.number("listing_id")
    account = call.caller.account
    currency = call.query.get("curr_abbr") or (account.profile.currency if account else "") or "USD"
    if currency not in RATES:
        raise Unprocessable(f"Invalid curr_abbr: expected one of {', '.join(RATES)}")
    for owner in call.world.accounts.values():
        for each in _offered(owner):
            if _number(each) == number:
                return Answer(body=dumped(_listing(each, owner, call.world, currency)))
    raise NotFound("The request resource was not found.")


def _offered(owner: Account) -> Iterator[Instance]:
    return (each for each in owner.instances.values() if owner.profile.is_shop or each.id % 10 == 0)


def _number(each: Instance) -> int:
    return FIRST_LISTING + each.id % FIRST_LISTING


def _currency(owner: Account) -> str:
    return owner.profile.currency or "USD"


def _listing(each: Instance, owner: Account, world: World, currency: str) -> Json:
    """Write an offer. ``price`` is in ``currency``, ``original_price`` in the seller's."""
    release, base = world.catalogue.release(each.release_id), world.url
    dollars, own, number, name = _dollars(each, world), _currency(owner), _number(each), owner.profile.username
    asked = float(round(in_currency(dollars, own), 2))
    formats = ", ".join(release.formats[0].descriptions)
    return {
        "id": number,
        "resource_url": f"{base}/marketplace/listings/{number}",
        "uri": f"https://www.discogs.com/sell/item/{number}",
        "status": "For Sale",
        "condition": each.notes.get(MEDIA, UNGRADED),
        "sleeve_condition": each.notes.get(SLEEVE, "Not Graded"),
        "comments": "",
        "ships_from": owner.profile.location or "Germany",
        "posted": written(each.added),
        "allow_offers": False,
        "offer_submitted": False,
        "audio": False,
        "price": {
            "value": asked if currency == own else float(round(in_currency(dollars, currency), 2)),
            "currency": currency,
        },
        "original_price": {
            "curr_abbr": own,
            "curr_id": list(RATES).index(own) + 1,
            "formatted": f"{SYMBOLS[own]}{asked:,.2f}",
            "value": asked,
        },
        "shipping_price": {},
        "original_shipping_price": {},
        "seller": {
            "id": owner.profile.id,
            "uid": owner.profile.id,
            "username": name,
            "avatar_url": "",
            "stats": {"rating": "100.0", "stars": 5.0, "total": 48},
            "min_order_total": 0.0,
            "html_url": f"https://www.discogs.com/user/{encoded(name)}",
            "url": world.user_url(name),
            "payment": "PayPal Commerce",
            "shipping": "Well packed, within three days.",
            "resource_url": world.user_url(name),
        },
        "release": {
            "id": release.id,
            "title": release.title,
            "artist": release.artist,
            "label": release.labels[0].name,
            "catalog_number": release.labels[0].catno,
            "year": release.year,
            "format": formats,
            "description": f"{release.artist} - {release.title} ({formats})",
            "thumbnail": "",
            "images": [],
            "resource_url": f"{base}/releases/{release.id}",
            "stats": {"community": {"in_wantlist": release.want, "in_collection": release.have}},
        },
    }


def _dollars(each: Instance, world: World) -> Decimal:
    """Ask more or less what is suggested for the grade, and never less than the cheapest offer there is."""
    floor = world.catalogue.release(each.release_id).price
    share = LADDER[GRADES.index(each.notes.get(MEDIA, UNGRADED))]
    return max(floor, floor * TOP * share * Random(each.id).randint(60, 150) / 10_000)


def _artist(each: Instance, world: World) -> str:
    return world.catalogue.release(each.release_id).artist.casefold()


def _title(each: Instance, world: World) -> str:
    return world.catalogue.release(each.release_id).title.casefold()


def _added(each: Instance, _: World) -> int:
    return each.added


_KEYS: dict[str, Callable[[Instance, World], Any]] = {"price": _dollars, "artist": _artist, "item": _title}
