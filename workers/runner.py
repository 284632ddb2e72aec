"""How a step runs, whatever the job: claimed, fetched, stored with its checkpoint, or put back with the reason."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError

from db import Connection, fleet, links, steps, usage
from db.errors import MayBeRetried, SealBroken
from db.jobs import NOBODY
from db.jobs import Job as JobRow
from db.links import Account
from discogs.client import Discogs
from discogs.errors import ApplicationRejected, DiscogsError, Unauthorised, Unavailable
from workers.decide import CRASHES_BEFORE_ALONE
from workers.errors import JobFailed, Misfit, StepLost
from workers.hand import Hand, in_transaction
from workers.job_log import Notes, taking_notes
from workers.kinds import Continue, Done, Job, Outcome, Progress, Step
from workers.leases import Lease, LeaseKeeper
from workers.limiter.errors import GaveUp
from workers.limiter.lanes import Lane
from workers.misfits import Misfits
from workers.presence import version_of
from workers.resources import Resources
from workers.settings import EngineSettings
from workers.settling import settle
from workers.solo import Solo
from workers.tokens import LaneBudget

log = structlog.get_logger(__name__)

MISFIT_SECONDS = 3600.0  # a deploy is over by then
RENEWAL_SECONDS = 0.5  # that a permit waits for the leases: it expires soon
CLAIM_LOCK_SECONDS = 1.0  # a step whose row stays locked is dispatched again later; its thread takes another one


class Runner:
    """Runs the steps of one worker process; thread-safe."""

    def __init__(
        self,
        resources: Resources,
        jobs: Mapping[str, Job[Any, Any, Any]],
        leases: LeaseKeeper,
        *,
        worker: str,
    ) -> None:
        self._resources = resources
        self._settings: EngineSettings = resources.settings.engine
        self._jobs = jobs
        self._leases = leases
        self._worker = worker
        self._version = version_of(job.kind for job in jobs.values())
        self._misfits = Misfits()
        # As long as a step may go on writing: past both, its lease is over.
        self._solo = Solo(patience=self._settings.step_deadline_seconds + self._settings.lease_seconds)

    def run(self, job_id: str, crashes: int) -> None:
        """Run one step of the job that was called up. Never raises: what went wrong stands in the ledger."""
        place = self._solo.alone() if crashes >= CRASHES_BEFORE_ALONE else self._solo.beside_others()
        try:
            with place:
                self._run(UUID(job_id))
        except MayBeRetried as error:
            # Nothing can be said in the ledger now. The call or the lease runs out, and the step is called up again.
            log.warning("step_dropped", job_id=job_id, error=str(error))
        except StepLost:
            log.warning("step_lost", job_id=job_id)
        except Exception:
            # What became of the step could not be written: its lease runs out, and it counts as a crash.
            log.exception("step_not_settled", job_id=job_id)
        finally:
            structlog.contextvars.clear_contextvars()

    def _run(self, job_id: UUID) -> None:
        if not self._leases.wait_until_renewed(self._settings.call_seconds):
            return  # its dispatch has expired meanwhile
        with self._resources.pool.transaction(lock_seconds=CLAIM_LOCK_SECONDS) as conn:
            row = steps.claim(conn, job_id, worker=self._worker, lease_seconds=self._settings.lease_seconds)
        if row is None:
            return
        claimed = time.monotonic()
        structlog.contextvars.bind_contextvars(job_id=str(row.id), kind=row.kind, user_id=str(row.user_id))
        with taking_notes() as notes, self._leases.hold(row) as lease:
            hand = Hand(row, lease, self._budget(row, lease, notes), notes)
            try:
                ended = self._take_step(hand)
            except StepLost:
                raise
            except Exception as error:  # noqa: BLE001  the engine's outermost layer: a job's bug must not end the thread
                ended = settle(self._resources, hand, error)
        self._resources.figures.step_ended(row, ended, time.monotonic() - claimed)

    def _take_step(self, hand: Hand) -> JobRow:
        row, budget = hand.row, hand.budget
        job = self._jobs[row.kind]
        if row.speaks_for_user:
            hand.account = self._account(row)
        step = self._step(hand, job)
        log.debug("step_began", fence=row.fence)
        result = self._fetched(hand, job, step)

        def store(conn: Connection, locked: JobRow) -> JobRow:
            outcome = job.store(conn, step, result)
            if isinstance(outcome, Done) and job.kind.is_import:
                usage.add_import(conn, row.user_id)
            return _record(conn, locked, outcome, requests=budget.requests)

        ended = in_transaction(self._resources.pool, hand, store)
        log.info(
            "step_ended",
            state=ended.state,
            processed=ended.processed_records,
            total=ended.total_records,
            requests=budget.requests,
        )
        return ended

    def _fetched(self, hand: Hand, job: Job[Any, Any, Any], step: Step[Any, Any]) -> Any:
        """What Discogs says, where two of its words are looked at twice before they are believed.

        Nobody has recorded how a withdrawn OAuth token is answered, and one must not stop everybody: our own
        key is tried by itself. A signature that Discogs took amiss makes us a stranger, whom a private collection
        answers 403: who we are is asked before the collector is sent to connect again.
        """
        try:
            return job.fetch(step)
        except Unauthorised as refused:
            if hand.account is None or refused.status != 403:
                raise
            self._look_again(hand, hand.account, refused)
            raise Unavailable(
                "Discogs took us for a stranger, though it knows who we are.", status=403, endpoint=refused.endpoint
            ) from refused
        except ApplicationRejected as refused:
            if hand.account is None:
                raise
            # A key that is good by itself is told that nobody signed in: Unauthorised, in the collector's own words.
            self._look_again(hand, None, refused)
            raise

    def _look_again(self, hand: Hand, account: Account | None, refused: DiscogsError) -> None:
        """Ask who we are. Without time or a token the refusal counts as an attempt, or it would be bought for ever."""
        unlooked = Unavailable(str(refused), status=refused.status, endpoint=refused.endpoint)
        if hand.lease.deadline - time.monotonic() < self._resources.settings.discogs.deadline_seconds:
            raise unlooked from refused
        try:
            self._resources.discogs(account, hand.budget).identity()
        except GaveUp as error:
            raise unlooked from error

    def _step(self, hand: Hand, job: Job[Any, Any, Any]) -> Step[Any, Any]:
        row = hand.row
        try:
            arguments = job.kind.arguments.model_validate(row.args)
            checkpoint = job.kind.checkpoint.model_validate(row.checkpoint)
        except ValidationError as error:
            raise self._misfit(row, error) from error
        return Step(
            job_id=row.id,
            user_id=row.user_id,
            arguments=arguments,
            checkpoint=checkpoint,
            progress=Progress(row.processed_records, row.skipped_records, row.total_records),
            discogs=self._resources.discogs(hand.account, hand.budget),
            account=hand.account,
            is_repeated=row.crashes > 0 or row.attempts > 0,
            discogs_of=partial(self._discogs_of, hand.budget),
        )

    def _discogs_of(self, budget: LaneBudget, user_id: UUID) -> Discogs | None:
        """Return a client for a connected user whose token can be decrypted, or for the operator (NOBODY)."""
        if user_id == NOBODY:
            return self._resources.discogs_of_operator(budget)
        try:
            with self._resources.pool.transaction() as conn:
                account = links.account(conn, self._resources.keys, user_id)
        except SealBroken as error:
            log.warning("seal_broken", user_id=str(user_id), error=str(error))
            return None
        is_connected = account is not None and account.state == "connected"
        return self._resources.discogs(account, budget) if is_connected else None

    def _misfit(self, row: JobRow, error: ValidationError) -> Exception:
        """Leave the job to a worker of another release while there is one, an hour at most; then it fails."""
        waited = self._misfits.meet(row.id)
        with self._resources.pool.transaction() as conn:
            is_other_there = fleet.has_other_version(conn, self._version)
        if is_other_there and waited < MISFIT_SECONDS:
            return Misfit("What this job has stored does not fit this release; a worker of another one takes it.")
        where = ", ".join(".".join(map(str, one["loc"])) for one in error.errors(include_input=False))
        return JobFailed("Misfit", f"What this job has stored fits no worker that is there (at {where}).")

    def _account(self, row: JobRow) -> Account:
        with self._resources.pool.transaction() as conn:
            account = links.account(conn, self._resources.keys, row.user_id)
        if account is None or account.state != "connected":
            raise JobFailed("NotConnected", "This account is not connected to Discogs: connect it, then import again.")
        return account

    def _budget(self, row: JobRow, lease: Lease, notes: Notes) -> LaneBudget:
        def mark_executing() -> None:
            if not self._leases.wait_until_renewed(RENEWAL_SECONDS):
                raise GaveUp("The presence session has ended, and the leases are not renewed yet.")
            with self._resources.pool.transaction() as conn:
                if not steps.mark_executing(conn, row):
                    raise StepLost

        lane, user = Lane(row.lane), "" if row.user_id == NOBODY else str(row.user_id)
        return LaneBudget(
            self._resources.limiter,
            lane=lane,
            user=user,
            give_up_after=self._settings.token_wait_seconds,
            stop=lease.stop,
            on_grant=mark_executing,
            on_request=partial(self._resources.usage.count_answer, user=user, lane=lane, kind=row.kind),
            on_answer=notes.asked,
        )


def _record(conn: Connection, locked: JobRow, outcome: Outcome, *, requests: int) -> JobRow:
    progress = outcome.progress
    counts = steps.Counts(requests, progress.total, progress.processed, progress.skipped)
    match outcome:
        case Done(sentence, _, last):
            checkpoint = None if last is None else last.model_dump(mode="json")
            return steps.complete(conn, locked, counts, outcome=sentence, checkpoint=checkpoint)
        case Continue(checkpoint, _, takes_token, after):
            return steps.advance(
                conn,
                locked,
                counts,
                checkpoint=checkpoint.model_dump(mode="json"),
                takes_token=takes_token,
                after_seconds=None if after is None else after.total_seconds(),
            )
