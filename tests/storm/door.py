"""Collectors who keep the fleet busy through a storm: each imports collection and wantlist, some change their mind."""

import threading
from collections.abc import Sequence
from random import Random

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST
from db import jobs
from db.errors import MayBeRetried
from db.pool import Pool
from tests.journeys.fleet import Person
from tests.new_jobs import enqueue

KINDS = (IMPORT_COLLECTION, IMPORT_WANTLIST)
LOOK_SECONDS = 0.2
TIMEOUT_SECONDS = 2.0

LIVE = (
    "SELECT count(*) AS live FROM rekkrd.jobs WHERE state IN ('pending', 'running', 'retrying')"
    " AND due_at < now() + interval '1 day'"  # not the price refresh that stands still
)
OWED = """
    SELECT DISTINCT ON (j.user_id, j.kind) j.user_id, j.state
    FROM rekkrd.jobs AS j
    WHERE j.due_at < now() + interval '1 day'
    ORDER BY j.user_id, j.kind, j.created_at DESC, j.id DESC
"""


class Door:
    """A thread that enqueues through the same lossy line as everybody; what it does not know it asks again."""

    def __init__(self, url: str, people: Sequence[Person], *, busy: int, rng: Random) -> None:
        self._pool = Pool(url, size=1, timeout_seconds=TIMEOUT_SECONDS)
        self._people = people
        self._busy = busy
        self._rng = rng
        self._to_cancel = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="door", daemon=True)
        self.begun: list[Person] = []
        self.cancelled = 0
        self.tried_again = 0
        self.error: BaseException | None = None

    def open(self) -> None:
        """Let people in."""
        self._thread.start()

    def shut(self) -> None:
        """Let nobody in any more; raise what went wrong here, if anything did."""
        self._is_over.set()
        self._thread.join()
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """End the thread, whatever happened, and go."""
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.close()

    def cancel_one(self) -> None:
        """Have somebody cancel an import that lives."""
        self._to_cancel += 1

    def finish(self) -> bool:
        """Import once more what was cancelled; True when everything that began has been brought over."""
        with self._pool.transaction() as conn:
            newest = conn.execute(OWED).fetchall()
            for user_id in {row["user_id"] for row in newest if row["state"] == "cancelled"}:
                for kind in KINDS:
                    enqueue(conn, kind, user_id)
        return all(row["state"] in {"completed", "failed"} for row in newest)

    def _run(self) -> None:
        try:
            while not self._is_over.wait(LOOK_SECONDS):
                try:
                    self._serve()
                except MayBeRetried:
                    self.tried_again += 1
        except BaseException as error:  # noqa: BLE001  raised again by shut, in the thread of whoever judges
            self.error = error

    def _serve(self) -> None:
        with self._pool.transaction() as conn:
            row = conn.execute(LIVE).fetchone()
        assert row is not None
        if row["live"] <= self._busy - len(KINDS):
            self._begin()
        if self._to_cancel:
            self._cancel()

    def _begin(self) -> None:
        """Start both imports of the next person, in one transaction; after everybody, of anybody again."""
        person = self._people[len(self.begun)] if len(self.begun) < len(self._people) else None
        with self._pool.transaction() as conn:
            for kind in KINDS:
                enqueue(conn, kind, (person or self._rng.choice(self._people)).user_id)
        if person is not None:
            self.begun.append(person)

    def _cancel(self) -> None:
        with self._pool.transaction() as conn:
            live = conn.execute(
                "SELECT id FROM rekkrd.jobs WHERE state IN ('running', 'retrying') AND cancel_requested_at IS NULL "
                "ORDER BY created_at, id LIMIT 1"
            ).fetchone()
            if live is None:
                return
            jobs.cancel(conn, live["id"])
        self._to_cancel -= 1
        self.cancelled += 1
