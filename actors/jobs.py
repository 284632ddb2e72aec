"""The kinds of the catalogue with their code, for the worker process alone."""

from datetime import timedelta
from typing import Any

from actors.accounts import forget_collection
from actors.gating import gated
from actors.importing import import_collection, import_wantlist, refresh_collection
from actors.market import check_alerts, exchange, read_shops, refresh_prices, snapshots
from actors.operating import upkeep
from actors.pushing import push_changes, push_collection, push_wantlist
from actors.scheduling import nightly
from actors.syncing import preview_sync, undo_sync
from workers.kinds import Job
from workers.settings import EngineSettings


def jobs_of(settings: EngineSettings) -> tuple[Job[Any, Any, Any], ...]:
    """Return every job, with the times that the settings want."""
    kept = upkeep.Kept(
        usage=timedelta(days=settings.usage_kept_days),
        jobs=timedelta(days=settings.jobs_kept_days),
        failed=timedelta(days=settings.failed_kept_days),
        floors=timedelta(days=settings.floors_kept_days),
    )
    return tuple(map(gated, _jobs(kept)))


def _jobs(kept: upkeep.Kept) -> tuple[Job[Any, Any, Any], ...]:
    return (
        import_collection.JOB,
        import_wantlist.JOB,
        refresh_collection.JOB,
        push_collection.JOB,
        push_wantlist.JOB,
        preview_sync.JOB,
        undo_sync.JOB,
        forget_collection.JOB,
        upkeep.job(kept),
        nightly.JOB,
        push_changes.JOB,
        refresh_prices.JOB,
        check_alerts.JOB,
        exchange.JOB,
        read_shops.JOB,
        snapshots.JOB,
    )


JOBS = jobs_of(EngineSettings.model_construct())  # as they are when nothing is set, for tests
