"""The market: floors, suggestions and sellers' inventories. There is no list of the offers for a release."""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from simulator.accounts import Account
from simulator.answers.paging import asked_page, asked_sort, paged
from simulator.call import Answer, Call
from simulator.errors import NotAllowed, NotAuthenticated, NotFound, Unprocessable
from simulator.money import RATES, SYMBOLS, in_currency
from simulator.pacific import written
from simulator.records import GRADES, Instance
from simulator.shapes import Json, dumped

INVENTORY_SORTS = ("listed", "price", "item", "artist", "label", "catno", "audio", "status")
LADDER = (95, 85, 65, 45, 25, 15, 10, 5)  # per cent of one base, by grade (contract 3.12)
DEEPEST_PAGE = 100
FIRST_LISTING = 2_000_000_000


def show_stats(call: Call) -> Answer:
    """Tell floor and count, in the asked currency, else the caller's, else USD."""
    release_id = call.number("release_id")
    if not call.world.catalogue.exists(release_id):
        raise NotFound("Release not found.")
    release = call.world.catalogue.release(release_id)
    if release_id % 997 == 0:
        return Answer(body=dumped({"num_for_sale": None, "lowest_price": None, "blocked_from_sale": True}))
    account = call.caller.account
    currency = call.query.get("curr_abbr") or (account.profile.currency if account else "") or "USD"
    if currency not in RATES:
        raise Unprocessable(f"Invalid curr_abbr: expected one of {', '.join(RATES)}")
    floor: Json | None = None
    if release.for_sale:
        floor = {"value": float(in_currency(release.price, currency)), "currency": currency}
    shape = {"num_for_sale": release.for_sale, "lowest_price": floor, "blocked_from_sale": False}
    return Answer(body=dumped(shape))


def show_suggestions(call: Call) -> Answer:
    """Suggest a price for each grade, in the seller's currency; curr_abbr is ignored."""
    account = call.caller.account
    if account is None:
        raise NotAuthenticated
    if not account.profile.has_seller_settings:
        raise NotFound("You must fill out your seller settings first.")
    release_id = call.number("release_id")
    if not call.world.catalogue.exists(release_id):
        raise NotFound("Release not found.")
    if release_id % 89 == 0:
        return Answer(body=b"{}")
    currency = account.profile.currency or "USD"
    top = in_currency(call.world.catalogue.release(release_id).price * Decimal("2.4"), currency)
    ladder = zip(GRADES, LADDER, strict=True)
    return Answer(
        body=dumped({grade: {"currency": currency, "value": float(top * share / 100)} for grade, share in ladder})
    )


def show_inventory(call: Call) -> Answer:
    """List what a seller offers: every tenth copy that he owns. Beyond page 100 only one's own."""
    owner = call.owner
    sort, is_descending = asked_sort(call, INVENTORY_SORTS, "listed")
    status = call.query.get("status", "For Sale")
    if status not in {"For Sale", "Draft", "Expired", "Sold", "All", "all"}:
        raise Unprocessable("Invalid status: expected one of For Sale, Draft, Expired, Sold, All")
    if not call.is_owner and call.query.get("page", "1").isdigit() and int(call.query.get("page", "1")) > DEEPEST_PAGE:
        raise NotAllowed("Pagination above 100 disabled for inventories besides your own")
    offered = [each for each in owner.instances.values() if each.id % 10 == 0]
    key = _KEYS.get(sort, _added)
    offered.sort(key=lambda each: key(each, call), reverse=is_descending)
    page = asked_page(call, len(offered))
    chosen = offered[page.start : page.start + page.size]
    return paged(call, page, "listings", [dumped(_listing(each, owner, call)) for each in chosen])


def show_listing(call: Call) -> Answer:
    """Show one offer."""
    number = call.number("listing_id") - FIRST_LISTING
    for owner in call.world.accounts.values():
        for each in owner.instances.values() if number > 0 else ():
            if each.id % 10 == 0 and each.id % FIRST_LISTING == number:
                return Answer(body=dumped(_listing(each, owner, call)))
    raise NotFound("The request resource was not found.")


def refuse_sale(call: Call) -> Answer:
    """Selling is not simulated."""
    raise NotAllowed("You don't have permission to access this resource.") if call.caller.account else NotAuthenticated


def refuse_search(_: Call) -> Answer:
    """Always 401, whoever asks (contract 3.12)."""
    raise NotAuthenticated


def _listing(each: Instance, owner: Account, call: Call) -> Json:
    release, base = call.world.catalogue.release(each.release_id), call.world.url
    currency = owner.profile.currency or "USD"
    price = _price(each, call)
    number = FIRST_LISTING + each.id % FIRST_LISTING
    name = owner.profile.username
    formats = ", ".join(release.formats[0].descriptions)
    return {
        "id": number,
        "resource_url": f"{base}/marketplace/listings/{number}",
        "uri": f"https://www.discogs.com/sell/item/{number}",
        "status": "For Sale",
        "condition": each.notes.get(1, GRADES[3]),
        "sleeve_condition": each.notes.get(2, "Not Graded"),
        "comments": "",
        "ships_from": "Germany",
        "posted": written(each.added),
        "allow_offers": False,
        "offer_submitted": False,
        "audio": False,
        "price": {"value": price, "currency": currency},
        "original_price": {
            "curr_abbr": currency,
            "curr_id": list(RATES).index(currency) + 1,
            "formatted": f"{SYMBOLS[currency]}{price:,.2f}",
            "value": price,
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
            "html_url": f"https://www.discogs.com/user/{name}",
            "url": f"{base}/users/{name}",
            "payment": "PayPal Commerce",
            "shipping": "Well packed, within three days.",
            "resource_url": f"{base}/users/{name}",
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


def _price(each: Instance, call: Call) -> float:
    markup = Decimal(Random(each.id).randint(110, 190)) / 100
    currency = call.owner.profile.currency if "username" in call.places else "USD"
    dollars = call.world.catalogue.release(each.release_id).price
    return float(round(in_currency(dollars * markup, currency or "USD"), 2))


def _artist(each: Instance, call: Call) -> str:
    return call.world.catalogue.release(each.release_id).artist.casefold()


def _title(each: Instance, call: Call) -> str:
    return call.world.catalogue.release(each.release_id).title.casefold()


def _added(each: Instance, _: Call) -> int:
    return each.added


_KEYS: dict[str, Callable[[Instance, Call], Any]] = {"price": _price, "artist": _artist, "item": _title}
