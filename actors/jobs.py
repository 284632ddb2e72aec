"""The kinds of the catalogue with their code, for the worker process alone."""

from datetime import timedelta
from typing import Any

from actors import import_collection, import_wantlist, upkeep
from workers.kinds import Job
from workers.settings import EngineSettings


def jobs_of(settings: EngineSettings) -> tuple[Job[Any, Any, Any], ...]:
    """Return every job, with the times that the settings want."""
    return _jobs(settings.usage_kept_days)


def _jobs(usage_kept_days: int) -> tuple[Job[Any, Any, Any], ...]:
    return (
        import_collection.JOB,
        import_wantlist.JOB,
        upkeep.job(usage_kept=timedelta(days=usage_kept_days)),
    )


JOBS = _jobs(EngineSettings.model_fields["usage_kept_days"].default)  # as they are when nothing is set, for tests
