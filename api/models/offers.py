"""Offers over HTTP: each with its price in both currencies, its grades, its seller and its age."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field

from actors.market.offers import NO_LIST, Found, link_of, market_link
from api.models import Model
from api.models.prices import MoneyOut, SourceOut
from db.listings import Offer
from discogs.grades import SLEEVE
from discogs.money import Money
from services.market.prices import ATTRIBUTION
from services.market.pricing import market_in


class OfferOut(Model):
    """One offer as the seller's shop showed it at ``fetched_at``; it may be sold since. Shipping is not included."""

    listing_id: int
    seller: str
    price: MoneyOut | None = Field(description="What the seller asks.")
    own_price: MoneyOut | None = Field(description="The same in the user's currency; null without a rate.")
    rate: Decimal | None = Field(description="What the price was multiplied by.", examples=["0.9214"])
    rate_as_of: datetime | None
    media: str | None = Field(examples=["VG+"])
    media_name: str | None = Field(examples=["Very Good Plus (VG+)"])
    sleeve: str | None = Field(examples=["VG"])
    sleeve_name: str | None
    ships_from: str = Field(examples=["United Kingdom"])
    posted_at: datetime | None
    fetched_at: datetime
    age_seconds: int
    attribution: Literal["Data provided by Discogs."] = ATTRIBUTION
    link: str = Field(examples=["https://www.discogs.com/sell/item/2237957062"])

    @classmethod
    def of(cls, offer: Offer, currency: str) -> "OfferOut":
        return cls(
            listing_id=offer.listing_id,
            seller=offer.seller,
            price=money(offer.price, offer.currency),
            own_price=money(offer.own_price, currency),
            rate=None if offer.rate is None else offer.rate.quantize(Decimal("0.000001")),
            rate_as_of=offer.rate_as_of,
            media=offer.media,
            media_name=SLEEVE.get(offer.media or ""),
            sleeve=offer.sleeve,
            sleeve_name=SLEEVE.get(offer.sleeve or ""),
            ships_from=offer.ships_from,
            posted_at=offer.posted_at,
            fetched_at=offer.fetched_at,
            age_seconds=int((offer.seen_at - offer.fetched_at).total_seconds()),
            link=link_of(offer),
        )


class ListingsOut(Model):
    """What is on offer of a release: the market's figures as of ``source``, and the offers of watched sellers."""

    release_id: int
    state: Literal["priced", "no_price", "blocked", "pending", "away"] = Field(
        description="Of the market's figures, as in `/stats`; `away` when Discogs could not be asked and told nothing."
    )
    sentence: str
    num_for_sale: int | None
    lowest: MoneyOut | None
    source: SourceOut
    says: str = NO_LIST
    watched_sellers: int
    offers_sentence: str = Field(examples=["2 of the 3 watched sellers have it: 4 offers."])
    offers_total: int
    offers: list[OfferOut] = Field(description="The cheapest in the user's currency first; 200 at most.")

    @classmethod
    def of(cls, found: Found) -> "ListingsOut":
        market = found.market
        figures = None if market is None or market.price is None else market.price.figures
        told = None if figures is None else market_in(figures)
        link = market_link(found.release_id)
        source = SourceOut(fetched_at=None, age_seconds=None, why_stale=found.away, link=link)
        return cls.model_validate(
            {
                "release_id": found.release_id,
                "state": "away" if market is None else market.state,
                "sentence": found.away if market is None else market.sentence,
                "num_for_sale": None if told is None else told.num_for_sale,
                "lowest": None if told is None else MoneyOut.of(told.lowest),
                "source": source if market is None else SourceOut.of(market).model_copy(update={"link": link}),
                "watched_sellers": len(found.watched),
                "offers_sentence": found.sentence,
                "offers_total": found.of,
                "offers": [OfferOut.of(one, found.currency) for one in found.offers],
            }
        )


def money(amount: Decimal | None, currency: str | None) -> MoneyOut | None:
    """Return an amount with its currency, None without either."""
    return None if amount is None or currency is None else MoneyOut.of(Money(amount, currency))
