"""`rekkrd rates`: the exchange rates by which values are counted, and those that an operator sets."""

import json
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from actors.wording import utc
from cli import here, operator, screen
from cli.errors import CommandFailed
from db import operations, rates

app = typer.Typer(help="See the exchange rates by which values are counted, and set one.", invoke_without_command=True)

Currency = Annotated[str, typer.Argument(metavar="CURRENCY", help="Three letters: EUR.")]


@app.callback()
def show(
    ctx: typer.Context, *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False
) -> None:
    """See the exchange rates by which values are counted, and set one."""
    if ctx.invoked_subcommand is not None:
        return
    with here.opened_pool() as pool, pool.transaction() as conn:
        found = [rate for rate in rates.rates(conn) if rate.currency != "USD"]
    if as_json:
        said = [
            {"currency": one.currency, "per_dollar": str(one.per_dollar), "as_of": one.as_of.isoformat()}
            | {"source": one.source}
            for one in found
        ]
        screen.plain(json.dumps(said, indent=2))
    elif not found:
        screen.tell("No rate is kept: everybody counts in US dollars, or the clock did not ask yet.")
    else:
        table = screen.listing("currency", "#per US dollar", "source", "as of")
        for one in found:
            table.add_row(one.currency, f"{one.per_dollar.normalize():f}", one.source, utc(one.as_of))
        screen.out().print(table)


@app.command("set")
def set_(
    currency: Currency,
    per_dollar: Annotated[str, typer.Argument(metavar="RATE", help="How much of it a US dollar is: 0.92.")],
) -> None:
    """Set a rate; it goes before what Discogs converts by, until it is taken back."""
    code = _code(currency)
    try:
        rate = Decimal(per_dollar)
    except InvalidOperation:
        rate = Decimal(0)
    if not rate.is_finite() or not (Decimal("0.0000001") <= rate <= Decimal(10) ** 9):  # also what is no number at all
        raise typer.BadParameter("is a number above 0, with a point: 0.92.", param_hint="RATE")
    with here.opened_pool() as pool, pool.transaction() as conn:
        rates.keep(conn, {code: rate}, source="operator", noted_by=operator.name())
        operations.audit(conn, by=operator.name(), action="rate set", target={code: f"{rate:f}"}, jobs=0)
    screen.tell(f"1 USD is {rate:f} {code} from now on; `rekkrd rates forget {code}` takes it back.")


@app.command()
def forget(currency: Currency) -> None:
    """Take back a rate that was set: what Discogs converts by counts again."""
    code = _code(currency)
    with here.opened_pool() as pool, pool.transaction() as conn:
        if not rates.forget(conn, code):
            raise CommandFailed(f"Nobody set a rate for {code}.", "`rekkrd rates` shows those that count.")
        operations.audit(conn, by=operator.name(), action="rate forgotten", target={"currency": code}, jobs=0)
    screen.tell(f"What Discogs converts {code} by counts again.")


def _code(text: str) -> str:
    code = text.upper()
    if len(code) != 3 or not (code.isascii() and code.isalpha()) or code == "USD":
        raise typer.BadParameter(
            "is three letters, and not USD, by which the others are counted.", param_hint="CURRENCY"
        )
    return code
