"""SQL functions, one per file under sql/functions: replaced after the migrations when a file has changed."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from db import Connection
from db.queries import load

FOLDER = Path(__file__).parent.parent / "sql" / "functions"

_sql = load("functions")


@dataclass(frozen=True, slots=True)
class Function:
    """One file. ``checksum`` is that of its bytes."""

    name: str
    text: str
    checksum: str


def read(folder: Path) -> list[Function]:
    """Return all functions of a folder, by name; none if there is no such folder."""
    return [
        Function(path.stem, path.read_text(encoding="utf-8"), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.glob("*.sql"))
    ]


def changed(conn: Connection, functions: list[Function]) -> list[Function]:
    """Return the functions that this database lacks or has in another form."""
    known = {row["name"]: row["checksum"] for row in _sql.find_all(conn)} if _sql.has_table(conn) else {}
    return [function for function in functions if known.get(function.name) != function.checksum]


def replace(conn: Connection, functions: list[Function]) -> None:
    """Create or replace functions, in the transaction of the caller.

    A file keeps its signature: another signature is a new function, because an old release may still call this one.
    """
    _sql.create_table(conn)
    _sql.prepare(conn)
    for function in functions:
        conn.execute(function.text.encode())
        _sql.record(conn, name=function.name, checksum=function.checksum)
