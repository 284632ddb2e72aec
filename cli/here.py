"""The settings and connections of a command, completed by the `rekkrd up` that runs on the same data folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dotenv.parser import parse_stream

from cli import running_settings
from cli.errors import BadSettings, NothingRunning
from cli.place import Place, is_held
from cli.settings import CommandSettings
from db.pool import Pool, open_pool
from services.senders import Senders
from services.single_flight import SingleFlight
from workers.resources import Resources, open_resources
from workers.settings import Settings

ENV_FILE = ".env"


def place() -> Place:
    """Return the data folder that the settings name."""
    return Place(CommandSettings(_env_file=ENV_FILE).data_dir)


def env_files() -> tuple[str, ...]:
    """Return the files of settings, the later ones first in rank: `.env`, then what the `up` running here stored."""
    check_env_file()
    here = place()
    return (ENV_FILE, *running_settings.files(here, os.environ)) if is_held(here) else (ENV_FILE,)


def settings() -> Settings:
    """Return the settings; the environment outranks what the `up` running here stored, which outranks `.env`."""
    return Settings(env_files())


@contextmanager
def opened_pool(found: Settings | None = None) -> Iterator[Pool]:
    """Open the database alone, for commands that only look. Raises NothingRunning."""
    pool = open_pool(with_database(found or settings()).database)
    try:
        yield pool
    finally:
        pool.close()


@contextmanager
def opened(found: Settings | None = None) -> Iterator[Resources]:
    """Open everything a command may need. Raises NothingRunning, NotConfigured."""
    with open_resources(with_database(found or settings())) as resources:
        yield resources


@contextmanager
def single_flight(resources: Resources) -> Iterator[SingleFlight]:
    """Give what asks Discogs once for a key, whichever processes ask at the same moment."""
    senders = Senders(resources)
    try:
        yield SingleFlight(senders)
    finally:
        senders.close()


def is_own_database() -> bool:
    """Tell whether the database is the embedded one: only there do commands create users."""
    found = place()
    given = str(found.stored(running_settings.DATABASE))
    return Settings((ENV_FILE, given) if is_held(found) else ENV_FILE).database.database_url is None


def after_its_database() -> tuple[str, str]:
    """Say what became of the embedded database when it was there and is away, and what to do."""
    if is_held(place()):
        return "The database of `rekkrd up` is away.", "Run the command again: `up` starts it anew by itself."
    return "`rekkrd up` has ended, and its database with it.", "Start `rekkrd up` again: no job is lost."


def with_database(found: Settings) -> Settings:
    """Return these settings if they name a database. Raises NothingRunning."""
    if found.database.database_url is None:
        raise NothingRunning(
            f"Nothing is running here: there is no `rekkrd up` on {place().folder}, and DATABASE_URL is not set.",
            "Start `rekkrd up` in another terminal, or set DATABASE_URL.",
        )
    return found


def check_env_file() -> None:
    """Refuse a file that is not text, or has a line that sets nothing: passed over, it would set what is not meant.

    What the lines say is each room's affair. Raises BadSettings.
    """
    try:
        with Path(ENV_FILE).open(encoding="utf-8") as text:
            wrong = [line.original.line for line in parse_stream(text) if line.error]
    except FileNotFoundError:
        return
    except OSError as error:
        raise BadSettings(f"{ENV_FILE} cannot be read: {error.strerror}.", "Mend it, or move it away.") from None
    except UnicodeDecodeError:
        raise BadSettings(f"{ENV_FILE} is not text in UTF-8.", "Mend it, or start anew from .env.example.") from None
    if wrong:
        raise BadSettings(
            f"Line {wrong[0]} of {ENV_FILE} cannot be read.", "Mend it: a line is NAME=value, or begins with #."
        )
