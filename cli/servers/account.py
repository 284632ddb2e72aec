"""The account that servers run under: ours, or an unprivileged one when we are root, as PostgreSQL refuses root."""

import errno
import os
import pwd
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cli.servers.errors import AccountUnnamed

PREFERRED = ("postgres", "nobody")
OVERFLOW = 65534  # nobody's number on Linux, where a machine has no names at all


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a server runs as. ``is_other`` says that we must give it what it needs."""

    uid: int
    gid: int
    is_other: bool = False

    def may(self, path: Path, wanted: int) -> bool:
        """Whether the mode of ``path`` itself gives us what is wanted, of 4 (read), 2 (write), 1 (enter)."""
        found = path.stat()
        if found.st_uid == self.uid:
            return found.st_mode >> 6 & wanted == wanted
        if found.st_gid == self.gid:
            return found.st_mode >> 3 & wanted == wanted
        return found.st_mode & wanted == wanted

    def reaches(self, path: Path) -> bool:
        """Whether every folder above ``path`` lets us pass. We change no mode of a folder that we did not make."""
        return not self.is_other or all(self.may(parent, 1) for parent in path.resolve().parents)

    def own(self, path: Path) -> None:
        """Give something that we just made to the account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def require_name(self) -> None:
        """Make sure that the account has a name: `initdb` wants one. Raises AccountUnnamed."""
        try:
            pwd.getpwuid(self.uid)
        except KeyError:
            raise AccountUnnamed(
                f"User {self.uid} has no name on this machine, and PostgreSQL makes no data without one.",
                "Run it as a user that /etc/passwd knows, or set DATABASE_URL and REDIS_URL to servers of your own.",
            ) from None

    def make_folder(self, path: Path) -> None:
        """Make a private folder, or take the one that is there: the account's own, or root's and empty. Raises OSError.

        The mode of one that is there stays as it is: everything secret in it is closed by itself.
        """
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
            self.own(path)
            return
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, f"{path} is not a folder", str(path))
        if found.st_uid != self.uid:
            if found.st_uid != os.geteuid() or any(path.iterdir()):
                raise PermissionError(errno.EACCES, f"{path} belongs to another user", str(path))
            self.own(path)  # a volume of a container, or we died between making and giving

    def write_file(self, path: Path, text: str) -> None:
        """Write a file that only the account reads, whole or not at all. Raises OSError."""
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as file:
            file.write(text)
        self.own(draft)
        draft.replace(path)


def choose_account(data: Path) -> Account:
    """Return ours, or as root the one that owns the data already, or else the first unprivileged one there is."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    with suppress(OSError):
        if owner := data.lstat().st_uid:
            return Account(owner, data.lstat().st_gid, is_other=True)
    for name in PREFERRED:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return Account(found.pw_uid, found.pw_gid, is_other=True)
    return Account(OVERFLOW, OVERFLOW, is_other=True)
