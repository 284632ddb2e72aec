"""`rekkrd value`: what a collection is worth, and what it was worth."""

import json
from collections.abc import Sequence
from typing import Annotated, cast, get_args

import typer
from rich.table import Table
from rich.text import Text

from actors.market import worth
from actors.market.worth import Change, Past, Range, Worth, amount
from api.models.value import ValueHistoryOut, ValueOut
from cli import here, screen
from cli.listing import Listing
from db import users
from db.value import Day, Dear, Dimension, Part
from services.market.prices import ATTRIBUTION
from services.wording import lasting

RANGES = get_args(Range)
WITHOUT: dict[Dimension, str] = {
    "condition": "ungraded, counted as VG",
    "genre": "no genre known",
    "decade": "no year known",
    "label": "no label known",
}
BAR = 8  # columns


def value(
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose collection: handle, id or address.")],
    *,
    history: Annotated[
        str | None, typer.Option(metavar="RANGE", help=f"What it was worth instead: {', '.join(RANGES)}.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what a collection is worth: in parts, its dearest records, and what the figure covers."""
    if history is not None and history not in RANGES:
        raise typer.BadParameter(f"is one of {', '.join(RANGES)}.", param_hint="--history")
    with here.opened() as resources:
        with resources.pool.transaction() as conn:
            user_id = users.find(conn, user).id
        if history is not None:
            past = worth.past(resources, user_id, cast("Range", history))
            _show_past(past) if not as_json else screen.plain(_json(ValueHistoryOut.of(past)))
            return
        if worth.needs_refresh(resources, user_id):
            worth.refresh(resources, user_id)
        found = worth.show(resources, user_id)
    if as_json:
        screen.plain(_json(ValueOut.of(found)))
        return
    _show(found)


def _json(said: ValueOut | ValueHistoryOut) -> str:
    return json.dumps(said.model_dump(mode="json"), indent=2)


def _show(found: Worth) -> None:
    screen.tell(found.sentence)
    for gap in found.gaps:
        if gap.hint is not None:
            screen.tell(gap.hint)
    if not found.sum.valued:
        return
    for dimension in get_args(Dimension):
        screen.out().print(picture([part for part in found.parts if part.dimension == dimension], dimension))
    screen.out().print(dearest(found.dearest))
    for line in beside(found):
        screen.tell(line)


def picture(parts: Sequence[Part], dimension: Dimension) -> Table:
    """Draw a dimension: what each part is worth, beside the dearest."""
    table = screen.listing(f"by {dimension}", "#records", "#low", "#median", "#high", "")
    most = max((part.median for part in parts), default=0)
    for part in parts:
        width = 0 if not most else round(BAR * part.median / most)
        name = f"{part.names:,} others" if part.is_rest else part.name or WITHOUT[dimension]
        table.add_row(
            screen.cut(name, 26),
            f"{part.valued:,}",
            f"{part.low:,.2f}",
            f"{part.median:,.2f}",
            f"{part.high:,.2f}",
            Text("▇" * width, style="cyan"),
        )
    return table


def dearest(copies: Sequence[Dear]) -> Listing:
    """Draw the dearest copies."""
    table = screen.listing("dearest", "title", "grade", "#median")
    for one in copies:
        grade = f"{one.grade}*" if one.is_assumed else one.grade
        table.add_row(screen.cut(one.artist, 24), screen.cut(one.title, 28), grade, f"{one.median:,.2f}")
    if any(one.is_assumed for one in copies):
        table.below = "* ungraded: VG is assumed"
    return table


def beside(found: Worth) -> list[str]:
    """Say what Discogs itself says, by which rates, and where it all comes from."""
    lines = []
    said = found.said
    if said is not None and said.median is not None and said.currency is not None:
        of = [amount(one, said.currency) for one in (said.median, said.minimum, said.maximum) if one is not None]
        rest = f", between {of[1]} and {of[2]}" if len(of) > 2 else ""
        lines.append(f"Discogs itself says {of[0]}{rest}, {lasting(said.age.total_seconds())} ago.")
    lines += [
        f"1 USD is {rate.per_dollar:.4f} {rate.currency}, by {rate.source}, {rate.as_of:%Y-%m-%d}."
        for rate in found.rates
        if rate.currency != "USD"
    ]
    return [*lines, ATTRIBUTION]


def _show_past(past: Past) -> None:
    if not past.days:
        screen.tell(
            "No value has been stored for this range yet. One is stored a day, from 07:00 of the user's time zone."
        )
    else:
        screen.out().print(days(past.days, past.currency))
    if past.change is not None:
        screen.tell(changed(past.change, past.currency))
    if past.left_out:
        screen.tell(f"{past.left_out:,} days were kept in another currency, and are left out.")


def days(found: Sequence[Day], currency: str) -> Table:
    """Draw the days, the newest last."""
    table = screen.listing("day", "#records", f"#low {currency}", "#median", "#high", "#change")
    before: Day | None = None
    for day in found:
        change = "" if before is None else f"{day.median - before.median:+,.2f}"
        table.add_row(
            f"{day.day}", f"{day.valued:,}", f"{day.low:,.2f}", f"{day.median:,.2f}", f"{day.high:,.2f}", change
        )
        before = day
    return table


def changed(change: Change, currency: str) -> str:
    """Say where a change came from."""
    parts = (
        ("bought", change.bought),
        ("sold", -change.sold),
        ("the market", change.market),
        ("exchange rates", change.exchange),
        ("better data", change.better_data),
    )
    told = ", ".join(f"{name} {money:+,.2f}" for name, money in parts if money)
    return f"Since {change.since}: {currency} {change.total:+,.2f}" + (f" ({told})." if told else ".")
