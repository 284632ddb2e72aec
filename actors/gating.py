"""Nobody gets what their tier lacks: asked at the doors, and again in each step."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from actors.accounts.connect import require_connected
from actors.catalog import PUSH_COLLECTION, PUSH_WANTLIST
from actors.errors import TierTooLow
from db import Connection, users
from db.links import Link
from services.tiers import OFFERS, Feature, tier_of
from workers.errors import JobFailed
from workers.kinds import Job, Kind, Plain, Step

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

    Raises UnknownUser, NotConnected, TierTooLow.
    """
    link = require_connected(conn, user_id)
    for kind in kinds:
        refusal = refusal_of(link.tier, kind)
        if refusal is not None:
            raise refusal
    return link


def refusal_of(tier: str, kind: Kind[Any, Any]) -> TierTooLow | None:
    """Return what to answer when this tier lacks what the kind of job needs."""
    feature = NEEDED.get(kind.name)
    return None if feature is None else lack(tier, feature)


def gated(job: Job[Any, Any, Any]) -> Job[Any, Any, Any]:
    """Return the job with its steps refused to who lacks the tier: it came by SQL, or the tier ended meanwhile."""
    feature = NEEDED.get(job.kind.name)
    if feature is None:
        return job

    def fetch(step: Step[Plain, Plain]) -> Any:
        refusal = None if step.account is None else lack(step.account.tier, feature)
        if refusal is not None:
            raise JobFailed("TierTooLow", f"{refusal} {refusal.next_step}")
        return job.fetch(step)

    return replace(job, fetch=fetch)
