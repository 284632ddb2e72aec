"""`rekkrd alerts`: what collectors wait for, and how near the market is."""

import json
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from actors.alerting import rehearsing
from actors.alerting.alerts import FLOOR_SAYS, create, name_of, sentence
from actors.alerting.rehearsing import MOST_DAYS, USUAL_DAYS, Rehearsal
from actors.market.worth import amount
from actors.wording import count, on_one_line
from api.models.alerts import MOST, AlertPage
from api.models.rehearsals import RehearsalOut
from cli import here, layout, operator, screen, words
from cli.errors import NotFound
from db import alerts, mails, operations, users
from db.alerts import Alert
from discogs.grades import MEDIA
from discogs.ids import LARGEST
from services.market.prices import ATTRIBUTION

app = typer.Typer(help="Price alerts: list them, set one, rehearse one, remove one.", no_args_is_help=True)

User = Annotated[str, typer.Argument(metavar="USER", help="Whose: handle, id or address.")]


@app.command("list")
def list_(
    user: User,
    *,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many to show.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """List a collector's alerts, the newest first, each beside the floor as it is known."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        found = alerts.page(conn, users.find(conn, user).id, room=limit + 1)
    has_more = len(found) > limit
    if as_json:
        screen.plain(json.dumps(AlertPage.of(found, limit).model_dump(mode="json"), indent=2))
        return
    if not found:
        screen.tell("No alerts.")
    for one in found[:limit]:
        screen.out().print(_told(one))
    if has_more:
        screen.say("[dim]There are more: use --limit.[/]")


@app.command()
def add(
    user: User,
    release: Annotated[
        int, typer.Argument(metavar="RELEASE", min=1, max=LARGEST, help="The release's number at Discogs.")
    ],
    target: Annotated[str, typer.Argument(metavar="PRICE", help="At it or below the alert fires: 20.00.")],
    *,
    currency: Annotated[str | None, typer.Option(metavar="CODE", help="Three letters; else the user's own.")] = None,
    grade: Annotated[str | None, typer.Option(metavar="GRADE", help="The least grade that is wanted: VG+.")] = None,
) -> None:
    """Set an alert for a collector; the same release and price again is the same alert."""
    if grade is not None and grade not in MEDIA:
        raise typer.BadParameter(f"is one of {', '.join(MEDIA)}.", param_hint="--grade")
    unit = _unit(currency)
    with here.opened_pool() as pool, pool.transaction() as conn:
        person = users.find(conn, user)
        user_id, has_address = person.id, bool(person.email)
        alert, is_new = create(conn, user_id, release, target=_amount(target), currency=unit, minimum_grade=grade)
        if is_new:
            operations.audit(conn, by=operator.name(), action="alert set", target={"alert": str(alert.id)}, jobs=0)
    screen.tell("Set." if is_new else "It is there.")
    screen.out().print(_told(alert))
    if not has_address:
        screen.out().print(Text(f"No mail will come: no address of {user} is known.", "yellow"))


@app.command()
def rehearse(
    user: User,
    what: Annotated[str, typer.Argument(metavar="WHAT", help="An alert's id, or with a price a release's number.")],
    price: Annotated[str | None, typer.Argument(metavar="PRICE", help="A price that one thinks of: 20.00.")] = None,
    *,
    currency: Annotated[str | None, typer.Option(metavar="CODE", help="Three letters; else the user's own.")] = None,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="How far back, today included.")] = USUAL_DAYS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Say how often an alert would have fired by the floors that are known, and on how many days that rests."""
    unit = _unit(currency)
    with here.opened_pool() as pool, pool.transaction() as conn:
        user_id = users.find(conn, user).id
        if price is None:
            alert = alerts.find(conn, user_id, _alert_id(what, unit))
            if alert is None:
                raise _no_such(user)
            found = rehearsing.of_alert(conn, alert, days=days)
        else:
            release, target = _release(what), _amount(price)
            found = rehearsing.of_price(conn, user_id, release, target=target, currency=unit, days=days)
    if as_json:
        screen.plain(json.dumps(RehearsalOut.of(found).model_dump(mode="json"), indent=2))
        return
    _show(found)


@app.command()
def remove(user: User, alert: Annotated[UUID, typer.Argument(metavar="ALERT", help="The alert's id.")]) -> None:
    """Remove an alert."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        if not alerts.remove(conn, users.find(conn, user).id, alert):
            raise _no_such(user)
        operations.audit(conn, by=operator.name(), action="alert removed", target={"alert": str(alert)}, jobs=0)
    screen.tell("Removed.")


@app.command("mails")
def show_mails(
    *,
    retries: Annotated[bool, typer.Option("--retry", help="First end the back-off of failed e-mails.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show the e-mails of alerts: how many wait, and those that failed. What may have arrived is not sent again."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        if retries:
            again = mails.retry_now(conn)
            operations.audit(conn, by=operator.name(), action="mails retried", target={"mails": again}, jobs=0)
            screen.say(f"{count(again, 'e-mail')} due now.")
        counts, troubled = mails.counts(conn), mails.troubled(conn)
    if as_json:
        said = {**asdict(counts), "troubled": [asdict(one) for one in troubled]}
        screen.plain(json.dumps(said, indent=2, default=layout.plain))
        return
    screen.tell(f"{count(counts.waiting, 'mail')} to be sent; {counts.given_up:,} given up.")
    if troubled:
        table = screen.listing("mail", "user", "#tries", "next")
        table.add_column("why", header_style="dim", overflow="fold")
        for one in troubled:
            following = "given up" if one.given_up_at else words.ago(one.due_at)
            why = Text(one.error or "its sender died: nobody knows whether it arrived")
            table.add_row(words.short(one.id), words.short(one.user_id), str(one.attempts), following, why)
        screen.out().print(table)


def _told(alert: Alert) -> Group:
    """Say how an alert stands, below its record's name, and which it is."""
    name = Text(on_one_line(name_of(alert)), "bold")
    return Group(name, Padding(Group(Text(sentence(alert)), Text(str(alert.id), "dim")), (0, 0, 0, 2)))


def _show(found: Rehearsal) -> None:
    screen.out().print(Text(rehearsing.sentence(found)))
    if found.fired:
        table = screen.listing("fired on", "#floor", "#at Discogs", "rate of")
        for one in found.fired:
            table.add_row(
                f"{one.day}",
                amount(one.floor, found.currency),
                amount(one.said, one.said_currency),
                "" if one.said_currency == found.currency else f"{one.rate_of}",
            )
        screen.out().print(table)
    if found.known:
        screen.out().print(Text(f"{FLOOR_SAYS} {ATTRIBUTION}", "dim"))


def _no_such(user: str) -> NotFound:
    return NotFound("There is no such alert.", f"`rekkrd alerts list {user}` lists those that there are.")


def _alert_id(text: str, unit: str | None) -> UUID:
    """Read an alert's id, which has a currency of its own."""
    try:
        found = UUID(text)
    except ValueError:
        raise typer.BadParameter(
            f"'{text}' is not the id of an alert. To try a release at a price, add the price: {text} 20.00.",
            param_hint="WHAT",
        ) from None
    if unit is not None:
        raise typer.BadParameter("goes with a price; an alert has its own.", param_hint="--currency")
    return found


def _release(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= LARGEST):
        raise typer.BadParameter("is a release's number at Discogs, for a price follows.", param_hint="WHAT")
    return int(text)


def _unit(currency: str | None) -> str | None:
    unit = None if currency is None else currency.upper()
    if unit is not None and not (len(unit) == 3 and unit.isascii() and unit.isalpha()):
        raise typer.BadParameter("is three letters: EUR.", param_hint="--currency")
    return unit


def _amount(text: str) -> Decimal:
    try:
        said = Decimal(text)
    except InvalidOperation:
        said = Decimal(0)
    if not (said.is_finite() and 0 < said <= MOST and said == said.quantize(Decimal("0.01"))):
        raise typer.BadParameter(
            f"is an amount above 0, {MOST:,} at most, with a point and two decimals: 20.00.", param_hint="PRICE"
        )
    return said.quantize(Decimal("0.01"))
