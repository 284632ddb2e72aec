"""Migrations: the files of sql/migrations in order, each once, also when several processes start at the same time."""

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import structlog

from db import Connection, Row, functions, sessions
from db.errors import DatabaseAway, MigrationBlocked, MigrationRefused
from db.pool import connect
from db.queries import load

FOLDER = Path(__file__).parent.parent / "sql" / "migrations"
FUNCTIONS = "SQL functions"  # named after the migrations if a file of sql/functions has changed
NO_TRANSACTION = "-- no transaction"
OLDEST_SERVER = 150_000  # PostgreSQL 15: MERGE, security_invoker, NULLS NOT DISTINCT
LOCK = 0x72656B6B7264  # "rekkrd": the advisory lock of the migrations
APPLICATION = "rekkrd migrate"  # how our sessions are named on the server
CONNECT_SECONDS = 10.0
LOCK_SECONDS = 5.0
LOCK_TRIES = 4  # with a pause as long as the wait in between, in which the app goes on
OTHERS_SECONDS = 600.0  # how long another process may take to finish its migrations
ASK_AGAIN_SECONDS = 0.2
TELL_SECONDS = 1.0  # a wait for another process that takes longer is reported
POOLED = (
    "The migrations' address leads through a transaction pooler, where a session cannot keep its settings. Set "
    "DATABASE_DIRECT_URL to the server's own address, or to a pooler in session mode. Nothing was changed."
)

