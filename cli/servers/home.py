"""Where one server lives: a private folder for its data, a short one for its socket, and the lock on both."""

import errno
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from cli.servers.account import Account, choose_account
from cli.servers.errors import ELSEWHERE, FolderHeld, translated
from cli.servers.wreckage import is_alive

SERVERS, NOTE = "servers", "servers.elsewhere"
LONGEST_SOCKET_PATH = 107 if sys.platform == "linux" else 103  # sockaddr_un(7), less the closing NUL
LONGEST_NAME = len("/.s.PGSQL.65535.lock")
PREFIX = "rekkrd-"
# As root, when the account may not pass the folders above the data, for instance below /root.
SYSTEM_FOLDERS = (Path("/var/lib"), Path("/var/tmp"), Path("/tmp"))  # noqa: S108  private folders are made in there
GUARDS_SECONDS = 20.0  # the guards of a killed process end their servers in that time


@dataclass(frozen=True, slots=True)
class Home:
    """A server's folders, held by ``lock`` (a file descriptor) until the server has ended."""

    asked_for: Path
    folder: Path
    sockets: Path
    account: Account
    lock: int

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def passing(self) -> tuple[Path, ...]:
        """What outlives no run."""
        return (self.sockets,)

    @property
    def everything(self) -> tuple[Path, ...]:
        """What goes when nothing is to be kept: first this, then what else is empty."""
        return (self.sockets, self.folder)

    @property
    def above(self) -> tuple[Path, ...]:
        """The folders above, which go with the last server in them."""
        return (self.folder.parent, self.asked_for / NOTE, self.asked_for)


@contextmanager
def open_home(folder: Path, name: str) -> Iterator[Home]:
    """Make, hold and clear up the home of one server below ``folder``.

    Raises:
        FolderUnusable: it cannot be made or written; DiskFull says why.
        FolderHeld: servers of another process run on it.
    """
    asked_for = folder.absolute()
    account = choose_account(asked_for / SERVERS)
    with translated(asked_for):
        home = _reachable(asked_for, account) / name
        account.make_folder(home)
        lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with translated(asked_for):
            _hold(lock, asked_for)
            sockets = _socket_folder(home, account)
        try:
            yield Home(asked_for, home, sockets, account, lock)
        finally:
            shutil.rmtree(sockets, ignore_errors=True)
    finally:
        os.close(lock)


def _reachable(asked_for: Path, account: Account) -> Path:
    """Return the folder ``servers`` in there, or as root a folder of the system where the account can go.

    That one is named by an id which stays in the folder asked for: a checkout that moves keeps its data, and one that
    is removed and made again starts anew.
    """
    asked_for.mkdir(mode=0o711, parents=True, exist_ok=True)
    top = asked_for / SERVERS
    if account.reaches(top):
        account.make_folder(top)
        return top
    note = asked_for / NOTE
    with suppress(FileNotFoundError):
        noted = Path(note.read_text().strip())
        # Whoever may write the note must not lead root to any other folder.
        if noted.parent in SYSTEM_FOLDERS and noted.name.startswith(PREFIX) and noted.is_dir():
            account.make_folder(noted)
            return noted
    for parent in SYSTEM_FOLDERS:
        elsewhere = parent / f"{PREFIX}{uuid4().hex[:12]}"
        if account.reaches(elsewhere) and os.access(parent, os.W_OK):
            account.make_folder(elsewhere)
            note.write_text(f"{elsewhere}\n")
            return elsewhere
    raise PermissionError(errno.EACCES, "the account of the servers can pass to no folder for data", str(asked_for))


def _hold(lock: int, asked_for: Path) -> None:
    """Lock, or wait for the guards of a killed holder: they keep its lock until its servers have ended."""
    deadline = time.monotonic() + GUARDS_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode().strip()
            if (holder.isdigit() and is_alive(int(holder))) or time.monotonic() > deadline:
                raise FolderHeld(
                    f"Another rekkrd (process {holder or 'unknown'}) runs servers on {asked_for}.",
                    f"End it with Ctrl-C where it runs. {ELSEWHERE}",
                ) from None
            time.sleep(0.05)
        else:
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            return


def _socket_folder(home: Path, account: Account) -> Path:
    """Return a private folder whose path can be a socket's and an address's. A link in ``home`` finds it again."""
    inside = home / "run"
    if inside.is_symlink():
        _remove_earlier(inside.readlink(), account)
        inside.unlink()
    shutil.rmtree(inside, ignore_errors=True)
    # A comma parts hosts in an address of PostgreSQL, and nothing can quote it there.
    if len(os.fsencode(inside)) + LONGEST_NAME <= LONGEST_SOCKET_PATH and "," not in str(inside):
        account.make_folder(inside)
        return inside
    for parent in (tempfile.gettempdir(), *map(str, reversed(SYSTEM_FOLDERS))):
        name = f"{PREFIX}{hashlib.sha256(os.fsencode(home)).hexdigest()[:8]}-"
        if account.reaches(Path(parent, name)) and len(parent) + len(name) + 8 + LONGEST_NAME < LONGEST_SOCKET_PATH:
            short = Path(tempfile.mkdtemp(prefix=name, dir=parent))
            account.own(short)
            inside.symlink_to(short)
            return short
    raise OSError(
        errno.ENAMETOOLONG, "its path is too long for a socket, and so is every folder for temporary files", str(home)
    )


def _remove_earlier(short: Path, account: Account) -> None:
    """Remove what a killed run left among the temporary files, if it is a folder of ours."""
    with suppress(FileNotFoundError):
        if short.name.startswith(PREFIX) and short.lstat().st_uid == account.uid and not short.is_symlink():
            shutil.rmtree(short)
