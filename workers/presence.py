"""A worker's sign of life in the ledger, every few seconds: who it is, what it knows, and whether it takes work."""

import hashlib
import json
import platform
from collections.abc import Callable, Iterable
from importlib.metadata import version as release_of
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import structlog

from db import fleet, presence
from db.errors import DatabaseError
from db.fleet import SignOfLife
from db.pool import Pool
from workers.kinds import Kind

log = structlog.get_logger(__name__)

SIGN_SECONDS = fleet.GONE_AFTER.total_seconds() / 4
BEGINNING_SECONDS = 1.0  # until everything has begun: whoever waits for this worker need not wait for the second sign


class Presence:
    """One thread a worker process. A worker that cannot reach the ledger is as good as gone, and looks so."""

    def __init__(self, pool: Pool, sign: Callable[[], SignOfLife]) -> None:
        self._pool = pool
        self._sign = sign
        self._end = Event()
        self._thread = Thread(target=self._run, name="presence", daemon=True)

    def start(self) -> None:
        """Say for the first time that this worker is there, and go on saying it."""
        self._thread.start()

    def stop(self) -> None:
        """Take the name out of the ledger: a clean end is no death. One try, for the process wants to end."""
        self._end.set()
        self._thread.join()
        try:
            with self._pool.transaction() as conn:
                name = self._sign().name
                fleet.remove(conn, name)
                presence.remove(conn, name)
        except DatabaseError as error:
            log.warning("worker_not_removed", error=str(error))

    def _run(self) -> None:
        while not self._end.wait(self._say()):
            pass

    def _say(self) -> float:
        """Give one sign of life; return the seconds until the next one."""
        try:
            sign = self._sign()
            with self._pool.transaction() as conn:
                fleet.keep(conn, sign)
        except DatabaseError as error:
            log.warning("sign_of_life_not_stored", error=str(error))
        except Exception:
            # The thread outlives its errors: without it a healthy worker would pass for dead.
            log.exception("sign_of_life_not_stored")
        else:
            if sign.looked_ago is None or sign.asked_ago is None:
                return BEGINNING_SECONDS
        return SIGN_SECONDS


def this_host() -> str:
    """Name this machine as its workers do."""
    return platform.node() or "unnamed"


def new_incarnation() -> str:
    """Return a random identifier for one start of a worker process."""
    return uuid4().hex[:12]


def name_of(pid: int, incarnation: str) -> str:
    """Return the name of a worker process of this machine, under which it holds leases."""
    return f"{this_host()}:{pid}:{incarnation}"


def version_of(kinds: Iterable[Kind[Any, Any]]) -> str:
    """Name a worker's code: its release, and behind the + a digest of the kinds it knows and of their schemas.

    Two builds of one release differ in it as soon as one of them cannot read what the other stores.
    """
    schemas = {kind.name: [kind.arguments.model_json_schema(), kind.checkpoint.model_json_schema()] for kind in kinds}
    digest = hashlib.sha256(json.dumps(schemas, sort_keys=True).encode()).hexdigest()
    return f"{release_of('rekkrd-workers')}+{digest[:8]}"
