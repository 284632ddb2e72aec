"""Watched sellers over HTTP: who they are, and how their shops stand."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from actors.market.sellers import MOST_A_USER, link_of, sentence
from api.models import Body, Model
from db.sellers import Watched
from services.market.prices import ATTRIBUTION

NAME = re.compile(r"^[A-Za-z0-9_.-]{0,63}[A-Za-z0-9_-]$")

SellerName = Annotated[
    str,
    StringConstraints(pattern=NAME.pattern),
    Field(description="The seller's name at Discogs, in whatever case.", examples=["rainy_day_records"]),
]


class SellerBody(Body):
    """Whom to watch."""

    seller: SellerName


class SellerOut(Model):
    """A watched seller. The shop is read once for all who watch it: what is new daily, all of it weekly."""

    seller: str = Field(examples=["rainy_day_records"])
    state: Literal["new", "open", "gone", "closed"] = Field(
        description="`new`: not read yet. `gone`: Discogs knows no such seller. `closed`: it does not show the shop."
    )
    sentence: str
    offers: int | None = Field(description="How many Discogs counts; it shows programs the 10,000 newest.")
    watched_since: datetime
    fetched_at: datetime | None = Field(description="When the shop was read last; null before the first time.")
    swept_at: datetime | None = Field(description="When all of it was.")
    due_at: datetime = Field(description="When it is read next, as far as the budget allows.")
    attribution: Literal["Data provided by Discogs."] = ATTRIBUTION
    link: str = Field(examples=["https://www.discogs.com/seller/rainy_day_records/profile"])

    @classmethod
    def of(cls, watched: Watched) -> "SellerOut":
        seller = watched.seller
        return cls(
            seller=seller.name,
            state=seller.state,
            sentence=sentence(seller),
            offers=seller.offers,
            watched_since=watched.added_at,
            fetched_at=seller.fetched_at,
            swept_at=seller.swept_at,
            due_at=seller.due_at,
            link=link_of(seller),
        )


class SellersOut(Model):
    """All whom a user watches."""

    sellers: list[SellerOut]
    most: int = Field(default=MOST_A_USER, description="How many anybody may watch.")
