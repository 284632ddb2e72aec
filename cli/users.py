"""`rekkrd users`: who there is, and how each one's connection to Discogs stands."""

from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from cli import here, screen
from cli.listing import Listing
from db import links, shelf
from db import users as people
from db.links import Link
from db.shelf import Size
from db.users import User

STATES = {"connected": "green", "needs_reconnect": "red", "disconnected": "dim"}


def users(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 50,
    below: Annotated[UUID | None, typer.Option(metavar="ID", help="Go on after this user.")] = None,
    *,
    show_ids: Annotated[bool, typer.Option("--ids", help="Show ids, for users whose names are not unique.")] = False,
) -> None:
    """List users, and how each one's connection to Discogs stands."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        found = people.page(conn, after=below or people.NOBODY, size=limit + 1)
        page, has_more = found[:limit], len(found) > limit
        ids = [user.id for user in page]
        known, sizes = links.links(conn, ids), shelf.sizes(conn, ids)
    if not page:
        screen.say("No users yet." if below is None else "No more users.")
        if below is None and here.is_own_database():
            screen.say("[dim]`rekkrd connect NAME` makes one and connects a Discogs account.[/]")
        return
    screen.out().print(id_table(page) if show_ids else user_table(page, known, sizes))
    if has_more:
        screen.say(f"[dim]More: rekkrd users --below {page[-1].id}[/]")


def user_table(page: list[User], known: dict[UUID, Link], sizes: dict[UUID, Size]) -> Listing:
    """Lay out users as rows of at most 80 columns."""
    table = screen.listing("user", "tier", "on Discogs", "state", "#records", "#wants")
    for user in page:
        link = known.get(user.id)
        state = link.state if link else "not connected"
        table.add_row(
            screen.cut(user.handle, 15),
            screen.cut(user.tier, 9),
            screen.cut(link.username if link else "—", 15),
            Text(state.replace("_", " "), style=STATES.get(state, "dim")),
            f"{sizes[user.id].copies:,}" + ("*" if link and link.is_partial else ""),
            f"{sizes[user.id].wants:,}",
        )
    if any(link.is_partial for link in known.values()):
        table.below = "* the newest only: the free tier holds 50"
    return table


def id_table(page: list[User]) -> Listing:
    """Lay out users by what names them."""
    table = screen.listing("user", "id", "address")
    for user in page:
        table.add_row(screen.cut(user.handle, 15), str(user.id), screen.cut(user.email or "—", 24))
    return table
