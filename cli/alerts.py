"""`rekkrd alerts`: what collectors wait for, and how near the market is."""

import json
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from actors.alerts import create, name_of, sentence
from actors.wording import count
from api.models.alerts import MOST, AlertOut, AlertPage
from cli import here, layout, operator, screen, words
from cli.errors import NotFound
from db import alerts, mails, operations, users
from discogs.grades import MEDIA

app = typer.Typer(help="Price alerts: list them, set one, remove one.", no_args_is_help=True)

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
        page = AlertPage(
            alerts=[AlertOut.of(one) for one in found[:limit]], next_cursor=found[limit - 1].id if has_more else None
        )
        screen.plain(json.dumps(page.model_dump(mode="json"), indent=2))
        return
    if not found:
        screen.plain("No alerts.")
    for one in found[:limit]:
        screen.out().print(Text(f"{name_of(one)}. {sentence(one)}"), Text(f"  {one.id}", "dim"), sep="\n")
    if has_more:
        screen.say("[dim]There are more: use --limit.[/]")


@app.command()
def add(
    user: User,
    release: Annotated[int, typer.Argument(metavar="RELEASE", min=1, help="The release's number at Discogs.")],
    target: Annotated[str, typer.Argument(metavar="PRICE", help="At it or below the alert fires: 20.00.")],
    *,
    currency: Annotated[str | None, typer.Option(metavar="CODE", help="Three letters; else the user's own.")] = None,
    grade: Annotated[str | None, typer.Option(metavar="GRADE", help="The least grade that is wanted: VG+.")] = None,
) -> None:
    """Set an alert for a collector; the same release and price again is the same alert."""
    if grade is not None and grade not in MEDIA:
        raise typer.BadParameter(f"is one of {', '.join(MEDIA)}.", param_hint="--grade")
    unit = None if currency is None else currency.upper()
    if unit is not None and not (len(unit) == 3 and unit.isascii() and unit.isalpha()):
        raise typer.BadParameter("is three letters: EUR.", param_hint="--currency")
    with here.opened_pool() as pool, pool.transaction() as conn:
        user_id = users.find(conn, user).id
        alert, is_new = create(conn, user_id, release, target=_amount(target), currency=unit, minimum_grade=grade)
        if is_new:
            operations.audit(conn, by=operator.name(), action="alert set", target={"alert": str(alert.id)}, jobs=0)
    screen.plain(f"{'Set' if is_new else 'It is there'}: {name_of(alert)}. {sentence(alert)}")


@app.command()
def remove(user: User, alert: Annotated[UUID, typer.Argument(metavar="ALERT", help="The alert's id.")]) -> None:
    """Remove an alert."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        if not alerts.remove(conn, users.find(conn, user).id, alert):
            raise NotFound("There is no such alert.", f"`rekkrd alerts list {user}` lists those that there are.")
        operations.audit(conn, by=operator.name(), action="alert removed", target={"alert": str(alert)}, jobs=0)
    screen.plain("Removed.")


@app.command("mails")
def show_mails(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False) -> None:
    """Show how the mails of alerts stand, and those that were not taken; what may have arrived is not sent again."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        counts, troubled = mails.counts(conn), mails.troubled(conn)
    if as_json:
        said = {**asdict(counts), "troubled": [asdict(one) for one in troubled]}
        screen.plain(json.dumps(said, indent=2, default=layout.plain))
        return
    screen.plain(f"{count(counts.waiting, 'mail')} to be sent; {counts.given_up:,} given up.")
    if troubled:
        table = screen.listing("mail", "user", "#tries", "next")
        table.add_column("why", header_style="dim", overflow="fold")
        for one in troubled:
            following = "given up" if one.given_up_at else words.ago(one.due_at)
            why = Text(one.error or "its sender died: nobody knows whether it arrived")
            table.add_row(words.short(one.id), words.short(one.user_id), str(one.attempts), following, why)
        screen.out().print(table)


def _amount(text: str) -> Decimal:
    try:
        said = Decimal(text)
    except InvalidOperation:
        said = Decimal(0)
    if not (said.is_finite() and 0 < said <= MOST and said == said.quantize(Decimal("0.01"))):
        raise typer.BadParameter(
            "is an amount above 0, with a point and two decimals at most: 20.00.", param_hint="PRICE"
        )
    return said.quantize(Decimal("0.01"))
