"""`rekkrd export`: all of a collector's Discogs data into a file."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from actors.accounts import export as exporting
from cli import here, screen
from cli.errors import CommandFailed
from db import users


def export(
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose: handle, id or address.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; it must not be there yet.")],
) -> None:
    """Write all of a collector's Discogs data into a file, as lines of JSON.

    Nothing is left out and nothing is changed: notes are byte for byte. The file is for its owner's eyes alone.
    """
    partial = file.with_name(f"{file.name}.part")
    if file.exists():
        raise CommandFailed(f"{file} is there already.", "Name another file, or move that one away.")
    with here.opened_pool() as pool:
        with pool.transaction() as conn:
            person = users.find(conn, user)
        try:
            _write(partial, exporting.lines(pool, person.id))
            partial.rename(file)
        except OSError as error:
            raise CommandFailed(f"{file} cannot be written: {error.strerror}.", "Name a file that can.") from error
        finally:
            partial.unlink(missing_ok=True)
    screen.tell(f"{file} has the Discogs data of {person.handle}: {file.stat().st_size:,} bytes.")


def _write(path: Path, lines: Iterator[bytes]) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.writelines(lines)