log = structlog.get_logger()
_sql = load("migrations")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. The checksum is that of its bytes."""

    name: str
    text: str
    checksum: str

    @property
    def has_transaction(self) -> bool:
        """Whether the whole file happens or none of it."""
        return not self.text.startswith(NO_TRANSACTION)


def migrate(
    url: str,
    *,
    folder: Path = FOLDER,
    lock_seconds: float = LOCK_SECONDS,
    others_seconds: float = OTHERS_SECONDS,
    tell: Callable[[str], None] | None = None,
) -> list[str]:
    """Apply missing migrations and return their names. ``tell`` gets a message if another process holds the lock.

    Raises MigrationRefused with a message for people, also when ``url`` leads through a transaction pooler. Raises
    MigrationBlocked, which may be retried, when a table stayed busy: each attempt waits ``lock_seconds`` for it, and
    everything that needs the table next waits behind the migration.
    """
    migrations = _read(folder)
    with _connected(url) as conn:
        if _sql.has_table(conn) and not _missing(conn, migrations) and not _changed_functions(conn, migrations, folder):
            return []
        if sessions.is_pooled(conn, url, timeout_seconds=CONNECT_SECONDS):
            raise MigrationRefused(POOLED)
        with _connected(url) as guard, _locked(guard, others_seconds, tell):
            _sql.create_schema(conn)
            _sql.create_table(conn)
            todo = _missing(conn, migrations)
            for migration in todo:
                sessions.backend(guard)  # fails if the lock was lost with its connection
                _apply(conn, migration, lock_seconds)
                log.info("migration_applied", name=migration.name)
            changed = _changed_functions(conn, migrations, folder)
            if changed:
                sessions.backend(guard)
                _replace_functions(conn, changed)
            if todo or changed:
                _sql.close_schema(conn)
    return [*(migration.name for migration in todo), *([FUNCTIONS] if changed else [])]


def pending(url: str, *, folder: Path = FOLDER) -> list[str]:
    """Return the names of what ``migrate`` would apply, and change nothing."""
    migrations = _read(folder)
    with _connected(url) as conn:
        if not _sql.has_table(conn):
            return [*(migration.name for migration in migrations), *([FUNCTIONS] if _functions(folder) else [])]
        todo = [migration.name for migration in _missing(conn, migrations)]
        return [*todo, *([FUNCTIONS] if _changed_functions(conn, migrations, folder) else [])]


def known(*, folder: Path = FOLDER) -> list[str]:
    """Return the names of all migrations that this code has."""
    return [migration.name for migration in _read(folder)]


def ahead(url: str, *, folder: Path = FOLDER) -> list[str]:
    """Return the names that the database has and this code does not: a newer version runs beside us, or ran before."""
    known = {migration.name for migration in _read(folder)}
    with _connected(url) as conn:
        if not _sql.has_table(conn):
            return []
        return [row["name"] for row in _sql.find_applied(conn) if row["name"] not in known]


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    try:
        with connect(url, timeout_seconds=CONNECT_SECONDS, application=APPLICATION) as conn:
            if conn.info.server_version < OLDEST_SERVER:
                raise MigrationRefused(
                    f"This is PostgreSQL {conn.info.server_version // 10_000}; rekkrd needs 15 or newer. "
                    "Nothing was changed."
                )
            yield conn
    except psycopg.OperationalError as error:
        raise DatabaseAway(f"The database went away, or cannot be reached: {error}.") from None


@contextmanager
def _locked(guard: Connection, patience: float, tell: Callable[[str], None] | None) -> Iterator[None]:
    """Hold the migrations' lock in a transaction of ``guard``, which ends with the connection whatever happens.

    A lock of a session would stay on a pooler's backend. The open transaction has no snapshot between statements, so
    CREATE INDEX CONCURRENTLY does not wait for it. The lock is polled: a wait inside a statement would have a snapshot.
    """
    began = time.monotonic()
    is_told = False
    while True:
        with guard.transaction():
            _sql.keep_transaction(guard)
            if _sql.take_lock(guard, lock=LOCK):
                yield
                return
        waited = time.monotonic() - began
        holder = _sql.find_lock_holder(guard, lock=LOCK)
        if waited >= patience:
            raise MigrationBlocked(
                f"Another process has held the migrations' lock for more than {patience:.0f} s: {_named(holder)}. "
                f"Let it finish, or end it{_ending(holder)}, then start again. Nothing was changed."
            )
        if waited >= TELL_SECONDS and not is_told and holder is not None:
            is_told = True
            log.warning("migration_lock_waits", **holder)
            if tell is not None:
                tell(
                    f"Waiting up to {patience:.0f} s for another process that holds the migrations' lock: "
                    f"{_named(holder)}. Let it finish, or end it{_ending(holder)}."
                )
        time.sleep(ASK_AGAIN_SECONDS)


def _named(holder: Row | None) -> str:
    if holder is None:
        return "its session is not visible"
    return (
        f"session {holder['pid']} ({holder['application_name'] or 'without a name'}, {holder['state'] or 'unknown'} "
        f"for {holder['seconds'] or 0} s)"
    )


def _ending(holder: Row | None) -> str:
    return "" if holder is None else f" with SELECT pg_terminate_backend({holder['pid']})"


def _read(folder: Path) -> list[Migration]:
    files = sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return [
        Migration(path.stem, path.read_text(encoding="utf-8"), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in files
    ]


def _missing(conn: Connection, migrations: list[Migration]) -> list[Migration]:
    applied = {row["name"]: row["checksum"] for row in _sql.find_applied(conn)}
    for migration in migrations:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationRefused(
                f"Migration {migration.name} was applied to this database in another form than the file has now. "
                "An applied migration is never edited: put the file back as it was, and the change into a new one."
            )
    newer = sorted(applied.keys() - {migration.name for migration in migrations})
    if newer:
        # A rolling deploy: the new version migrated, this old one still runs or starts again. Migrations only add.
        log.warning("database_is_ahead", names=newer)
    return [migration for migration in migrations if migration.name not in applied]


def _functions(folder: Path) -> list[functions.Function]:
    return functions.read(folder.parent / functions.FOLDER.name)


def _changed_functions(conn: Connection, migrations: list[Migration], folder: Path) -> list[functions.Function]:
    """Return the functions to replace. None if a newer release has migrated: its functions stay."""
    is_ahead = {row["name"] for row in _sql.find_applied(conn)} - {migration.name for migration in migrations}
    return [] if is_ahead else functions.changed(conn, _functions(folder))


def _replace_functions(conn: Connection, changed: list[functions.Function]) -> None:
    try:
        with conn.transaction():
            functions.replace(conn, changed)
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise MigrationRefused(
            f"The SQL functions were refused: {error.diag.message_primary or error}. "
            f"{_advice(error)}The migrations stay applied."
        ) from None
    log.info("functions_replaced", names=[function.name for function in changed])


def _apply(conn: Connection, migration: Migration, lock_seconds: float) -> None:
    for nth in range(1, LOCK_TRIES + 1):
        try:
            _try(conn, migration, lock_seconds)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if nth == LOCK_TRIES:
                raise MigrationBlocked(
                    f"Migration {migration.name} waited {LOCK_TRIES} times {lock_seconds:g} s for a table that "
                    f"something else holds, and gave up so that the app does not wait behind it. {_holder(conn)}"
                    "Start again at a quieter time; nothing is lost."
                ) from None
            log.warning("migration_waits", name=migration.name, nth=nth)
            time.sleep(lock_seconds)
        else:
            return


def _try(conn: Connection, migration: Migration, lock_seconds: float) -> None:
    try:
        if migration.has_transaction:
            with conn.transaction():
                _sql.prepare_transaction(conn, lock_timeout=_milliseconds(lock_seconds))
                conn.execute(migration.text.encode())
                _sql.record(conn, name=migration.name, checksum=migration.checksum)
        else:
            _apply_piecemeal(conn, migration, lock_seconds)
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise MigrationRefused(
            f"Migration {migration.name} was refused: {error.diag.message_primary or error}. "
            f"{_advice(error)}What was applied before it stays."
        ) from None


def _apply_piecemeal(conn: Connection, migration: Migration, lock_seconds: float) -> None:
    """Run statement by statement, each harmless the second time.

    An index that an interrupted run left invalid goes first: IF NOT EXISTS would take it for a good one, and the
    planner never uses it. What happens CONCURRENTLY waits until every older transaction is over, and nobody waits
    behind it: it may take its time.
    """
    _sql.prepare_session(conn)
    try:
        for statement in _statements(migration.text):
            patience = OTHERS_SECONDS if "CONCURRENTLY" in statement else lock_seconds
            _sql.wait_for_locks(conn, lock_timeout=_milliseconds(patience))
            for row in _sql.find_invalid_indexes(conn):
                if re.search(rf"\b{re.escape(row['name'])}\b", statement):
                    conn.execute(row["removal"].encode())
            conn.execute(statement.encode())
        _sql.record(conn, name=migration.name, checksum=migration.checksum)
    finally:
        if not conn.closed:
            _sql.restore_lock_timeout(conn)
            _sql.restore_statement_timeout(conn)
            _sql.restore_search_path(conn)


def _statements(text: str) -> list[str]:
    """Split at a semicolon that ends its line; files without a transaction hold no function bodies."""
    return [piece.strip() for piece in re.split(r";[ \t]*$", text, flags=re.MULTILINE) if _has_words(piece)]


def _has_words(piece: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("--") for line in piece.splitlines())


def _milliseconds(seconds: float) -> str:
    return f"{int(seconds * 1000)}ms"


def _holder(conn: Connection) -> str:
    row = _sql.find_holder(conn)
    if row is None:
        return ""
    return (
        f"Session {row['pid']} ({row['application_name'] or 'without a name'}, {row['state']}) has held "
        f"{row['relation']} for {row['seconds']} s. "
    )


def _advice(error: psycopg.Error) -> str:
    """Say the hint of the server, or what helps against the refusals that happen on an app's own database."""
    if error.diag.message_hint:
        return f"{error.diag.message_hint.rstrip('.')}. "
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return "Migrations run as the owner of profiles and albums; on Supabase that is the role postgres. "
    if error.diag.message_detail:
        return f"{error.diag.message_detail.rstrip('.')}. "
    return ""
