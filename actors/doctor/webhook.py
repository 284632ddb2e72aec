"""Compare the webhook that workers use with the one in this machine's settings."""

from collections.abc import Sequence

from actors.doctor.findings import Finding, fine, warning
from actors.doctor.servers import PATIENCE_SECONDS, database_url
from db import deliveries, fleet
from db import doctor as db
from workers.settings import Settings


def look_at_webhook(settings: Settings) -> list[Finding]:
    """Return one finding: whether all machines use the same webhook."""
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        has_worker = any(worker.is_alive for worker in fleet.workers(conn))
        return [judge_webhook(settings.engine.webhook_url, deliveries.wanted(conn), has_worker=has_worker)]


def judge_webhook(here: str | None, wanted: Sequence[str], *, has_worker: bool) -> Finding:
    """Compare the address set here, if any, with those that get deliveries.

    While a worker is alive the address is in use: turning it off is no remedy for a terminal that lacks the setting.
    """
    others = [url for url in wanted if url != here]
    if here is None and others:
        message = f"Job completions are sent to {', '.join(others)}; REKKRD_WEBHOOK_URL is not set here."
        if has_worker:
            return warning(message, "Set REKKRD_WEBHOOK_URL and REKKRD_WEBHOOK_SECRETS here as for the workers.")
        return warning(
            message, "Start workers with the same REKKRD_WEBHOOK_URL, or stop sending:", "rekkrd webhook off"
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
