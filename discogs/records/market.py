"""What the marketplace tells. There is no list of all offers for a release: only figures, and named sellers' shops."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from discogs.grades import shorten
from discogs.ids import ReleaseId
from discogs.money import Money, parse_money
from discogs.records.pages import Position
from discogs.records.reading import (
    Json,
    Unreadable,
    UnreadableItem,
    claim,
    decimal_or_none,
    known_number,
    moment,
    needed_id,
    needed_rows,
    number_or_none,
    part,
    text,
)


def price(source: Json, key: str) -> Money | None:
    """Return ``{"value": …, "currency": …}`` as money; None for null, ``{}``, no currency, or an amount below 0."""
    amount = decimal_or_none(part(source, key), "value")
    currency = text(part(source, key), "currency")
    return Money(amount, currency) if amount is not None and amount >= 0 and currency else None


@dataclass(frozen=True, slots=True)
class MarketplaceStats:
    """How many are for sale, and the lowest price asked anywhere in whatever condition, shipping not included.

    ``is_count_told`` and ``is_price_told`` are False where Discogs left the fact out, or sent one that cannot be read.
    """

    num_for_sale: int | None
    lowest: Money | None
    blocked: bool
    is_count_told: bool = True
    is_price_told: bool = True

    @classmethod
    def parse(cls, source: Json) -> "MarketplaceStats":
        if "num_for_sale" not in source and "lowest_price" not in source:
            raise Unreadable("no figures")
        lowest = price(source, "lowest_price")
        return cls(
            number_or_none(source, "num_for_sale"),
            lowest,
            claim(source, "blocked_from_sale"),
            is_count_told="num_for_sale" in source,
            is_price_told="lowest_price" in source and not (lowest is None and source["lowest_price"]),
        )


@dataclass(frozen=True, slots=True)
class PriceSuggestions:
    """Suggested price by short grade, in the asking account's selling currency. Any grade may be missing, or all.

    ``is_told`` is False where Discogs sent entries of which none can be read.
    """

    by_grade: Mapping[str, Money]
    is_told: bool = True

    @classmethod
    def parse(cls, source: Json) -> "PriceSuggestions":
        found = {}
        for key in source:
            grade, money = shorten(key), price(source, key)
            if grade is not None and money is not None:
                found[grade] = money
        return cls(MappingProxyType(found), is_told=bool(found) or not source)


@dataclass(frozen=True, slots=True)
class Listing:
    """One offer in a named seller's shop."""

    id: int
    status: str
    condition: str
    sleeve_condition: str
    comments: str
    ships_from: str
    posted: datetime | None
    allow_offers: bool
    price: Money | None
    original_price: Money | None
    shipping_price: Money | None
    uri: str
    resource_url: str
    seller: str
    release_id: ReleaseId
    release_title: str
    release_artist: str
    release_label: str
    release_catno: str
    release_format: str
    release_year: int | None
    release_description: str

    @classmethod
    def parse(cls, source: Json) -> "Listing":
        release = part(source, "release")
        return cls(
            id=needed_id(source, "id"),
            status=text(source, "status"),
            condition=text(source, "condition"),
            sleeve_condition=text(source, "sleeve_condition"),
            comments=text(source, "comments"),
            ships_from=text(source, "ships_from"),
            posted=moment(source, "posted"),
            allow_offers=claim(source, "allow_offers"),
            price=price(source, "price"),
            original_price=_original(part(source, "original_price")),
            shipping_price=price(source, "shipping_price"),
            uri=text(source, "uri"),
            resource_url=text(source, "resource_url"),
            seller=text(part(source, "seller"), "username"),
            release_id=ReleaseId(needed_id(release, "id")),
            release_title=text(release, "title"),
            release_artist=text(release, "artist"),
            release_label=text(release, "label"),
            release_catno=text(release, "catalog_number"),
            release_format=text(release, "format"),
            release_year=known_number(release, "year"),
            release_description=text(release, "description"),
        )


@dataclass(frozen=True, slots=True)
class InventoryPage:
    """Offers of one seller. In others' shops Discogs shows 100 pages, whatever ``pages`` says."""

    items: tuple[Listing, ...]
    page: int
    pages: int
    per_page: int
    total_items: int
    unreadable: tuple[UnreadableItem, ...] = ()

    @classmethod
    def parse(cls, source: Json) -> "InventoryPage":
        at = Position.parse(source)
        found = needed_rows(source, "listings", Listing.parse)
        return cls(found.items, at.page, at.pages, at.per_page, at.total_items, found.unreadable)


def _original(source: Json) -> Money | None:
    amount, currency = decimal_or_none(source, "value"), text(source, "curr_abbr")
    if amount is not None and currency:
        return Money(amount, currency)
    return parse_money(text(source, "formatted"))
