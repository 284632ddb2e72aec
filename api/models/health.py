"""Whether a process can do its work."""

from typing import Literal

from pydantic import Field

from api.models import Model


class Readiness(Model):
    """Whether work is being done: what is missing stands in the list, one thing a sentence."""

    status: Literal["ready", "not ready"]
    missing: list[str] = Field(examples=[["No worker consumes the lane import."]])


class Health(Model):
    """Whether this process can do its work."""

    status: Literal["ok", "degraded", "away"]
    database: Literal["ok", "away"]
    redis: Literal["ok", "away"] = Field(
        description="Without Redis nothing is sent to Discogs; jobs are taken all the same, and go on later."
    )
