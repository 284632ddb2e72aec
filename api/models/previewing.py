"""What a sync would do on both sides."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from actors.syncing.preview import Counts, PreviewItem, Requests, SyncPreview, Way
from api.models import Model


class LookOut(Model):
    """A look at Discogs."""

    job_id: UUID = Field(description="The job that looks, or did.")
    began_at: datetime
    looked_at: datetime | None = Field(description="When it was done; null until then.")
    is_live: bool = Field(description="Whether it is under way; with neither it was cancelled or failed: look again.")
    age_seconds: int | None = Field(description="How long ago that was.")
    is_whole: bool = Field(description="Whether all of both lists was seen; only then is told what would vanish.")
    is_outdated: bool = Field(description="Whether a record was touched since it began: look again.")
    asks_about_vanished: bool = Field(description="Whether so much would vanish that an import would ask first.")


class CountsOut(Model):
    """How many items there are of each way: changes, not requests."""

    comes_in: int
    goes_out: int
    stuck: int = Field(description="What would go out, but cannot; `problem` says why.")
    conflicts: int
    vanishes: int

    @classmethod
    def of(cls, counts: Counts) -> "CountsOut":
        return cls(**{name: getattr(counts, name) for name in cls.model_fields})


class RequestsOut(Model):
    """Requests to Discogs; null where its size is not known yet."""

    spent: int = Field(description="What the look cost.")
    look: int | None = Field(description="What another look would cost.")
    imports: int | None = Field(description="What importing both lists would cost.")
    push: int = Field(description="What pushing would cost: the changes, and the looks before them.")

    @classmethod
    def of(cls, requests: Requests) -> "RequestsOut":
        return cls(**{name: getattr(requests, name) for name in cls.model_fields})


class PreviewItemOut(Model):
    """One record, or one field of one."""

    way: Way
    change: str = Field(examples=["new", "changed", "gone", "write"])
    is_want: bool
    release_id: int
    instance_id: int | None = Field(description="The copy on Discogs; null of a want, and where there is none yet.")
    album_id: UUID | None
    artist: str | None
    title: str | None
    field: str | None = Field(
        description="The album's column; of a want `want_notes` or `want_rating`; null of a whole record.",
        examples=["media_condition"],
    )
    base: Any = Field(description="Of a conflict: what both sides agreed on.")
    before: Any = Field(description="What the side that would change says now; of a conflict, what stands here.")
    after: Any = Field(description="What it would say; of a conflict, what Discogs says.")
    called: str | None = Field(description="The name of an own field on Discogs.")
    followed_by: list[str] = Field(description="Of an add: the fields that are written once it is there.")
    problem: str | None = Field(description="Why it cannot go out, for the collector; null when it can.")

    @classmethod
    def of(cls, item: PreviewItem) -> "PreviewItemOut":
        said = {name: getattr(item, name) for name in cls.model_fields}
        return cls(**{**said, "followed_by": list(item.followed_by)})


class SyncPreviewOut(Model):
    """Everything that a sync would do. Nothing was changed on either side."""

    look: LookOut | None = Field(description="Null when there was none: then only what goes out is known.")
    counts: CountsOut
    requests: RequestsOut
    is_whole: bool = Field(
        description="False when something may be missing: no whole look, or over a thousand changes."
    )
    is_confirmed: bool = Field(description="Whether the collector said yes once; a push needs it.")
    asks_about_removals: bool = Field(description="Whether a push needs `allows_removals`.")
    items: list[PreviewItemOut]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")
    sentence: str

    @classmethod
    def of(cls, found: SyncPreview) -> "SyncPreviewOut":
        look = found.look
        return cls(
            look=None
            if look is None
            else LookOut(
                job_id=look.job_id,
                began_at=look.began_at,
                looked_at=look.looked_at,
                is_live=look.is_live,
                age_seconds=found.age_seconds,
                is_whole=look.is_whole,
                is_outdated=look.is_outdated,
                asks_about_vanished=look.asks_about_vanished,
            ),
            counts=CountsOut.of(found.counts),
            requests=RequestsOut.of(found.requests),
            is_whole=found.is_whole,
            is_confirmed=found.is_confirmed,
            asks_about_removals=found.asks_about_removals,
            items=[PreviewItemOut.of(one) for one in found.items],
            next_cursor=None if found.next_cursor is None else str(found.next_cursor),
            sentence=found.sentence,
        )
