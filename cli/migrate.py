"""`rekkrd migrate`: bring the database up to date, or look whether it is."""

from typing import Annotated

import typer

from actors import publishing
from actors.wording import count
from cli import here, screen


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 when something is to be applied.")
    ] = False,
) -> None:
    """Bring the database up to date.

    Safe while the app runs, and when two start at once. Runs on DATABASE_DIRECT_URL, or on DATABASE_URL when that is
    not set. Behind a transaction pooler DATABASE_DIRECT_URL is required.
    """
    database = here.with_database(here.settings()).database
    url, target = database.migration_url() or "", database.migration_target()
    if check:
        todo = publishing.pending(url)
        for name in todo:
            screen.say(f"to apply  {name}")
        screen.say(
            f"{count(len(todo), 'change')} to apply to {target}: run `rekkrd migrate`."
            if todo
            else f"The database {target} is up to date."
        )
        raise typer.Exit(1 if todo else 0)
    applied = publishing.bring_up_to_date(url, lock_seconds=database.migration_lock_seconds, tell=screen.plain)
    for name in applied:
        screen.say(f"applied  {name}")
    screen.say(f"The database {target} is up to date.")
