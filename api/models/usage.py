"""What the requests to Discogs were spent on."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from actors.operating.usage import MonthView
from api.models import Model
from db.usage import MinuteShare, Part, Share

BY = "What the parts are. Kinds are those of jobs, `door` for somebody at a screen, `program:NAME` for another program."


class ShareOut(Model):
    """One part."""

    name: str | None = Field(examples=["import_collection"], description="Null by user: what nobody asked for.")
    requests: int

    @classmethod
    def of(cls, share: Share) -> "ShareOut":
        return cls(name=share.name, requests=share.requests)


class MinuteOut(Model):
    """One part of one minute."""

    minute: datetime = Field(description="Its beginning.")
    name: str | None
    requests: int

    @classmethod
    def of(cls, share: MinuteShare) -> "MinuteOut":
        return cls(minute=share.minute, name=share.name, requests=share.requests)


class UsageOut(Model):
    """A month, up to what processes stored last: they do so every `REKKRD_USAGE_FLUSH_SECONDS`."""

    month: str = Field(examples=["2026-11"])
    time_zone: Literal["UTC"] = Field(default="UTC", description="Where the month begins and ends.")
    requests: int
    imports: int = Field(description="Imports that came to their end.")
    syncs: int
    by: Part = Field(description=BY)
    parts: list[ShareOut] = Field(description="The largest first.")
    rest: int = Field(description="Requests of the parts that `limit` and `skip` left out.")

    @classmethod
    def of(cls, view: MonthView, by: Part) -> "UsageOut":
        return cls(
            month=view.name,
            requests=view.requests,
            imports=view.imports,
            syncs=view.syncs,
            by=by,
            parts=[ShareOut.of(each) for each in view.parts],
            rest=view.rest,
        )


class MinutesOut(Model):
    """Minutes; one in which nothing was asked is left out."""

    by: Part = Field(description=BY)
    minutes: list[MinuteOut] = Field(description="The oldest first, and in each the largest part.")
