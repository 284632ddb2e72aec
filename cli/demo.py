"""`rekkrd demo`: a collection comes over from a simulated Discogs, from the hand-shake to the last record."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from actors.wording import count
from api.settings import ApiSettings
from cli import here, screen
from cli.browser import Browser
from cli.errors import CommandFailed, WorkFailed
from cli.importing import KINDS, looker, say_started, start
from cli.shelf import shelf_of
from cli.simulated import DEMO_ACCOUNT
from cli.up import Running, everything, tell, until_told_to_end
from cli.watch import Sight, watch
from db import links, shelf, users
from db.users import User
from workers.resources import Resources
from workers.settings import Settings

HANDLE = "demo"


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Exit by itself: 0 when the import completed.")] = False,
    records: Annotated[int, typer.Option(min=0, max=100_000, help="How many records the demo collector owns.")] = 1000,
) -> None:
    """Watch a collection come over, with nothing but this machine.

    Brings everything up, connects a demo collector, imports collection and wantlist, and stays up until Ctrl-C. The
    same processes and the same hand-shake as in earnest; only Discogs is a simulator on this machine.
    """
    here.check_env_file()
    if Settings(here.ENV_FILE).discogs.consumer_key:
        raise CommandFailed(
            "The demo plays with a simulated Discogs, but DISCOGS_CONSUMER_KEY is set.",
            "Take it out of the environment and .env for the demo, or run `rekkrd up` to work with Discogs itself.",
        )
    with until_told_to_end(once=once), everything(_to_files(here.place().logs), records=records) as running:
        with here.opened(running.settings) as resources:
            _play(running, resources, once=once)
        if not once:
            tell("staying up", "Ctrl-C ends everything cleanly")
            running.stay()


def _play(running: Running, resources: Resources, *, once: bool) -> None:
    person = _collector(resources)
    screen.say()
    _connect(running, resources, person)
    with resources.pool.transaction() as conn:
        started = start(conn, person.id, list(KINDS.values()))
    say_started(started)
    screen.say()
    last = watch(_attentive(running, looker(resources, [each.job.id for each in started])))
    screen.say()
    if not last.is_completed:
        raise WorkFailed("The import did not complete.", f"What the processes said is in {running.place.logs}.")
    _show_what_came(running, resources, person, last, is_staying=not once)


def _collector(resources: Resources) -> User:
    with resources.pool.transaction() as conn:
        return users.create(conn, HANDLE, tier="archivist")


def _connect(running: Running, resources: Resources, person: User) -> None:
    """Connect through the real hand-shake: the app's backend asks our API, the collector's browser does the rest."""
    with resources.pool.transaction() as conn:
        link, size = links.link(conn, person.id), shelf.sizes(conn, [person.id])[person.id]
    if link is not None and link.state == "connected" and link.username == DEMO_ACCOUNT:
        holds = f"{count(size.copies, 'record')} and {count(size.wants, 'want')}"
        tell("collector", f"{link.username}, connected before; holds {holds}")
        return
    token = ApiSettings(_env_file=here.env_files()).application_tokens[0]
    browser = Browser()
    begun = browser.post_json(
        f"{running.api_url}/api/discogs/auth/request-token",
        {},
        {"Authorization": f"Bearer {token}", "X-Rekkrd-User": str(person.id)},
    ).json()
    at_discogs = browser.press(browser.get(begun["begin_url"]))
    browser.press(at_discogs, "allow")
    with resources.pool.transaction() as conn:
        link = links.link(conn, person.id)
    if link is None or link.state != "connected":
        raise WorkFailed("The hand-shake came to its end, but the demo collector is not connected.")
    tell("collector", f"{link.username} allowed access; connected by OAuth")


def _attentive(running: Running, look: Callable[[], Sight]) -> Callable[[], Sight]:
    """Look, and notice when one of the processes is gone: then nobody would end the import."""

    def look_around() -> Sight:
        running.check()
        return look()

    return look_around


def _show_what_came(running: Running, resources: Resources, person: User, last: Sight, *, is_staying: bool) -> None:
    with resources.pool.transaction() as conn:
        size = shelf.sizes(conn, [person.id])[person.id]
        picture = shelf_of(conn, person.id)
    requests = sum(view.job.requests for view in last.views)
    screen.say(
        f"[bold green]{count(size.copies, 'record')} and {count(size.wants, 'want')} are here[/], "
        f"for {count(requests, 'request')}."
    )
    for view in last.views:
        screen.out().print(Text(f"{view.job.kind.replace('_', ' ')}: {view.sentence}", style="dim"))
    screen.say()
    screen.out().print(picture)
    screen.say()
    if is_staying:
        _show_where_to_look(running)


def _show_where_to_look(running: Running) -> None:
    token = ApiSettings(_env_file=here.env_files()).operator_tokens[0]
    database = running.settings.database.database_url
    tell("API", f"{running.api_url}/docs")
    screen.plain(f"{'':11}curl -H 'Authorization: Bearer {token}' {running.api_url}/api/jobs")
    if database is not None and here.is_own_database():
        tell("database", f"psql '{database.get_secret_value()}'")
    tell("more", "rekkrd jobs · rekkrd users · rekkrd import --user demo --watch")
    tell("logs", str(running.place.logs))


def _to_files(folder: Path) -> Callable[[str, str], None]:
    """Write what each process says to its own file: the screen belongs to the import."""

    def hear(name: str, line: str) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        with (folder / f"{name}.log").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    return hear
