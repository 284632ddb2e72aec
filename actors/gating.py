"""Checks of a job before it starts, at every entry point and again in each step: tier, and pause of the sync."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from actors.accounts.connect import require_connected
from actors.catalog import PUSH_COLLECTION, PUSH_WANTLIST
from actors.errors import TierTooLow
from db import Connection, links, users
from db.links import Link
from services.sync import pause
from services.tiers import OFFERS, Feature, tier_of
from workers.errors import JobFailed
from workers.kinds import Job, Kind, Outcome, Plain, Step

# Kinds of jobs that a tier may lack; what is not here every tier has.
NEEDED: Mapping[str, Feature] = {PUSH_COLLECTION.name: Feature.SYNC, PUSH_WANTLIST.name: Feature.SYNC}


def lack(tier: str, feature: Feature) -> TierTooLow | None:
    """Return what to answer when this tier lacks the feature, None when it has it."""
    has = tier_of(tier)
    if has.has(feature):
        return None
    offer = OFFERS[feature]
    return TierTooLow(
        f"{offer.words}: that begins with the {offer.least.capitalize()} tier, and this is {has.capitalize()}.",
        f"Upgrade to {offer.least.capitalize()}.",
    )


def require(conn: Connection, user_id: UUID, feature: Feature) -> None:
    """Let a user pass whose tier has the feature. Raises UnknownUser, TierTooLow."""
    refusal = lack(users.find(conn, user_id).tier, feature)
    if refusal is not None:
        raise refusal


def admit(conn: Connection, user_id: UUID, *kinds: Kind[Any, Any]) -> Link:
    """Let a user pass who is connected and may have jobs of these kinds; their connection.

    Raises UnknownUser, NotConnected, TierTooLow, SyncPaused.
    """
    link = require_connected(conn, user_id)
    for kind in kinds:
        refusal = refusal_of(link.tier, kind) or pause.refusal_of(link, kind.name)
        if refusal is not None:
            raise refusal
    return link


def refusal_of(tier: str, kind: Kind[Any, Any]) -> TierTooLow | None:
    """Return what to answer when this tier lacks what the kind of job needs."""
    feature = NEEDED.get(kind.name)
    return None if feature is None else lack(tier, feature)


def gated(job: Job[Any, Any, Any]) -> Job[Any, Any, Any]:
    """Return the job with its steps refused without the tier, or while the sync is paused.

    Both can change after the job was enqueued, and a row can be added without any entry point.
    """
    feature, may_pause = NEEDED.get(job.kind.name), job.kind.name in pause.SYNC_KINDS
    if feature is None and not may_pause:
        return job

    def fetch(step: Step[Plain, Plain]) -> Any:
        account = step.account
        lacking = None if account is None or feature is None else lack(account.tier, feature)
        refusal = lacking or pause.refusal_of(account, job.kind.name)
        if refusal is not None:
            raise JobFailed(type(refusal).__name__, f"{refusal} {refusal.next_step}")
        return job.fetch(step)

    def store(conn: Connection, step: Step[Plain, Plain], fetched: Any) -> Outcome:
        # An answer that was requested before the undo began would bring back what it removes. A push stores the answer
        # to a change that was sent, whatever happened meanwhile: its next step is refused.
        refusal = pause.refusal_of(links.link(conn, step.user_id), job.kind.name)
        if refusal is not None:
            raise JobFailed(type(refusal).__name__, f"{refusal} {refusal.next_step}")
        return job.store(conn, step, fetched)

    is_import = may_pause and job.kind not in (PUSH_COLLECTION, PUSH_WANTLIST)
    return replace(job, fetch=fetch, store=store if is_import else job.store)
