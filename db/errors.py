"""What can go wrong with what we remember.

DatabaseError
├── MayBeRetried            nothing was stored, or nobody knows: the same work may be done again
│   ├── DatabaseAway        not reachable, shut down in between, or no connection was free in time
│   │   ├── CommitUnknown   went away during COMMIT: compare-and-set tells on the next try
│   │   └── DatabaseReadOnly    answers, but refuses writes
│   ├── DatabaseBusy        a lock, a deadlock or a statement took too long
│   └── DatabaseFull        disk, memory or connections are used up
├── StatementRefused        a constraint or type said no: a bug of ours, or data nobody foresaw
│   └── TextRefused         a text has a NUL character, or is not encodable as UTF-8
├── MigrationRefused        the migrations stopped, and the sentence says what to do
│   └── MigrationBlocked    a busy table: nothing changed, try again at a quieter time
├── SealBroken              a stored secret does not open: changed, moved to another owner, or cut off
│   └── WrongKey            sealed with a key that is not among ours
├── BadKey                  DISCOGS_OAUTH_ENCRYPTION_KEY cannot be read
├── EnqueueRefused          a job was not enqueued, and the transaction is aborted (RK…: the SQLSTATE)
│   ├── UnknownKind         RK001: there is no such kind of job
│   ├── ArgumentsRefused    RK002: the arguments do not fit the schema of the kind
│   ├── UnknownJobUser      RK003: there is no such user; also an UnknownUser
│   ├── NotConnected        RK004: the user has no Discogs account connected
│   ├── SyncIsPaused        RK006: a sync of the user was undone, and the user has not chosen how to go on
│   └── OutOfBounds         RK005: run_at, priority or if_live is out of bounds
├── UnknownUser             nobody goes by that name
│   └── AmbiguousUser       more than one does
└── HandshakeRefused        an OAuth hand-shake cannot end here
    ├── HandshakeUnknown    we did not begin it, or it was cleared away
    ├── HandshakeExpired    too late
    ├── HandshakeUsed       it was finished before
    ├── HandshakeForeign    another user began it
    └── HandshakeElsewhere  another browser began it
"""

import psycopg
from psycopg import errors as pg


class DatabaseError(Exception):
    """Ancestor of everything below."""


class MayBeRetried(DatabaseError):
    """Nothing was stored, or nobody knows: the same work may be done again."""


class DatabaseAway(MayBeRetried):
    """PostgreSQL cannot be reached, went away in between, or no connection was free in time."""


class CommitUnknown(DatabaseAway):
    """The connection broke during COMMIT: it may have happened."""


class DatabaseReadOnly(DatabaseAway):
    """PostgreSQL answers, but refuses writes: a replica, or ``default_transaction_read_only``."""


class DatabaseBusy(MayBeRetried):
    """A lock, a deadlock or a statement took longer than allowed."""


class DatabaseFull(MayBeRetried):
    """The server ran out of disk, memory or connections."""


class StatementRefused(DatabaseError):
    """A constraint or a type said no. The values stay out of the message: it may reach a log."""

    def __init__(self, sentence: str, *, sqlstate: str | None, constraint: str | None) -> None:
        super().__init__(sentence)
        self.sqlstate = sqlstate
        self.constraint = constraint


class TextRefused(StatementRefused):
    """A text can't be stored: it has a NUL character, or half a surrogate pair."""

    def __init__(self) -> None:
        sentence = "A text has a NUL character or half a surrogate pair, which PostgreSQL can't store."
        super().__init__(sentence, sqlstate=None, constraint=None)


class MigrationRefused(DatabaseError):
    """The migrations stopped; what was applied before stays, the refused one left nothing behind."""


class MigrationBlocked(MigrationRefused, MayBeRetried):
    """Something else holds a table that a migration needs."""


class SealBroken(DatabaseError):
    """A stored secret does not open."""


class WrongKey(SealBroken):
    """A stored secret was sealed with a key that is not among ours."""


