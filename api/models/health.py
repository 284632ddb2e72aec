"""Whether a process can do its work."""

from typing import Literal

from pydantic import Field

from api.models import Model


class Health(Model):
    """Whether this process can do its work."""

    status: Literal["ok", "degraded", "away"]
    database: Literal["ok", "away"]
    redis: Literal["ok", "away"] = Field(
        description="Without Redis nothing is sent to Discogs; jobs are taken all the same, and go on later."
    )
