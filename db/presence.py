"""Presence: the direct session of each worker process, by whose end the others notice its death."""

from dataclasses import dataclass
from uuid import UUID

from db import Connection
from db.jobs import wake_line
from db.queries import load

ANY_CRASHES = 2**31 - 1
SHORTENED_SECONDS = 1.5  # a living worker whose session was cut renews its leases within this

_sql = load("presence")


@dataclass(frozen=True, slots=True)
class Session:
    """A registered session: a worker's name and the process id of its backend."""

    worker: str
    backend_pid: int


def register(conn: Connection, worker: str) -> Session | None:
    """Register this connection's session for a worker; None behind a transaction pooler, where it proves nothing."""
    pid = conn.info.backend_pid
    return Session(worker, pid) if _sql.register(conn, worker=worker, backend_pid=pid) else None


def unregister(conn: Connection, session: Session, *, lease_seconds: float) -> bool:
    """Remove a session, so that its end shortens no lease. True when a dispatcher noticed its end within a lease."""
    noticed = _sql.unregister(conn, worker=session.worker, backend_pid=session.backend_pid, lease_seconds=lease_seconds)
    return bool(noticed)


def find_ended(conn: Connection) -> list[Session]:
    """Return the sessions that have ended without being unregistered, since the server's last start."""
    return [Session(**row) for row in _sql.find_ended(conn)]


def count_sessions(conn: Connection, *, older_than: float) -> int:
    """Count registered sessions that are older than so many seconds."""
    return int(_sql.count_sessions(conn, older_than=older_than))


def shorten_leases(conn: Connection, session: Session, *, crashes: int) -> bool:
    """Let the leases of a worker whose session has ended end within SHORTENED_SECONDS. False if another did.

    Leases of jobs with that many ``crashes`` keep their end. Dispatched steps that nothing has claimed are withdrawn.
    """
    if not _sql.note_end(conn, worker=session.worker, backend_pid=session.backend_pid):
        return False
    _shorten(conn, session.worker, SHORTENED_SECONDS, crashes)
    return True


def report_death(conn: Connection, worker: str) -> None:
    """End the leases of a worker whose death is certain, because its parent process has reaped it."""
    _sql.remove(conn, worker=worker)
    for lane in _shorten(conn, worker, 0.0, ANY_CRASHES):
        wake_line(conn, lane)


def remove(conn: Connection, worker: str) -> None:
    """Remove the session of a worker that ends cleanly."""
    _sql.remove(conn, worker=worker)


def forget_ended(conn: Connection, *, room: int) -> int:
    """Delete at most ``room`` sessions that say nothing any more; return how many."""
    return int(_sql.forget_ended(conn, room=room))


def forgive_crash(conn: Connection, worker: str, job_id: UUID, fence: int) -> bool:
    """Take back the crash that was counted when this worker's step was rescued; False when none was counted."""
    return bool(_sql.forgive_crash(conn, worker=worker, job_id=job_id, fence=fence))


def _shorten(conn: Connection, worker: str, seconds: float, crashes: int) -> set[str]:
    """Shorten leases and extensions, withdraw dispatches; return the queues of the shortened leases."""
    shortened = {row["lane"] for row in _sql.shorten_leases(conn, worker=worker, seconds=seconds, crashes=crashes)}
    _sql.shorten_extensions(conn, worker=worker, seconds=seconds)
    for lane in sorted({row["lane"] for row in _sql.withdraw_dispatches(conn, worker=worker)}):
        wake_line(conn, lane)
    return shortened
