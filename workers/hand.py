"""What a thread has in hand, and the one way in which what became of it is written: under the step's fence."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from db import Connection, steps, story
from db.errors import DatabaseFull, MayBeRetried
from db.jobs import Job
from db.links import Account
from db.pool import Pool
from workers.errors import StepLost
from workers.job_log import Notes
from workers.leases import Lease
from workers.tokens import LaneBudget

STORE_AGAIN_SECONDS = 0.25  # between two tries to store a result while the database is away


@dataclass(slots=True)
class Hand:
    """A claimed job, its lease, its budget, what it said so far, and the account once it was looked up."""

    row: Job
    lease: Lease
    budget: LaneBudget
    notes: Notes
    account: Account | None = None


def in_transaction(pool: Pool, hand: Hand, store: Callable[[Connection, Job], Job], *, has_failed: bool = False) -> Job:
    """Store what the step brought, with its story; again while the database is away, for the request is spent.

    Raises StepLost when somebody else has the job by now.
    """
    while True:
        try:
            with hand.notes.of_one_try(), pool.transaction() as conn:
                locked = steps.lock(conn, hand.row)
                if locked is None:
                    raise StepLost
                ended = store(conn, locked)
                _tell(conn, hand, locked, ended, has_failed=has_failed)
                return ended
        except MayBeRetried as error:
            hand.lease.store_error = str(error) if isinstance(error, DatabaseFull) else None
            if hand.lease.is_lost or time.monotonic() > hand.lease.deadline:
                raise
            time.sleep(STORE_AGAIN_SECONDS)


def _tell(conn: Connection, hand: Hand, locked: Job, ended: Job, *, has_failed: bool) -> None:
    """Write the story of the step; one that simply goes on, asked nothing and said nothing costs no statement."""
    story.add_requests(conn, locked.id, hand.notes.requests)
    story.add_lines(conn, locked, hand.notes.lines)
    story.end_attempt(conn, locked, ended, requests=hand.budget.requests, has_failed=has_failed)
