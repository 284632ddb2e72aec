"""What became of a collector's records."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from actors.syncing.history import Page, Told
from api.models import Model
from db.sync_log import Action, Status


class HistoryLine(Model):
    """One thing that happened to one record."""

    id: UUID
    created_at: datetime
    action: Action
    status: Status
    release_id: int | None
    album_id: UUID | None = Field(description="Null where it has none, or was deleted.")
    sentence: str = Field(examples=["Media condition changed on Discogs from VG+ to NM; taken over."])
    details: dict[str, Any] = Field(
        description="`before` and `after` of each field that Discogs `changed`; of the `album`, of each that was "
        "`taken` over; of `clashing` ones both `sides`. Texts are whole."
    )

    @classmethod
    def of(cls, told: Told) -> "HistoryLine":
        line = told.line
        return cls(
            id=line.id,
            created_at=line.created_at,
            action=line.action,
            status=line.status,
            release_id=line.release_id,
            album_id=line.album_id,
            sentence=told.sentence,
            details=dict(line.details),
        )


class HistoryPage(Model):
    """Lines, newest first."""

    lines: list[HistoryLine]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")

    @classmethod
    def of(cls, found: Page) -> "HistoryPage":
        return cls(
            lines=[HistoryLine.of(told) for told in found.lines],
            next_cursor=None if found.next_cursor is None else str(found.next_cursor),
        )
