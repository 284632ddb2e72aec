"""Price alerts over HTTP: what a collector waits for, beside the floor, which has no grade, and says so."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from actors.alerting.alerts import FLOOR_SAYS, link_of, sentence
from api.models import Body, Model, Whole
from api.models.prices import MoneyOut
from db.alerts import LAST, Alert
from discogs.ids import LARGEST
from discogs.money import Money
from services.market.prices import ATTRIBUTION

MOST = Decimal("9999999.99")
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_CURSOR = re.compile(r"^([0-9]{1,16})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$")

AlertCursor = Annotated[
    str, StringConstraints(pattern=_CURSOR.pattern), Field(description="`next_cursor` of the page before.")
]


def _in_cents(given: Decimal) -> Decimal:
    return given.quantize(Decimal("0.01"))


Grade = Literal["M", "NM", "VG+", "VG", "G+", "G", "F", "P"]
Target = Annotated[
    Decimal,
    Field(gt=0, le=MOST, decimal_places=2, max_digits=12, examples=["20.00"]),
    AfterValidator(_in_cents),
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
ReleaseNumber = Annotated[Whole, Field(ge=1, le=LARGEST, description="The release's number at Discogs.")]


class AlertBody(Body):
    """What to wait for."""

    release_id: ReleaseNumber
    target: Target = Field(description="The alert fires when the floor is at it or below.")
    currency: Currency | None = Field(default=None, description="Of the target; without one the user's own.")
    minimum_grade: Grade | None = Field(
        default=None, description="What Discogs suggests for it stands beside the floor, which has no grade."
    )


class AlertChange(Body):
    """What an alert shall say from now on; what is left out stays."""

    target: Target | None = None
    currency: Currency | None = None
    minimum_grade: Grade | None = Field(default=None, description="null: any.")
    is_active: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "AlertChange":
        if not self.model_fields_set:
            raise ValueError("name what shall change: target, currency, minimum_grade or is_active")
        return self


class FloorOut(Model):
    """The cheapest offer as Discogs has it, and in the alert's currency by a rate that is said."""

    state: Literal["priced", "no_price", "blocked", "gone"] | None = Field(description="null: not asked yet.")
    price: MoneyOut | None = Field(description="In the alert's currency; null without an offer or a rate.")
    as_discogs_has_it: MoneyOut | None
    num_for_sale: int | None
    rate: Decimal | None = Field(description="What the floor was multiplied by.", examples=["0.9214"])
    rate_as_of: datetime | None
    fetched_at: datetime | None
    age_seconds: int | None
    says: str = FLOOR_SAYS

    @classmethod
    def of(cls, alert: Alert) -> "FloorOut":
        said = None
        if alert.floor_said is not None and alert.floor_currency is not None:
            said = Money(alert.floor_said, alert.floor_currency)
        age = None if alert.floor_at is None else int((alert.seen_at - alert.floor_at).total_seconds())
        return cls(
            state=alert.floor_state,
            price=_money(alert.floor, alert.currency),
            as_discogs_has_it=MoneyOut.of(said),
            num_for_sale=alert.num_for_sale,
            rate=None if alert.rate is None else alert.rate.quantize(Decimal("0.000001")),
            rate_as_of=alert.rate_as_of,
            fetched_at=alert.floor_at,
            age_seconds=age,
        )


class AlertOut(Model):
    """An alert, and how it stands."""

    id: UUID
    release_id: int
    artist: str | None
    title: str | None
    target: MoneyOut
    minimum_grade: str | None
    suggestion: MoneyOut | None = Field(description="What Discogs suggests for the minimum grade.")
    suggested_at: datetime | None
    is_active: bool
    created_at: datetime
    last_checked_at: datetime | None
    triggered_at: datetime | None = Field(description="Since when it has fired and is not armed again.")
    triggered_price: MoneyOut | None = Field(description="The floor at which it fired, in the alert's currency.")
    owned_since: datetime | None = Field(description="When the user's first copy was added; null if none is owned.")
    waits_for_review: bool = Field(
        description="Whether an open question decides if the release is still wanted. Until then it does not fire."
    )
    checked_every_seconds: int | None = Field(
        description="The real interval between checks, longer than planned where capacity does not suffice."
    )
    floor: FloorOut
    sentence: str
    attribution: Literal["Data provided by Discogs."] = ATTRIBUTION
    link: str = Field(examples=["https://www.discogs.com/sell/release/249504"])

    @classmethod
    def of(cls, alert: Alert) -> "AlertOut":
        return cls(
            id=alert.id,
            release_id=alert.release_id,
            artist=alert.artist,
            title=alert.title,
            target=MoneyOut(amount=alert.target, currency=alert.currency),
            minimum_grade=alert.minimum_grade,
            suggestion=_money(alert.suggestion, alert.currency),
            suggested_at=alert.suggested_at,
            is_active=alert.is_active,
            created_at=alert.created_at,
            last_checked_at=alert.last_checked_at,
            triggered_at=alert.triggered_at,
            triggered_price=_money(alert.triggered_price, alert.currency),
            owned_since=alert.owned_since,
            waits_for_review=alert.review is not None,
            checked_every_seconds=None if alert.checked_every is None else int(alert.checked_every.total_seconds()),
            floor=FloorOut.of(alert),
            sentence=sentence(alert),
            link=link_of(alert),
        )


class AlertPage(Model):
    """Alerts, the newest first."""

    alerts: list[AlertOut]
    next_cursor: str | None = Field(description="`cursor` of the next page; null on the last one.")

    @classmethod
    def of(cls, found: Sequence[Alert], limit: int) -> "AlertPage":
        """Make a page of so many, out of one more if there is one."""
        last = found[limit - 1] if len(found) > limit else None
        cursor = None if last is None else f"{(last.created_at - _EPOCH) // _MICROSECOND}_{last.id}"
        return cls(alerts=[AlertOut.of(one) for one in found[:limit]], next_cursor=cursor)


def place_of(cursor: str | None) -> tuple[datetime, UUID]:
    """Return below which alert a page begins, whether that is still there or not."""
    read = None if cursor is None else _CURSOR.match(cursor)
    return LAST if read is None else (_EPOCH + int(read[1]) * _MICROSECOND, UUID(read[2]))


def _money(found: Decimal | None, currency: str) -> MoneyOut | None:
    return None if found is None else MoneyOut(amount=found, currency=currency)
