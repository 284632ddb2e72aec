"""What goes over the wire, as pydantic models: the OpenAPI document is made of these."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints, model_validator


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

    @model_validator(mode="before")
    @classmethod
    def _refuse_nul(cls, given: Any) -> Any:
        """Refuse what no PostgreSQL can keep where it comes in, wherever in the body it stands."""
        if _has_nul(given):
            raise ValueError("a NUL sign cannot be kept; leave it out")
        return given


def _has_nul(given: Any) -> bool:
    if isinstance(given, str):
        return "\0" in given
    if isinstance(given, dict):
        return any(_has_nul(part) for pair in given.items() for part in pair)
    return isinstance(given, list) and any(map(_has_nul, given))
