"""The kinds of the catalogue with their code, for the worker process alone."""

from typing import Any

from actors import import_collection, import_wantlist, upkeep
from workers.kinds import Job

JOBS: tuple[Job[Any, Any, Any], ...] = (import_collection.JOB, import_wantlist.JOB, upkeep.JOB)
