"""`rekkrd disconnect`: forget a collector's tokens, and on request what is known of the account."""

from typing import Annotated

import typer
from rich.text import Text

from actors import disconnect as disconnecting
from actors.wording import count
from cli import here, screen
from db import users


def disconnect(
    user: Annotated[str, typer.Argument(metavar="USER", help="Who: handle, id or address.")],
    *,
    forget_account: Annotated[
        bool,
        typer.Option("--forget-account", help="Also delete what is known from Discogs; another account can follow."),
    ] = False,
) -> None:
    """End a connection to Discogs.

    Its tokens are deleted, and jobs that need them are cancelled. What was imported stays.
    """
    with here.opened() as resources:
        with resources.pool.transaction() as conn:
            person = users.find(conn, user)
        ended = disconnecting.disconnect(resources, person.id, forget_account=forget_account)
    cancelled = f", {count(len(ended.cancelled), 'job')} cancelled" if ended.cancelled else ""
    was = "is disconnected from Discogs" if ended.was_connected else "was not connected to Discogs"
    kept = "What came from Discogs was deleted." if forget_account else "What was imported stays."
    screen.out().print(Text(f"{person.handle} {was}{cancelled}. {kept}"))
    if ended.was_connected:
        screen.say("[dim]Its entry at discogs.com/settings/applications can only be removed by its owner, there.[/]")
