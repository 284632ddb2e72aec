"""What a collection is worth, over HTTP: every figure with its currency, what it covers, and how old it is."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from actors.market.worth import Past, Worth
from api.models import Model
from db.value import Day, Dear, Dimension, Part, Sum
from services.market.prices import ATTRIBUTION
from services.market.pricing import CENT
from services.market.value_gaps import Gap, Reason

Amount = Annotated[Decimal, AfterValidator(lambda amount: amount.quantize(CENT))]


class CoverageOut(Model):
    """How much of a collection the value covers, and what the other records lack."""

    copies: int
    valued: int
    assumed: int = Field(description="Of these, ungraded ones, which count as VG.")
    not_asked: int = Field(description="Discogs was not asked about them yet.")
    no_price: int = Field(description="Discogs has no price for their grade.")
    no_release: int = Field(description="They are of no release at Discogs.")
    no_rate: int = Field(description="Their price is in a currency without an exchange rate.")
    oldest_price_at: datetime | None
    oldest_age_seconds: int | None
    mean_age_seconds: int | None

    @classmethod
    def of(cls, found: Sum) -> "CoverageOut":
        oldest, mean = found.oldest_price_age, found.mean_price_age
        return cls(
            copies=found.copies,
            valued=found.valued,
            assumed=found.assumed,
            not_asked=found.not_asked,
            no_price=found.no_price,
            no_release=found.no_release,
            no_rate=found.no_rate,
            oldest_price_at=found.oldest_price_at,
            oldest_age_seconds=None if oldest is None else int(oldest.total_seconds()),
            mean_age_seconds=None if mean is None else int(mean.total_seconds()),
        )


class GapOut(Model):
    """Records without a value for one reason."""

    reason: Reason
    records: int
    message: str = Field(description="Why, and when their prices come.")
    hint: str | None = Field(description="How to get them sooner; null if nothing helps.")

    @classmethod
    def of(cls, gap: Gap) -> "GapOut":
        return cls(reason=gap.reason, records=gap.records, message=gap.message, hint=gap.hint)


class PartOut(Model):
    """One condition, genre, decade or label, in the currency of the whole."""

    name: str | None = Field(description="Null for records without one: ungraded, or of no known genre, year or label.")
    copies: int
    valued: int
    low: Amount
    median: Amount
    high: Amount

    @classmethod
    def of(cls, part: Part) -> "PartOut":
        return cls(
            name=part.name,
            copies=part.copies,
            valued=part.valued,
            low=part.low,
            median=part.median,
            high=part.high,
        )


class RestOut(PartOut):
    """All of a dimension that is not listed, as one."""

    names: int = Field(description="How many of them there are.")


class DimensionOut(Model):
    """A collection in parts, the dearest first; they add up to the whole."""

    parts: list[PartOut]
    rest: RestOut | None

    @classmethod
    def of(cls, parts: list[Part]) -> "DimensionOut":
        rest = next((part for part in parts if part.is_rest), None)
        return cls(
            parts=[PartOut.of(part) for part in parts if not part.is_rest],
            rest=None if rest is None else RestOut(names=rest.names, **PartOut.of(rest).model_dump()),
        )


class DearOut(Model):
    """A copy that is worth much."""

    album_id: str
    release_id: int
    artist: str
    title: str
    year: int | None
    grade: str = Field(examples=["VG+"])
    is_assumed: bool = Field(description="It is ungraded, and counts as VG.")
    low: Amount
    median: Amount
    high: Amount
    priced_at: datetime
    link: str

    @classmethod
    def of(cls, one: Dear) -> "DearOut":
        return cls(
            album_id=str(one.album_id),
            release_id=one.release_id,
            artist=one.artist,
            title=one.title,
            year=one.year,
            grade=one.grade,
            is_assumed=one.is_assumed,
            low=one.low,
            median=one.median,
            high=one.high,
            priced_at=one.priced_at,
            link=f"https://www.discogs.com/release/{one.release_id}",
        )


class RateOut(Model):
    """How much of a currency a US dollar is."""

    currency: str = Field(examples=["EUR"])
    per_dollar: Decimal
    as_of: datetime
    source: Literal["discogs", "operator"]


class SaidOut(Model):
    """What Discogs itself says the collection is worth, by its own reckoning, which it does not explain."""

    minimum: Amount | None
    median: Amount | None
    maximum: Amount | None
    currency: str | None
    fetched_at: datetime
    age_seconds: int


class ValueOut(Model):
    """What a collection is worth now; low, median and high as the README defines them."""

    currency: str = Field(examples=["EUR"])
    low: Amount
    median: Amount
    high: Amount
    sentence: str
    coverage: CoverageOut
    gaps: list[GapOut] = Field(description="Why records have no value, when it comes, and how to get it sooner.")
    by: dict[Dimension, DimensionOut]
    dearest: list[DearOut]
    rates: list[RateOut]
    discogs: SaidOut | None = Field(description="Null while Discogs told nothing, or no account is connected.")
    attribution: Literal["Data provided by Discogs."] = ATTRIBUTION

    @classmethod
    def of(cls, worth: Worth) -> "ValueOut":
        dimensions: tuple[Dimension, ...] = ("condition", "genre", "decade", "label")
        said = worth.said
        return cls(
            currency=worth.currency,
            low=worth.sum.low,
            median=worth.sum.median,
            high=worth.sum.high,
            sentence=worth.sentence,
            coverage=CoverageOut.of(worth.sum),
            gaps=[GapOut.of(gap) for gap in worth.gaps],
            by={name: DimensionOut.of([part for part in worth.parts if part.dimension == name]) for name in dimensions},
            dearest=[DearOut.of(one) for one in worth.dearest],
            rates=[
                RateOut(currency=rate.currency, per_dollar=rate.per_dollar, as_of=rate.as_of, source=rate.source)
                for rate in worth.rates
            ],
            discogs=None
            if said is None
            else SaidOut(
                minimum=said.minimum,
                median=said.median,
                maximum=said.maximum,
                currency=said.currency,
                fetched_at=said.fetched_at,
                age_seconds=int(said.age.total_seconds()),
            ),
        )


class DayOut(Model):
    """What a collection was worth on a day of its owner's zone."""

    day: date
    low: Amount
    median: Amount
    high: Amount
    valued: int
    copies: int | None
    mean_age_seconds: int | None = Field(description="How old the prices were then, on average.")

    @classmethod
    def of(cls, day: Day) -> "DayOut":
        age = day.mean_price_age
        return cls(
            day=day.day,
            low=day.low,
            median=day.median,
            high=day.high,
            valued=day.valued,
            copies=day.copies,
            mean_age_seconds=None if age is None else int(age.total_seconds()),
        )


class ChangeOut(Model):
    """Where the change of the median came from: `total` = bought - sold + market + exchange + better_data."""

    since: date
    until: date
    total: Amount
    bought: Amount
    sold: Amount
    market: Amount = Field(description="Prices that moved.")
    exchange: Amount = Field(description="Exchange rates that moved.")
    better_data: Amount = Field(description="First prices, new grades, prices that went away.")


class ValueHistoryOut(Model):
    """A collection's value over time, in one currency."""

    currency: str
    days: list[DayOut]
    left_out: int = Field(description="Days of the range that were kept in another currency.")
    change: ChangeOut | None = Field(description="Null until two days compare.")
    attribution: Literal["Data provided by Discogs."] = ATTRIBUTION

    @classmethod
    def of(cls, past: Past) -> "ValueHistoryOut":
        change = past.change
        return cls(
            currency=past.currency,
            days=[DayOut.of(day) for day in past.days],
            left_out=past.left_out,
            change=None
            if change is None
            else ChangeOut(
                since=change.since,
                until=change.until,
                total=change.total,
                bought=change.bought,
                sold=change.sold,
                market=change.market,
                exchange=change.exchange,
                better_data=change.better_data,
            ),
        )
