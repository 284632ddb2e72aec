"""An odd entry or number costs itself, never its list: tried at every list and number of every record."""

import copy
from dataclasses import fields, is_dataclass
from decimal import Decimal
from types import SimpleNamespace

import pytest

from discogs.ids import LARGEST
from discogs.records.collection import Field, Folder
from discogs.records.market import InventoryPage, Listing, MarketplaceStats
from discogs.records.reading import LARGEST_AMOUNT, LARGEST_COUNT, Unreadable, needed_rows
from tests.discogs.records.test_no_field_lost import ONE_PAGE, PARSERS, SYNTHETIC

LISTING = {
    "id": 5,
    "status": "For Sale",
    "price": {"value": Decimal("20.5"), "currency": "EUR"},
    "original_price": {"value": 20, "curr_abbr": "EUR", "formatted": "€20.00"},
    "seller": {"username": "shop"},
    "release": {"id": 7, "title": "t", "year": 1999},
}
ANSWERS = {
    **SYNTHETIC,
    "inventory": {"pagination": ONE_PAGE, "listings": [LISTING]},
    "listing": LISTING,
    "stats": {"num_for_sale": 3, "lowest_price": {"value": Decimal("2.5"), "currency": "USD"}},
}
READERS = {
    **PARSERS,
    "inventory": InventoryPage.parse,
    "listing": Listing.parse,
    "stats": MarketplaceStats.parse,
    "user_folders": lambda o: needed_rows(o, "folders", Folder.parse),
    "fields": lambda o: needed_rows(o, "fields", Field.parse),
}
MAIN_LISTS = {"releases", "wants", "versions", "results", "listings", "folders", "fields"}
ODD_ENTRIES = [None, 7, True, [], {"unheard": [None]}]
ODD_NUMBERS = [2**63, -(2**63), 10**400, "9" * 19, -1, True, None, [], {}, Decimal("1e400"), Decimal("1.5")]


def places(value, is_wanted, path=()):
    """Return the paths of all values that are wanted, at any depth."""
    found = [path] if is_wanted(value) else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, one in inner for place in places(one, is_wanted, (*path, key))]


def is_number(value):
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def at(source, path):
    for key in path:
        source = source[key]
    return source


def replaced(source, path, value):
    changed = copy.deepcopy(source)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def numbers(record):
    """Return every number in a record, at any depth."""
    if is_dataclass(record):
        return [n for field in fields(record) for n in numbers(getattr(record, field.name))]
    if isinstance(record, SimpleNamespace):
        return numbers(tuple(vars(record).values()))
    if isinstance(record, tuple):
        return [n for one in record for n in numbers(one)]
    return [record] if is_number(record) else []


LISTS = [(kind, path) for kind in ANSWERS for path in places(ANSWERS[kind], lambda v: isinstance(v, list))]
NUMBERS = [(kind, path) for kind in ANSWERS for path in places(ANSWERS[kind], is_number)]


@pytest.mark.parametrize(("kind", "path"), LISTS, ids=str)
def test_an_odd_entry_costs_itself(kind, path):
    whole = ANSWERS[kind]
    for odd in ODD_ENTRIES:
        for spot in (0, len(at(whole, path))):
            entries = list(at(whole, path))
            entries.insert(spot, odd)
            record = READERS[kind](replaced(whole, path, entries))
            if path[-1] in MAIN_LISTS:
                found = record.items
                assert len(found) == len(entries) - 1
                assert [entry.position for entry in record.unreadable] == [spot + 1]
                assert f"entry {spot + 1}" in str(record.unreadable[0])


@pytest.mark.parametrize(("kind", "path"), NUMBERS, ids=str)
def test_a_number_out_of_range_costs_itself_or_its_entry(kind, path):
    for odd in ODD_NUMBERS:
        try:
            record = READERS[kind](replaced(ANSWERS[kind], path, odd))
        except Unreadable:  # the key of an answer about one thing, or the position of a page
            assert len(path) == 1 or path[0] == "pagination" or path == ("release", "id"), path
            continue
        for number in numbers(record):
            assert abs(number) <= LARGEST
            assert not isinstance(number, Decimal) or abs(number) < LARGEST_AMOUNT
        unreadable = getattr(record, "unreadable", ())
        assert len(unreadable) <= 1
        if path[-1] not in {"id", "instance_id", "folder_id"}:
            assert not unreadable


@pytest.mark.parametrize(("kind", "path"), NUMBERS, ids=str)
def test_counts_and_years_fit_32_bits_and_ids_64(kind, path):
    is_id = path[-1] in {"id", "main_release", "most_recent_release"} or str(path[-1]).endswith("_id")
    record = READERS[kind](ANSWERS[kind])
    before = [number for number in numbers(record) if abs(number) > LARGEST_COUNT]
    try:
        record = READERS[kind](replaced(ANSWERS[kind], path, 2**31))
    except Unreadable:
        assert not is_id
        return
    after = [n for n in numbers(record) if abs(n) > LARGEST_COUNT and isinstance(n, int)]
    assert is_id or after == before
