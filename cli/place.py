"""The data folder of `rekkrd up`: its lock, the files in it, and the development key."""

import base64
import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.errors import AlreadyRunning, BrokenKey, FolderRefused
from db.errors import BadKey
from db.sealing import Keys

# A command that looks whether we run holds the lock for an instant: that must not pass for another `up`.
LOCK_TRIES = 4
LOCK_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Place:
    """A data folder."""

    folder: Path

    @property
    def lock(self) -> Path:
        return self.folder / "up.lock"

    def stored(self, group: str | None = None) -> Path:
        """Return the file of a running `up`'s settings: those of one group, or all that are in none."""
        return self.folder / (f"running.{group}.env" if group else "running.env")

    @property
    def key(self) -> Path:
        return self.folder / "encryption.key"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"


@contextmanager
def hold(place: Place) -> Iterator[None]:
    """Make the folder if need be, and hold it. The lock is the kernel's: it ends with us, however we end.

    Raises:
        FolderRefused: it cannot be made or written to.
        AlreadyRunning: another `up` holds it.
    """
    try:
        # Passable, for the servers run under another user when we are root; what is private inside is so by itself.
        place.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FolderRefused(
            f"The data folder {place.folder.resolve()} cannot be used: {error.strerror}.",
            "Set REKKRD_DATA_DIR to a folder that you may write to.",
        ) from None
    try:
        _take(lock, place)
        try:
            yield
        finally:
            for stored in place.folder.glob("running*.env"):
                stored.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _take(lock: int, place: Place) -> None:
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE_SECONDS)
        else:
            return
    raise AlreadyRunning(
        f"rekkrd is up already in {place.folder}.",
        "Use it from here (`rekkrd jobs`, `rekkrd users`), end it with Ctrl-C where it runs, "
        "or set REKKRD_DATA_DIR to another folder.",
    )


def is_held(place: Place) -> bool:
    """Whether an `up` runs on this folder now; what a killed one left behind does not count."""
    try:
        lock = os.open(place.lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(lock)


def development_key(place: Place) -> tuple[str, bool]:
    """Return the key that encrypts stored tokens on this machine, and True if it was made just now.

    Raises BrokenKey: the file is there and holds no key. A new key would make every stored token unreadable.
    """
    if place.key.exists():
        key = place.key.read_text(encoding="ascii", errors="replace").strip()
        try:
            Keys.parse(key)
        except BadKey:
            raise BrokenKey(
                f"{place.key.resolve()} holds no encryption key, and stored Discogs tokens open with that key only.",
                "Restore the file from a backup. If there is none, remove it: `rekkrd up` then makes a new key, and "
                "every user connects Discogs again.",
            ) from None
        return key, False
    key = new_key()
    write_private(place.key, key + "\n")
    return key, True


def new_key() -> str:
    """Make an AES-256 key, in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def write_private(path: Path, text: str) -> None:
    """Write all of a file or nothing, readable by its owner only."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
