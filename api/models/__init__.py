"""Bodies and answers as pydantic models: the OpenAPI document is made of these."""

import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    model_validator,
)

from api.models import json_type

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*")
_WHOLE = re.compile(r"-?\d+", re.ASCII)


def _written_out(given: Any) -> Any:
    """Refuse numbers: pydantic would read them as seconds since 1970."""
    if isinstance(given, datetime) or (isinstance(given, str) and _MOMENT.fullmatch(given)):
        return given
    raise ValueError("must be a time with its zone, such as 2026-12-01T06:30:00Z")


def _in_utc(moment: datetime) -> datetime:
    """Convert to UTC; the first and the last hours of the calendar have no UTC time."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside of the calendar") from None


def _true_or_false(given: Any) -> Any:
    if isinstance(given, bool) or given in ("true", "false"):
        return given
    raise ValueError("must be true or false")


def _digits(given: Any) -> Any:
    if isinstance(given, int) or (isinstance(given, str) and _WHOLE.fullmatch(given)):
        return given
    raise ValueError("must be a whole number")


Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
Flag = Annotated[bool, BeforeValidator(_true_or_false)]  # in queries, where every value is text
Whole = Annotated[int, BeforeValidator(_digits)]  # in queries


class Model(BaseModel):
    """A frozen record that refuses unknown keys, so that a misspelt key is reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Body(Model):
    """The body of a request. JSON types are not converted: a number is not a time, 0 is not false.

    Pydantic's strict mode can't be used: it accepts identifiers, times and enums as strings only in JSON, but FastAPI
    hands over parsed values.
    """

    @model_validator(mode="before")
    @classmethod
    def _refuse_other_types(cls, given: Any) -> Any:
        refuse_unstorable(given)
        if isinstance(given, dict):
            refuse_converted(cls, given)
        return given


def refuse_converted(model: type[BaseModel], given: dict[str, Any]) -> None:
    """Raise ValueError if a value is not of its field's JSON type, although pydantic would convert it."""
    wrong = [
        f"{name} must be {what}"
        for name, field in model.model_fields.items()
        if name in given and (what := json_type.missed(field.annotation, given[name])) is not None
    ]
    if wrong:
        raise ValueError("; ".join(wrong))


def refuse_unstorable(given: Any) -> None:
    """Raise ValueError if a text or number in parsed JSON can't be stored by PostgreSQL."""
    match given:
        case str():
            if "\0" in given or not _is_encodable(given):
                raise ValueError("has a NUL character or half a surrogate pair; leave it out")
        case float():
            if not math.isfinite(given):
                raise ValueError("has a number out of range")
        case dict():
            for key, value in given.items():
                refuse_unstorable(key)
                refuse_unstorable(value)
        case list():
            for value in given:
                refuse_unstorable(value)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
