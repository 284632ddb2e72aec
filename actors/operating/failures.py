"""What to do about a job that failed: for the collector whose job it was, and for the operator; one table."""

from collections.abc import Mapping
from dataclasses import dataclass

from actors.catalog import CATALOG

NOBODYS = "It is no collector's job: nobody waits for it."


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do, a sentence each. ``should_retry`` when the job may be put back once that is done.

    Doors add how it is done there: a command, or a route.
    """

    person: str
    operator: str
    should_retry: bool


_UNFORESEEN = NextStep(
    person="Nothing of yours was changed. Try again later; the operator sees what happened.",
    operator="Nobody foresaw this: report the technical detail, and put the job back once a release mends it.",
    should_retry=True,
)
_OUR_SEALS = NextStep(
    person="Connect the account again, then start it again.",
    operator="If many jobs failed so, set the DISCOGS_OAUTH_ENCRYPTION_KEY with which the tokens were sealed, behind "
    "the present one, and put the jobs back; if one did, its collector connects again.",
    should_retry=True,
)
_DATABASE = NextStep(
    person="Nothing of yours was lost. Try again later; the operator sees what happened.",
    operator="Look whether every migration is applied; if so, report the technical detail. Then put the job back.",
    should_retry=True,
)

# By error class as it stands in the ledger. What is not here nobody foresaw.
NEXT_STEPS: Mapping[str, NextStep] = {
    "Unauthorised": NextStep(
        person="Connect the account again, then start it again.",
        operator="Only its collector can connect the account again; after that the job may be put back.",
        should_retry=True,
    ),
    "NotConnected": NextStep(
        person="Connect the account, then start it again.",
        operator="Only its collector can connect the account; after that the job may be put back.",
        should_retry=True,
    ),
    "AnotherAccount": NextStep(
        person="Connect the account that you mean, then start it anew.",
        operator="Leave it: it belongs to an account that is no longer connected. Its collector starts a new one.",
        should_retry=False,
    ),
    "TierTooLow": NextStep(
        person="Upgrade, then start it again: nothing of yours was changed.",
        operator="The collector's tier does not have this. After an upgrade the job may be put back.",
        should_retry=True,
    ),
    "Gone": NextStep(
        person="Look on discogs.com whether it is still there, and whether your name there changed.",
        operator="Look on discogs.com whether it is still there; the same again ends the same until it is.",
        should_retry=False,
    ),
    "PastEnd": NextStep(
        person="Start it again: the list became shorter in between.",
        operator="Put the job back: the list became shorter in between. If it ends so again, report it.",
        should_retry=True,
    ),
    "SellerSettings": NextStep(
        person="Fill in your seller settings at Discogs, under Settings, then start it again.",
        operator="Only its collector can fill in the seller settings at Discogs; after that the job may be put back.",
        should_retry=True,
    ),
    "Invalid": NextStep(
        person="Mend at Discogs what the sentence names; if it names nothing, tell the operator.",
        operator="Mend what Discogs names; if it names nothing, report it: the same again ends the same.",
        should_retry=False,
    ),
    "Unavailable": NextStep(
        person="Start it again later: it goes on where it stopped.",
        operator="Discogs did not answer for all of its attempts. When it does again, put the jobs back: they go on "
        "where they stopped.",
        should_retry=True,
    ),
    "DiscogsError": _UNFORESEEN,
    "Poison": NextStep(
        person="Nothing of yours was lost. The operator must look at it before it goes on.",
        operator="Read in the workers' own logs how they ended there (memory, a kill, a crash) before you put it "
        "back: it would end three more of them.",
        should_retry=False,
    ),
    "Misfit": NextStep(
        person="Start it anew; if it ends so again, tell the operator.",
        operator="It was stored by another release than the workers that are there. Start one of its release, or "
        "cancel what is of no use any more, then put it back.",
        should_retry=True,
    ),
    "ValidationError": NextStep(
        person="Start it anew; if it ends so again, tell the operator.",
        operator="Arguments, checkpoint or an answer do not read as this release expects. Bring every worker to one "
        "release, then put it back; if it fails again, report the technical detail.",
        should_retry=True,
    ),
    "SealBroken": _OUR_SEALS,
    "WrongKey": _OUR_SEALS,
    "BadKey": _OUR_SEALS,
    "DatabaseError": _DATABASE,
    "StatementRefused": _DATABASE,
    "TextRefused": _DATABASE,
    "DatabaseBusy": NextStep(
        person="Start it again later: it goes on where it stopped.",
        operator="A lock or a statement took longer than REKKRD_DATABASE_TIMEOUT_SECONDS at every attempt. Look what "
        "holds the database up (pg_stat_activity tells), then put the job back.",
        should_retry=True,
    ),
}


def next_step(error_class: str | None, kind: str) -> NextStep:
    """Return what to do about a job of this kind that failed of this."""
    found = NEXT_STEPS.get(error_class or "", _UNFORESEEN)
    known = CATALOG.get(kind)
    if known is not None and not known.speaks_for_user:
        return NextStep(NOBODYS, found.operator, found.should_retry)
    return found
