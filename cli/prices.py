"""`rekkrd prices`: what one release is worth, and the plan by which prices stay fresh."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from actors.market import price_plan
from actors.market.price_plan import NAMES
from actors.market.worth import amount
from api.models.prices import PlanOut, PriceOut, StatsOut
from cli import here, screen, words
from cli.errors import CommandFailed
from cli.listing import Listing
from db import users
from db.price_plan import Following
from discogs.errors import Gone
from discogs.grades import MEDIA
from discogs.ids import LARGEST
from discogs.money import Money
from services.market import prices as looking
from services.market import pricing
from services.market.prices import ATTRIBUTION, Seen
from services.market.pricing import market_in, suggestions_in
from services.single_flight import SingleFlight
from workers.resources import PERSON_WAITS_SECONDS

app = typer.Typer(help="See what a release is worth, and the plan by which prices stay fresh.")


@app.callback()
def prices() -> None:
    """See what a release is worth, and the plan by which prices stay fresh."""


@app.command()
def show(
    release: Annotated[
        int, typer.Argument(metavar="RELEASE", min=1, max=LARGEST, help="The release's number at Discogs.")
    ],
    *,
    user: Annotated[
        str | None, typer.Option(metavar="U", help="Who looks, and is asked for first: handle, id or address.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what a release is worth by grade, and its market; what is older than six hours is asked for anew."""
    with here.opened() as resources:
        with resources.pool.transaction() as conn:
            user_id = None if user is None else users.find(conn, user).id
        try:
            with here.single_flight(resources) as flights:
                stats, suggested = asyncio.run(_look(flights, user_id, release))
        except Gone as error:
            raise CommandFailed(f"Release {release}: {error}", "Check its number.") from None
    if as_json:
        said = {"price": PriceOut.of(suggested), "stats": StatsOut.of(stats)}
        screen.plain(json.dumps({name: one.model_dump(mode="json") for name, one in said.items()}, indent=2))
        return
    for line in market_lines(stats):
        screen.tell(line)
    if suggested.state == "priced":
        screen.out().print(ladder(suggested))
    else:
        screen.tell(suggested.sentence)
    screen.plain(f"{ATTRIBUTION} {stats.link}")


@app.command()
def plan(
    *,
    limit: Annotated[int, typer.Option(min=0, max=1000, help="How many of the next to show.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Explain what is asked for next, why, and how fresh prices can be with what the last day left over."""
    found_settings = here.settings()
    has_operator = found_settings.discogs.personal_token is not None
    with here.opened_pool(found_settings) as pool, pool.transaction() as conn:
        found = price_plan.plan(conn, found_settings.limiter, has_operator=has_operator, room=limit)
    now = datetime.now(UTC)
    if as_json:
        screen.plain(json.dumps(PlanOut.of(found, now).model_dump(mode="json"), indent=2))
        return
    for sentence in price_plan.sentences(found, now):
        screen.tell(sentence)
    if found.following:
        screen.out().print(next_table(found.following, now))


async def _look(flights: SingleFlight, user_id: UUID | None, release: int) -> tuple[Seen, Seen]:
    return (
        await looking.look(flights, user_id, release, "stats", wait=PERSON_WAITS_SECONDS),
        await looking.look(flights, user_id, release, "suggestions", wait=PERSON_WAITS_SECONDS),
    )


def market_lines(seen: Seen) -> list[str]:
    """Say how the market stands, in lines."""
    figures = None if seen.price is None else seen.price.figures
    if figures is None or seen.state != "priced":
        return [f"Release {seen.release_id}: {seen.sentence}", *_stale(seen)]
    market = market_in(figures)
    return [
        f"Release {seen.release_id}: {market.num_for_sale or 0:,} for sale, from {_money(market.lowest)}{_age(seen)}",
        *_stale(seen),
    ]


def ladder(seen: Seen) -> Listing:
    """Lay out the suggestions by grade."""
    found = suggestions_in(None if seen.price is None else seen.price.figures)
    table = screen.listing("grade", "#suggested", title=f"Suggested by Discogs{_age(seen)}")
    for grade, name in MEDIA.items():
        table.add_row(name, _money(found.get(grade)))
    if seen.why_stale:
        table.below = seen.why_stale
    return table


def next_table(following: Sequence[Following], now: datetime) -> Listing:
    """Lay out what is asked for next: when, how old it is, and why it comes as often as it does."""
    table = screen.listing("due", "#release", "what", "#age", "#every", "why")
    for one in following:
        price = one.price
        age = "—" if price.fetched_at is None else words.duration((now - price.fetched_at).total_seconds())
        table.add_row(
            "now" if price.due_at <= now else f"in {words.duration((price.due_at - now).total_seconds())}",
            str(price.release_id),
            NAMES[price.what],
            age,
            words.duration(price.every.total_seconds()),
            Text(pricing.why(price)),
        )
    return table


def _money(money: Money | None) -> str:
    return "—" if money is None else amount(money.amount, money.currency)


def _age(seen: Seen) -> str:
    age = None if seen.price is None else seen.price.age
    return "" if age is None else f", {words.duration(age.total_seconds())} old"


def _stale(seen: Seen) -> list[str]:
    return [] if seen.why_stale is None else [seen.why_stale]