class BadKey(DatabaseError):
    """DISCOGS_OAUTH_ENCRYPTION_KEY cannot be read as keys."""


class UnknownUser(DatabaseError):
    """Nobody goes by that handle, id or address."""


class AmbiguousUser(UnknownUser):
    """More than one user goes by that handle or address."""


class EnqueueRefused(DatabaseError):
    """A job was not enqueued. ``code`` is the SQLSTATE that rekkrd.enqueue raises, ``hint`` says what to do."""

    code = ""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint

    @classmethod
    def by_code(cls, code: str | None) -> "type[EnqueueRefused] | None":
        """Return the error of an SQLSTATE, None if it is another one."""
        return next((error for error in cls.__subclasses__() if error.code == code), None)


class UnknownKind(EnqueueRefused):
    """There is no such kind of job."""

    code = "RK001"


class ArgumentsRefused(EnqueueRefused):
    """The arguments do not fit the schema of the kind."""

    code = "RK002"


class UnknownJobUser(EnqueueRefused, UnknownUser):
    """There is no such user."""

    code = "RK003"


class NotConnected(EnqueueRefused):
    """The user has no Discogs account connected, or must connect it again."""

    code = "RK004"


class OutOfBounds(EnqueueRefused):
    """run_at, priority or if_live is out of bounds."""

    code = "RK005"


class SyncIsPaused(EnqueueRefused):
    """A sync of the user was undone, and the user has not chosen how to go on."""

    code = "RK006"


class HandshakeRefused(DatabaseError):
    """An OAuth hand-shake cannot end here; it was not used up by the attempt."""


class HandshakeUnknown(HandshakeRefused):
    """We did not begin it, or it was cleared away."""


class HandshakeExpired(HandshakeRefused):
    """It came back too late."""


class HandshakeUsed(HandshakeRefused):
    """It was finished before."""


class HandshakeForeign(HandshakeRefused):
    """Another user began it."""


class HandshakeElsewhere(HandshakeRefused):
    """Another browser began it."""


_BUSY = (pg.QueryCanceled, pg.LockNotAvailable, pg.DeadlockDetected, pg.SerializationFailure)
# InternalError to psycopg, yet both mean that this server stopped serving us: we slept too long inside a transaction.
_AWAY = (pg.IdleInTransactionSessionTimeout, pg.TransactionTimeout, psycopg.InterfaceError)


def translated(error: psycopg.Error) -> DatabaseError:
    """Say psycopg's error in our words: first what may be retried, then what may not."""
    if isinstance(error, _BUSY):
        return DatabaseBusy(f"The database is busy: {_first_line(error)}. The same work may be done again.")
    if error.sqlstate is not None and error.sqlstate.startswith("53"):
        return DatabaseFull(f"The database server is short of room: {_first_line(error)}. Free some, then try again.")
    if isinstance(error, pg.ReadOnlySqlTransaction):
        return DatabaseReadOnly(f"The database is read-only: {_first_line(error)}. Make it writable again.")
    if isinstance(error, (psycopg.OperationalError, *_AWAY)):
        return DatabaseAway(f"The database is away: {_first_line(error)}.")
    # Without a state psycopg itself refused the value: its only such DataError is about NUL.
    if isinstance(error, (pg.UntranslatableCharacter, pg.CharacterNotInRepertoire)) or (
        isinstance(error, psycopg.DataError) and error.sqlstate is None
    ):
        return TextRefused()
    return StatementRefused(
        f"The database refused a statement ({error.sqlstate}): {_first_line(error)}.",
        sqlstate=error.sqlstate,
        constraint=error.diag.constraint_name,
    )


def _first_line(error: psycopg.Error) -> str:
    """Return the message without DETAIL and CONTEXT: those quote rows, and rows are the collector's."""
    text = error.diag.message_primary or str(error).partition("\n")[0] or type(error).__name__
    return text.rstrip(". ")
