"""Whether the webhook that the fleet tells is the one that this machine's settings name."""

from collections.abc import Sequence

from actors.doctor.findings import Finding, fine, warning
from actors.doctor.servers import PATIENCE_SECONDS, database_url
from db import deliveries
from db import doctor as db
from workers.settings import Settings


def look_at_webhook(settings: Settings) -> list[Finding]:
    """Whether all machines mean the same webhook."""
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        return [judge_webhook(settings.engine.webhook_url, deliveries.wanted(conn))]


def judge_webhook(here: str | None, wanted: Sequence[str]) -> Finding:
    """Judge the address set here, if any, beside those for which ends of jobs leave deliveries."""
    others = [url for url in wanted if url != here]
    if here is None and others:
        return warning(
            f"Ends of jobs are told to {', '.join(others)}, which REKKRD_WEBHOOK_URL here does not name.",
            "Set it for every worker alike; or, when nobody shall be told any more:",
            "rekkrd webhook off",
        )
    if here is None:
        return fine("None is set.")
    if others:
        return warning(
            f"REKKRD_WEBHOOK_URL here is {here}, and a worker elsewhere has {', '.join(others)}.",
            "Set the same for every worker, and restart those that have the other: the last to start decides.",
            "rekkrd workers",
        )
    if not wanted:
        return warning(
            f"REKKRD_WEBHOOK_URL is {here}, and no worker knows it: ends of jobs are told to nobody.",
            "Start a worker with it.",
            "rekkrd worker",
        )
    return fine(f"Ends of jobs are told to {here}.")
