"""Health of a process and of the system."""

from typing import Literal

from pydantic import Field

from api.models import Model
from api.models.causes import CauseOut
from services.operations.facts import DatabaseState
from workers.redis_probe import RedisState


class Readiness(Model):
    """Readiness of the whole system: what is missing, one message each."""

    status: Literal["ready", "not ready"]
    missing: list[str] = Field(examples=[["No running worker takes jobs of queue import."]])
    causes: list[CauseOut] = Field(description="Every cause for which work waits, those of Discogs and operators too.")


class Health(Model):
    """Health of this process: its database and its Redis, each probed with a write."""

    status: Literal["ok", "degraded", "away"]
    database: DatabaseState
    redis: RedisState = Field(description="Without Redis nothing is sent to Discogs; jobs are accepted all the same.")
    causes: list[CauseOut] = Field(description="What is wrong, the first to fix first.")
