"""Better copies for less, over HTTP: each offer beside the copy that is owned, and beside its own worth."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from actors.market.offers import market_link
from actors.market.upgrades import Found, sentence
from api.models import Model
from api.models.offers import OfferOut, money
from api.models.prices import MoneyOut
from db.listings import FIRST, Upgrade

_CURSOR = re.compile(r"^([0-9]{1,10}[.][0-9]{2})_([0-9]{1,18})$")

UpgradeCursor = Annotated[
    str, StringConstraints(pattern=_CURSOR.pattern), Field(description="`next_cursor` of the page before.")
]


class UpgradeOut(Model):
    """An offer in a better grade than the best copy that is owned, below what Discogs suggests for its grade."""

    release_id: int
    artist: str
    title: str
    owned_grade: str = Field(examples=["VG"])
    is_assumed: bool = Field(description="Whether the copy has no grade, and counts as VG.")
    offer: OfferOut
    worth: MoneyOut | None = Field(description="What Discogs suggests for the offer's grade, in the user's currency.")
    worth_fetched_at: datetime
    saving: MoneyOut | None
    sentence: str
    link: str = Field(examples=["https://www.discogs.com/sell/release/249504"])

    @classmethod
    def of(cls, upgrade: Upgrade, currency: str) -> "UpgradeOut":
        return cls(
            release_id=upgrade.offer.release_id,
            artist=upgrade.artist,
            title=upgrade.title,
            owned_grade=upgrade.owned_grade,
            is_assumed=upgrade.is_assumed,
            offer=OfferOut.of(upgrade.offer, currency),
            worth=money(upgrade.worth, currency),
            worth_fetched_at=upgrade.worth_at,
            saving=money(upgrade.saving, currency),
            sentence=sentence(upgrade, currency),
            link=market_link(upgrade.offer.release_id),
        )


class UpgradePage(Model):
    """A page, the largest saving first."""

    sentence: str
    currency: str
    watched_sellers: int
    better: int = Field(description="Offers in a better grade than the copy that is owned.")
    cheaper: int = Field(description="Of these, below what Discogs suggests for the grade: what is listed here.")
    unknown: int = Field(description="Of these, without a suggestion, a price or an exchange rate to compare by.")
    upgrades: list[UpgradeOut]
    next_cursor: str | None

    @classmethod
    def of(cls, found: Found) -> "UpgradePage":
        last = found.upgrades[-1] if found.has_more else None
        return cls(
            sentence=found.sentence,
            currency=found.currency,
            watched_sellers=len(found.watched),
            better=found.tally.better,
            cheaper=found.tally.cheaper,
            unknown=found.tally.unknown,
            upgrades=[UpgradeOut.of(one, found.currency) for one in found.upgrades],
            next_cursor=None if last is None else f"{last.saving:.2f}_{last.offer.listing_id}",
        )


def place_of(cursor: str | None) -> tuple[Decimal, int]:
    """Return where a page begins."""
    read = None if cursor is None else _CURSOR.match(cursor)
    return FIRST if read is None else (Decimal(read[1]), int(read[2]))
