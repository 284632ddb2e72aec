"""The `rekkrd` command: runs what its arguments name, and turns what went wrong into one sentence and the next step."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from pydantic import ValidationError

from actors.errors import ActorError, FilterRefused
from cli import here, lifeline, screen
from cli.commands import needed
from cli.documented import ROOMS, environment_name
from cli.errors import BadSettings, BrokenText, CommandFailed, NothingRunning, RequestRefused
from cli.next_steps import next_step_after
from cli.version import version
from db.errors import (
    BadKey,
    CommitUnknown,
    DatabaseAway,
    DatabaseError,
    EnqueueRefused,
    TextRefused,
    UnknownUser,
)
from discogs.errors import DiscogsError, PermitExpired
from services.errors import ServiceError
from workers import logs
from workers.errors import EngineError
from workers.limiter.errors import LimiterError
from workers.terminal_text import is_text

LOG_LEVEL = "REKKRD_LOG_LEVEL"

FORESEEN = (
    CommandFailed,
    UnicodeError,
    DatabaseError,
    EngineError,
    DiscogsError,
    PermitExpired,
    LimiterError,
    ActorError,
    ServiceError,
    ValidationError,
)


def main() -> None:
    """Run the command; what was foreseen to go wrong ends in a sentence, not in a traceback."""
    lifeline.follow()
    screen.be_plain_where_needed()
    # A command speaks for itself; the processes set up their own logs.
    logs.configure("pretty", "debug" if is_debugging() else "error")
    try:
        refuse_broken_text(sys.argv[1:], os.environ)
        app_for(sys.argv[1:])()
    except FORESEEN as error:
        if is_debugging():
            raise
        failure = in_words(error)
        screen.show_failure(failure)
        sys.exit(failure.exit_code)


def refuse_broken_text(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Refuse arguments and settings that are not valid UTF-8, or that have control characters. Raises BrokenText."""
    for number, argument in enumerate(arguments, 1):
        if not is_text(argument):
            raise BrokenText(f"Argument {number}")
    ours = {environment_name(room, field) for room in ROOMS.values() for field in room.model_fields}
    for name in sorted(ours & environment.keys()):
        if not is_text(environment[name]):
            raise BrokenText(name)


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """Join the commands that these arguments need."""
    app = typer.Typer(
        name="rekkrd",
        help="Discogs workers: collections come over whole, 55 requests a minute for the fleet.",
        callback=_debug,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for command in needed(arguments):
        command.join(app)
    return app


def in_words(error: Exception) -> CommandFailed:
    """Say a room's error as a command's: its own sentence, and the next step, which the room cannot know."""
    if isinstance(error, CommandFailed):
        return error
    if isinstance(error, UnicodeError):
        return BrokenText("A text")
    if isinstance(error, ValidationError):
        return _bad_settings(error)
    if isinstance(error, DatabaseAway) and not isinstance(error, CommitUnknown) and here.is_own_database():
        return NothingRunning(*here.after_its_database())
    if isinstance(error, EnqueueRefused | UnknownUser):
        return RequestRefused(str(error), next_step_after(error))
    failure = BadSettings if isinstance(error, (BadKey, FilterRefused, TextRefused)) else CommandFailed
    return failure(str(error), next_step_after(error))


def _bad_settings(error: ValidationError) -> CommandFailed:
    """Name each setting and what is wrong with it, never its value: it may be a secret."""
    rooms = {room.__name__: room for room in ROOMS.values()}
    room = rooms.get(error.title)
    if room is None:
        raise error
    wrong = [
        f"  {environment_name(room, str(place['loc'][0])) if place['loc'] else 'settings'}: "
        f"{place['msg'].removeprefix('Value error, ')}"  # pydantic's word for a validator of ours
        for place in error.errors(include_input=False, include_url=False)
    ]
    return BadSettings(
        "\n".join(["A setting cannot be read:", *wrong]),
        "Mend it in the environment or in .env; README lists them all.",
    )


def _print_version(*, is_wanted: bool) -> None:
    if is_wanted:
        version()
        raise typer.Exit


def _debug(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and debug logs.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    if debug:
        os.environ[LOG_LEVEL] = "debug"  # children of `up` hear it too


def is_debugging() -> bool:
    """Whether tracebacks are wanted."""
    return os.environ.get(LOG_LEVEL) == "debug"


if __name__ == "__main__":
    main()
