"""`rekkrd connect`: let a collector's Discogs account in, by its own page or by a personal token."""

import sys
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

import typer
from rich.text import Text

from actors.accounts import at_terminal
from actors.accounts.connect import Connected, Newcomer
from actors.errors import VerifierRefused
from actors.wording import count
from cli import here, screen, words
from cli.errors import BrokenText, CommandFailed, NotFound
from db import users
from db.errors import AmbiguousUser, UnknownUser
from db.handshakes import LIFETIME
from discogs.handshake import RequestToken
from workers.resources import Resources
from workers.terminal_text import is_text

MOST_CODES = 3
OWN_TIER = "archivist"  # on one's own machine nobody sells a tier to oneself


def connect(
    user: Annotated[str, typer.Argument(metavar="USER", help="Who: handle, id or address.")],
    *,
    personal_token: Annotated[
        bool, typer.Option("--personal-token", help="Ask for a token from discogs.com/settings/developers instead.")
    ] = False,
) -> None:
    """Connect a Discogs account.

    Prints an address to open. There the account's owner allows access and gets a code, which is asked for here. On our
    own embedded database a new USER is made; on a database that an app shares with us, users are the app's to make.
    """
    if not user.strip() or not user.isprintable():
        raise CommandFailed("A user's name cannot be empty or hold control characters.", "Name who connects.")
    with here.opened() as resources:
        user_id, handle, newcomer = _who(resources, user)
        if personal_token:
            token = _asked("Personal token: ", is_secret=True)
            connected = at_terminal.connect_personal(resources, user_id, token, newcomer=newcomer)
        else:
            begun = at_terminal.begin(resources, user_id)
            expires_at = datetime.now(UTC) + LIFETIME
            screen.say(
                f"Open this address, sign in to Discogs as the owner of {handle}'s collection, and allow access:"
            )
            screen.plain(f"\n  {begun.authorize_url}\n")
            question = f"Code from Discogs (until {words.clock(expires_at)}): "
            connected = _finish(resources, user_id, begun, question, newcomer)
    say_connected(connected)
    screen.say(f"[dim]Next: rekkrd import --user {connected.handle} --estimate[/]")


def _finish(
    resources: Resources, user_id: UUID, begun: RequestToken, question: str, newcomer: Newcomer | None
) -> Connected:
    """Ask for the code until Discogs accepts it; a mistyped one costs a request and does not end the sign-in."""
    for tries_left in reversed(range(MOST_CODES)):
        try:
            return at_terminal.finish(resources, user_id, begun, _asked(question), newcomer=newcomer)
        except VerifierRefused:
            if not tries_left:
                raise
            screen.say("Discogs did not accept this code. Enter it again, exactly as the page shows it.")
    raise AssertionError("the last refusal is raised")


def say_connected(connected: Connected) -> None:
    """Say who is connected now, and how much there is to bring over, as far as Discogs said."""
    holds = [
        count(number, noun)
        for number, noun in ((connected.num_collection, "record"), (connected.num_wantlist, "want"))
        if number is not None
    ]
    there = f", with {' and '.join(holds)} there" if holds else ""
    screen.out().print(Text(f"{connected.handle} is connected to Discogs as {connected.username}{there}."))


def _who(resources: Resources, name: str) -> tuple[UUID, str, Newcomer | None]:
    """Return who connects: id, handle, and what to make them of when Discogs lets them in and nobody goes by it."""
    with resources.pool.transaction() as conn:
        try:
            person = users.find(conn, name)
        except AmbiguousUser:
            raise
        except UnknownUser:
            if not here.is_own_database():
                raise NotFound(
                    f"There is no user {name!r} in this database.",
                    "Check the name with `rekkrd users`. Here the app makes the users; without an app, "
                    '"The first user" in docs/operating.md has the statement.',
                ) from None
            return uuid4(), name, Newcomer(name, OWN_TIER)
    return person.id, person.handle, None


def _asked(question: str, *, is_secret: bool = False) -> str:
    """Ask at the terminal, or read a line from a pipe; never from the command line, where others can see it."""
    is_person = sys.stdin.isatty()
    answer = screen.err().input(question, password=is_secret) if is_person else sys.stdin.readline()
    if not answer.strip():
        raise CommandFailed("Nothing was entered, so nothing was changed.", "Run the command again when you have it.")
    if not is_text(answer.strip()):
        raise BrokenText("What was entered")
    return answer.strip()
