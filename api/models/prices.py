"""Prices of a release over HTTP: each figure with its currency, its age, and where it comes from."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field

from actors.market import price_plan
from actors.market.price_plan import Plan
from api.models import Model
from db.price_plan import Following, Total
from db.prices import What
from discogs.grades import MEDIA
from discogs.money import Money
from services.market.prices import ATTRIBUTION, Seen
from services.market.pricing import market_in, suggestions_in, why


class MoneyOut(Model):
    """An amount in a currency; a string, for a binary fraction is no money."""

    amount: Decimal = Field(examples=["99.76"])
    currency: str = Field(examples=["USD"])

    @classmethod
    def of(cls, money: Money | None) -> "MoneyOut | None":
        return None if money is None else cls(amount=money.amount, currency=money.currency)


class GradeOut(Model):
    """What Discogs suggests for a copy of this grade; null where it suggests nothing."""

    grade: str = Field(examples=["VG+"])
    name: str = Field(examples=["Very Good Plus (VG+)"])
    price: MoneyOut | None


class SourceOut(Model):
    """Where figures come from and how old they are: shown with them, always."""

    fetched_at: datetime | None = Field(description="When Discogs was asked; null before the first answer.")
    age_seconds: int | None
    why_stale: str | None = Field(description="A sentence where the figures are older than they should be.")
    attribution: Literal["Data provided by Discogs."] = ATTRIBUTION
    link: str = Field(examples=["https://www.discogs.com/release/249504"])

    @classmethod
    def of(cls, seen: Seen) -> "SourceOut":
        price = seen.price
        age = None if price is None else price.age
        return cls(
            fetched_at=None if price is None else price.fetched_at,
            age_seconds=None if age is None else int(age.total_seconds()),
            why_stale=seen.why_stale,
            link=seen.link,
        )


class PriceOut(Model):
    """Suggestions by grade, in the currency in which the asking account sells."""

    release_id: int
    state: Literal["priced", "no_price", "no_seller_settings", "pending"]
    sentence: str
    grades: list[GradeOut] = Field(description="All eight, the best first.")
    source: SourceOut

    @classmethod
    def of(cls, seen: Seen) -> "PriceOut":
        found = suggestions_in(None if seen.price is None else seen.price.figures)
        return cls.model_validate(
            {
                "release_id": seen.release_id,
                "state": seen.state,
                "sentence": seen.sentence,
                "grades": [
                    GradeOut(grade=grade, name=name, price=MoneyOut.of(found.get(grade)))
                    for grade, name in MEDIA.items()
                ],
                "source": SourceOut.of(seen),
            }
        )


class StatsOut(Model):
    """The market: how many are for sale, and the lowest price asked anywhere, in whatever condition, without shipping.

    Discogs tells no programs what was sold last.
    """

    release_id: int
    state: Literal["priced", "no_price", "blocked", "pending"]
    sentence: str
    num_for_sale: int | None
    lowest: MoneyOut | None
    source: SourceOut

    @classmethod
    def of(cls, seen: Seen) -> "StatsOut":
        figures = None if seen.price is None else seen.price.figures
        market = None if figures is None else market_in(figures)
        return cls.model_validate(
            {
                "release_id": seen.release_id,
                "state": seen.state,
                "sentence": seen.sentence,
                "num_for_sale": None if market is None else market.num_for_sale,
                "lowest": None if market is None else MoneyOut.of(market.lowest),
                "source": SourceOut.of(seen),
            }
        )


class TotalOut(Model):
    """One side of all releases that somebody has, wants, or has an alert on."""

    what: What
    releases: int
    never_asked: int
    due: int
    oldest_due_at: datetime = Field(description="The earliest time at which one of them is due, past or to come.")

    @classmethod
    def of(cls, total: Total) -> "TotalOut":
        return cls(**{name: getattr(total, name) for name in cls.model_fields})


class FollowingOut(Model):
    """A price in its place in the plan."""

    release_id: int
    artist: str | None
    title: str | None
    what: What
    due_at: datetime
    fetched_at: datetime | None
    every_seconds: int = Field(description="How soon after an answer it is due again.")
    why: str = Field(examples=["alerted, dear"])

    @classmethod
    def of(cls, one: Following) -> "FollowingOut":
        price = one.price
        return cls(
            release_id=price.release_id,
            artist=one.artist,
            title=one.title,
            what=price.what,
            due_at=price.due_at,
            fetched_at=price.fetched_at,
            every_seconds=int(price.every.total_seconds()),
            why=why(price),
        )


class PlanOut(Model):
    """How fresh prices can be with what the last 24 hours left over, and what is asked for next."""

    sentences: list[str]
    per_minute: float = Field(description="Requests a minute that are left over for prices.")
    hours: float = Field(description="How long a round of everything takes.")
    wanted_a_day: int = Field(description="Requests that would keep all as fresh as they should be.")
    possible_a_day: int
    may_suggest: bool = Field(description="False while no account gets suggestions: then floors alone are asked for.")
    totals: list[TotalOut]
    next: list[FollowingOut]

    @classmethod
    def of(cls, found: Plan, now: datetime) -> "PlanOut":
        return cls(
            sentences=price_plan.sentences(found, now),
            per_minute=round(found.per_minute, 2),
            hours=round(found.hours, 2),
            wanted_a_day=round(found.wanted_a_day),
            possible_a_day=round(found.possible_a_day),
            may_suggest=found.may_suggest,
            totals=[TotalOut.of(total) for total in found.totals],
            next=[FollowingOut.of(one) for one in found.following],
        )
