"""`rekkrd disconnect`: forget a collector's tokens, and on request everything that came from Discogs."""

from typing import Annotated

import typer
from rich.text import Text

from actors.accounts import disconnect as disconnecting
from actors.accounts import forget_collection
from actors.wording import count
from cli import here, screen, words
from cli.errors import CommandFailed
from db import users


def disconnect(
    user: Annotated[str, typer.Argument(metavar="USER", help="Who: handle, id or address.")],
    *,
    forget_account: Annotated[
        bool,
        typer.Option("--forget-account", help="Also delete what is known from Discogs; another account can follow."),
    ] = False,
    remove_data: Annotated[
        bool,
        typer.Option("--remove-data", help="Also remove all that came from Discogs, with albums that nobody touched."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --remove-data: only count what would go; nothing happens.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before data is removed.")] = False,
) -> None:
    """End a connection to Discogs.

    Its tokens are deleted, and jobs that need them are cancelled. What was imported stays, unless you say otherwise;
    `rekkrd export` keeps a copy.
    """
    if dry_run and not remove_data:
        raise typer.BadParameter("goes with --remove-data.", param_hint="--dry-run")
    with here.opened() as resources:
        with resources.pool.transaction() as conn:
            person = users.find(conn, user)
            removal = forget_collection.look(conn, person.id) if remove_data else None
        if removal is not None:
            screen.tell(removal.sentence)
            if dry_run:
                return
            if not yes and not screen.confirm("Remove it?"):
                raise CommandFailed("Nothing was changed: nobody said yes.")
        ended = disconnecting.disconnect(resources, person.id, forget_account=forget_account, remove_data=remove_data)
    cancelled = f", {count(len(ended.cancelled), 'job')} cancelled" if ended.cancelled else ""
    was = "is disconnected from Discogs" if ended.was_connected else "was not connected to Discogs"
    kept = "What came from Discogs was deleted." if forget_account else "What was imported stays."
    if ended.removal is not None:
        kept = f"Job {words.short(ended.removal.job_id)} removes what came from Discogs."
    screen.out().print(Text(f"{person.handle} {was}{cancelled}. {kept}"))
    if ended.was_connected:
        screen.say("[dim]Its entry at discogs.com/settings/applications can only be removed by its owner, there.[/]")
