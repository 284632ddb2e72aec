"""A collection: its pages, its fields and its value."""

from decimal import Decimal
from random import Random

from simulator.answers.folders import viewed_collection, viewed_folder
from simulator.answers.paging import asked_page, asked_sort, paged
from simulator.call import Answer, Call
from simulator.errors import PRIVATE, NotAllowed
from simulator.money import formatted, in_currency
from simulator.orders import COLLECTION_SORTS
from simulator.records import Instance
from simulator.shapes import dumped, field_shape, item_for_others, item_for_owner

_unstable = Random(7)


def show_page(call: Call) -> Answer:
    """Show a page of a folder. Strangers get no folder_id and only public notes."""
    owner = viewed_collection(call)
    folder_id = viewed_folder(call)
    sort, is_descending = asked_sort(call, COLLECTION_SORTS, "added")
    page = asked_page(call, owner.count(folder_id))
    shuffler = _unstable if owner.is_unstable else None
    ids = owner.order(folder_id, sort).page(page.start, page.size, descending=is_descending, shuffler=shuffler)
    return paged(call, page, "releases", _items(call, [owner.instances[each] for each in ids]), owner.lie)


def show_copies(call: Call) -> Answer:
    """Show all copies of one release, whatever their folder."""
    owner = viewed_collection(call)
    copies = owner.copies(call.number("release_id"))
    page = asked_page(call, len(copies))
    return paged(call, page, "releases", _items(call, copies[page.start : page.start + page.size]))


def show_fields(call: Call) -> Answer:
    """List the custom fields; in practice to the owner alone (contract 3.8)."""
    if not call.is_owner:
        raise NotAllowed(PRIVATE)
    return Answer(body=dumped({"fields": [field_shape(each) for each in call.owner.fields.values()]}))


def show_value(call: Call) -> Answer:
    """Tell the collection's value as formatted text in the account's currency."""
    if not call.is_owner:
        raise NotAllowed(PRIVATE)
    currency = call.owner.profile.currency or "USD"
    floor = sum(
        (call.world.catalogue.release(each.release_id).price for each in call.owner.instances.values()), Decimal(0)
    )
    low = in_currency(floor, currency)
    factors = {"maximum": Decimal("3.1"), "median": Decimal("1.6"), "minimum": Decimal(1)}
    return Answer(body=dumped({name: formatted(low * factor, currency) for name, factor in factors.items()}))


def _items(call: Call, instances: list[Instance]) -> list[bytes]:
    if call.is_owner:
        return [item_for_owner(each, call.world) for each in instances]
    return [item_for_others(each, call.owner, call.world) for each in instances]
