"""The market: floors and suggestions. There is no list of the offers for a release, only sellers' shops."""

from decimal import Decimal

from simulator.call import Answer, Call
from simulator.errors import NotAllowed, NotAuthenticated, NotFound, Unprocessable
from simulator.money import RATES, in_currency
from simulator.records import GRADES
from simulator.shapes import Json, dumped

LADDER = (95, 85, 65, 45, 25, 15, 10, 5)  # per cent of one base, by grade (contract 3.12)
TOP = Decimal("2.4")  # that base, beside the cheapest offer


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
    top = in_currency(call.world.catalogue.release(release_id).price * TOP, currency)
    ladder = zip(GRADES, LADDER, strict=True)
    return Answer(
        body=dumped({grade: {"currency": currency, "value": float(top * share / 100)} for grade, share in ladder})
    )


def refuse_sale(call: Call) -> Answer:
    """Selling is not simulated."""
    raise NotAllowed("You don't have permission to access this resource.") if call.caller.account else NotAuthenticated


def refuse_search(_: Call) -> Answer:
    """Always 401, whoever asks (contract 3.12)."""
    raise NotAuthenticated
