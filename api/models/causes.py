"""Reasons for which work waits."""

from datetime import datetime

from pydantic import Field

from api.models import Model
from api.roles import Role
from services.operations.causes import Cause, Code


class CauseOut(Model):
    """One reason for which work waits; the first to fix comes first."""

    code: Code = Field(examples=["breaker_open"])
    message: str = Field(examples=["Discogs asked us to wait (HTTP 429)."])
    remedy: str | None = Field(description="What to do; for operators only.")
    since: datetime | None
    until: datetime | None = Field(description="Null when nobody knows the end.")

    @classmethod
    def of(cls, cause: Cause, role: Role) -> "CauseOut":
        remedy = cause.remedy if role is Role.OPERATOR else None
        return cls(code=cause.code, message=cause.message, remedy=remedy, since=cause.since, until=cause.until)
