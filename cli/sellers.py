"""`rekkrd sellers`: whom collectors watch, and what is on offer there."""

import asyncio
import json
from typing import Annotated

import typer
from rich.text import Text

from actors.market import offers as looking
from actors.market import sellers as watching
from actors.market import upgrades
from actors.market.offers import NO_LIST, market_link
from actors.market.worth import amount
from api.models.offers import ListingsOut
from api.models.sellers import NAME, SellerOut, SellersOut
from api.models.upgrades import UpgradePage
from cli import here, operator, screen
from cli.errors import CommandFailed, NotFound
from cli.prices import market_lines
from db import operations, sellers, users
from db.listings import Offer
from discogs.errors import Gone
from discogs.ids import LARGEST
from services.market.prices import ATTRIBUTION
from services.wording import lasting
from workers.resources import PERSON_WAITS_SECONDS

app = typer.Typer(help="Watched sellers: list them, watch one, see their offers.", no_args_is_help=True)

User = Annotated[str, typer.Argument(metavar="USER", help="Whose: handle, id or address.")]
Release = Annotated[int, typer.Argument(metavar="RELEASE", min=1, max=LARGEST, help="The release's number at Discogs.")]
Seller = Annotated[str, typer.Argument(metavar="SELLER", help="The seller's name at Discogs.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command("list")
def list_(user: User, *, as_json: Json = False) -> None:
    """List whom a collector watches, and how their shops stand."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        found = sellers.watched(conn, users.find(conn, user).id)
    if as_json:
        said = SellersOut(sellers=[SellerOut.of(one) for one in found])
        screen.plain(json.dumps(said.model_dump(mode="json"), indent=2))
        return
    if not found:
        screen.tell("No sellers.")
    for one in found:
        screen.out().print(Text(one.seller.name, "bold"), Text(watching.sentence(one.seller)))


@app.command()
def add(user: User, seller: Seller) -> None:
    """Watch a seller: the shop is read from now on, what is new every day, all of it once a week."""
    if not NAME.fullmatch(seller):
        raise typer.BadParameter("is no name at Discogs.", param_hint="SELLER")
    with here.opened_pool() as pool, pool.transaction() as conn:
        watched, is_new = watching.watch(conn, users.find(conn, user).id, seller)
        if is_new:
            operations.audit(conn, by=operator.name(), action="seller watched", target={"seller": seller}, jobs=0)
    screen.tell(f"{'Watched' if is_new else 'Watched already'}. {watching.sentence(watched.seller)}")


@app.command()
def remove(user: User, seller: Seller) -> None:
    """Watch a seller no more."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        if not sellers.unwatch(conn, users.find(conn, user).id, seller):
            raise NotFound("They watch no such seller.", f"`rekkrd sellers list {user}` lists those whom they watch.")
        operations.audit(conn, by=operator.name(), action="seller left", target={"seller": seller}, jobs=0)
    screen.tell("Removed.")


@app.command()
def offers(user: User, release: Release, *, as_json: Json = False) -> None:
    """Show what is on offer of a release: floor, count, and what the sellers have whom a collector watches."""
    with here.opened() as resources:
        with resources.pool.transaction() as conn:
            user_id = users.find(conn, user).id
        try:
            with here.single_flight(resources) as flights:
                found = asyncio.run(looking.find(flights, user_id, release, wait=PERSON_WAITS_SECONDS))
        except Gone as error:
            raise CommandFailed(f"Release {release}: {error}", "Check its number.") from None
    if as_json:
        screen.plain(json.dumps(ListingsOut.of(found).model_dump(mode="json"), indent=2))
        return
    for line in [found.away or ""] if found.market is None else market_lines(found.market):
        screen.tell(line)
    screen.tell(found.sentence)
    for one in found.offers:
        said, link = Text(offer_line(one, found.currency)), Text(f"  {looking.link_of(one)}", "dim")
        screen.out().print(said, link, sep="\n")
    screen.say(f"[dim]{NO_LIST} {ATTRIBUTION} {market_link(release)}[/]")


@app.command()
def cheaper(
    user: User,
    *,
    release: Annotated[
        int | None, typer.Option(metavar="RELEASE", min=1, max=LARGEST, help="This release alone.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many to show.")] = 50,
    as_json: Json = False,
) -> None:
    """Find better copies for less: offers in a better grade than the copy that is owned, below what it is worth."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        found = upgrades.find(conn, users.find(conn, user).id, release_id=release, room=limit)
    if as_json:
        screen.plain(json.dumps(UpgradePage.of(found).model_dump(mode="json"), indent=2))
        return
    screen.tell(found.sentence)
    for one in found.upgrades:
        name = " \N{EN DASH} ".join(part for part in (one.artist, one.title) if part)
        screen.out().print(
            Text(f"{name or f'release {one.offer.release_id}'}: {upgrades.sentence(one, found.currency)}"),
            Text(f"  {one.offer.seller}, {looking.link_of(one.offer)}", "dim"),
            sep="\n",
        )
    if found.has_more:
        screen.say("[dim]There are more: use --limit.[/]")
    if found.upgrades:
        screen.say(f"[dim]{ATTRIBUTION}[/]")


def offer_line(one: Offer, currency: str) -> str:
    """Say one offer: whose, in what grades, for how much, from where, and as of when."""
    price = "without a price" if one.price is None or one.currency is None else amount(one.price, one.currency)
    if one.own_price is not None and one.currency != currency:
        price += f" ({amount(one.own_price, currency)})"
    said = [one.media or "no grade", f"sleeve {one.sleeve or 'not graded'}", price]
    if one.ships_from:
        said.append(f"from {one.ships_from}")
    return f"{one.seller}: {', '.join(said)}, seen {lasting((one.seen_at - one.fetched_at).total_seconds())} ago"
