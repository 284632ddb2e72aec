"""Exchange rates as Discogs converts, or as an operator set them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from db import Connection
from db.queries import load

LATELY_ASKED = 200  # releases among which the most liquid is looked for

Source = Literal["discogs", "operator"]

_sql = load("rates")


@dataclass(frozen=True, slots=True)
class Rate:
    """How much of a currency (ISO 4217) a US dollar is."""

    currency: str
    per_dollar: Decimal
    as_of: datetime
    source: Source


def rates(conn: Connection) -> list[Rate]:
    """Return the rates that count, by currency: an operator's before Discogs'."""
    return [Rate(**row) for row in _sql.list_rates(conn)]


def keep(conn: Connection, per_dollar: Mapping[str, Decimal], *, source: Source, noted_by: str | None = None) -> None:
    """Keep rates as of now; those that count from now on are also those of the day."""
    _sql.keep_rates(
        conn, currencies=list(per_dollar), rates=list(per_dollar.values()), source=source, noted_by=noted_by
    )
    _sql.note_day(conn, currencies=list(per_dollar))


def forget(conn: Connection, currency: str) -> bool:
    """Take back what an operator set; whether there was something."""
    is_gone = bool(_sql.forget_rate(conn, currency=currency))
    if is_gone:
        _sql.note_day(conn, currencies=[currency])
    return is_gone


def wanted(conn: Connection, *, age: timedelta) -> list[str]:
    """Return the currencies that somebody has and whose rate is missing or older than ``age``; never the dollar."""
    return [row["currency"] for row in _sql.find_wanted(conn, age=age)]


def liquid_release(conn: Connection) -> int | None:
    """Return the release with most on offer among those that were asked about lately."""
    found: int | None = _sql.find_liquid(conn, room=LATELY_ASKED)
    return found
