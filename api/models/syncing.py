"""Sync: what a collector chose, and the jobs that one brings about."""

from datetime import datetime

from pydantic import Field

from actors.syncing.sync_settings import SyncSettings
from api.models import Body, Model
from api.models.jobs import JobAnswer
from db.links import PauseReason
from db.sync_settings import Direction, Frequency


class SyncSettingsBody(Body):
    """What changes; what is left out or null stays as it is."""

    is_auto: bool | None = Field(default=None, description="Whether the clock syncs without being asked.")
    direction: Direction | None = Field(
        default=None,
        description="What the clock does: bring in what is on Discogs, send out what changed here, or both.",
    )
    frequency: Frequency | None = Field(default=None, description="How often the clock does.")


class SyncSettingsOut(Model):
    """The settings, and what they mean."""

    is_auto: bool
    direction: Direction
    frequency: Frequency
    changed_at: datetime | None = Field(description="Null while nothing was chosen and the defaults hold.")
    is_in_effect: bool = Field(description="False when it is off, no account is connected, or the tier is another.")
    paused_reason: PauseReason | None = Field(
        description="`undone`: a sync was undone, and no import or push runs until `POST /api/discogs/sync/resume`."
    )
    sentence: str = Field(
        examples=["What is on Discogs comes over every night, between 03:00 and 06:00 in your time zone."]
    )

    @classmethod
    def of(cls, found: SyncSettings) -> "SyncSettingsOut":
        chosen = found.chosen
        return cls(
            is_auto=chosen.is_auto,
            direction=chosen.direction,
            frequency=chosen.frequency,
            changed_at=chosen.changed_at,
            is_in_effect=found.is_in_effect,
            paused_reason=found.paused_reason,
            sentence=found.sentence,
        )


class SyncAnswer(Model):
    """The jobs that do it, the collection's first."""

    jobs: list[JobAnswer]
