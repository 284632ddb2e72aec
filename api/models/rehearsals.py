"""Rehearsals of price alerts over HTTP: how often one would have fired, when, and on how many days that rests."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field

from actors.alerting.rehearsing import Rehearsal, Seen, sentence
from api.models import Model
from api.models.prices import MoneyOut
from services.market.prices import ATTRIBUTION


class SeenOut(Model):
    """A floor at a moment, as Discogs had it and by the rate of its day."""

    day: date = Field(description="In UTC.")
    at: datetime
    floor: MoneyOut
    as_discogs_has_it: MoneyOut
    rate: Decimal = Field(description="What the floor was multiplied by.", examples=["0.921400"])
    rate_of: date = Field(description="The day of that rate: the last one on which there was one.")

    @classmethod
    def of(cls, seen: Seen, currency: str) -> "SeenOut":
        return cls(
            day=seen.day,
            at=seen.at,
            floor=MoneyOut(amount=seen.floor, currency=currency),
            as_discogs_has_it=MoneyOut(amount=seen.said, currency=seen.said_currency),
            rate=seen.rate.quantize(Decimal("0.000001")),
            rate_of=seen.rate_of,
        )


class RehearsalOut(Model):
    """What an alert would have done, by the floors that are known."""

    release_id: int
    target: MoneyOut
    days: int
    since: date
    times: int = Field(description="How often it would have fired.")
    fired: list[SeenOut] = Field(description="When, the oldest first.")
    known_days: int = Field(description="Days of which a floor is known, or that nothing was on offer.")
    compared_days: int = Field(description="Those of them for which there is a rate.")
    lowest: SeenOut | None = Field(description="The lowest floor of these; null when nothing was on offer.")
    sentence: str
    attribution: Literal["Data provided by Discogs."] = ATTRIBUTION
    link: str = Field(examples=["https://www.discogs.com/sell/release/249504"])

    @classmethod
    def of(cls, found: Rehearsal) -> "RehearsalOut":
        return cls(
            release_id=found.release_id,
            target=MoneyOut(amount=found.target, currency=found.currency),
            days=found.days,
            since=found.since,
            times=len(found.fired),
            fired=[SeenOut.of(one, found.currency) for one in found.fired],
            known_days=found.known,
            compared_days=found.compared,
            lowest=None if found.lowest is None else SeenOut.of(found.lowest, found.currency),
            sentence=sentence(found),
            link=f"https://www.discogs.com/sell/release/{found.release_id}",
        )
