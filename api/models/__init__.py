"""What goes over the wire, as pydantic models: the OpenAPI document is made of these."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints


def _in_utc(moment: datetime) -> datetime:
    """Say a moment in UTC; the first and the last hours of all have none."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("it lies outside of time") from None


Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class Model(BaseModel):
    """Frozen, and nothing unknown is let in: a misspelt key is told, not passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid")
