"""The settings of the budget."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from workers.limiter.lanes import Lane


class LimiterSettings(BaseSettings):
    """What the fleet may spend, and how lanes share it. Times are in seconds."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True)

    requests_per_window: int = Field(
        default=55,
        ge=1,
        validation_alias="DISCOGS_REQUESTS_PER_WINDOW",
        description="Requests in any window for the whole fleet: 5 below what Discogs allows, for what no clock sees.",
    )
    window_seconds: float = Field(
        default=60.0, gt=0, validation_alias="DISCOGS_WINDOW_SECONDS", description="Length of Discogs' rolling window."
    )
    reserved_per_window: int = Field(
        default=0,
        ge=0,
        validation_alias="REKKRD_RESERVED_PER_WINDOW",
        description="Requests left to other programs on our address that do not ask this limiter.",
    )
    send_deadline_seconds: float = Field(
        default=1.0,
        gt=0,
        validation_alias="REKKRD_SEND_DEADLINE_SECONDS",
        description="A token not on the wire by then is void.",
    )
    answer_deadline_seconds: float = Field(
        default=60.0,
        gt=0,
        validation_alias="REKKRD_ANSWER_DEADLINE_SECONDS",
        description="A request without any answer is over by then: `REKKRD_SEND_DEADLINE_SECONDS` and "
        "`DISCOGS_DEADLINE_SECONDS` at least.",
    )
    share_interactive: float = Field(
        default=0.6,
        gt=0,
        lt=1,
        validation_alias="REKKRD_SHARE_INTERACTIVE",
        description="Share of the lane `interactive`, which goes first until it has used it.",
    )
    share_import: float = Field(
        default=0.3, gt=0, lt=1, validation_alias="REKKRD_SHARE_IMPORT", description="Share of the lane `import`."
    )
    share_background: float = Field(
        default=0.1,
        gt=0,
        lt=1,
        validation_alias="REKKRD_SHARE_BACKGROUND",
        description="Share of the lane `background`.",
    )

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        if sum(self.shares.values()) > 1.0001:
            raise ValueError("The lanes' shares REKKRD_SHARE_… add up to more than 1: lower one of them.")
        if self.answer_deadline_seconds < self.send_deadline_seconds:
            raise ValueError("REKKRD_ANSWER_DEADLINE_SECONDS must not be shorter than REKKRD_SEND_DEADLINE_SECONDS.")
        return self

    @property
    def limit(self) -> int:
        """Requests a window that are ours to spend."""
        return max(1, self.requests_per_window - self.reserved_per_window)

    @property
    def shares(self) -> dict[Lane, float]:
        """The lanes' shares; what one does not use goes to the others at once."""
        return {
            Lane.INTERACTIVE: self.share_interactive,
            Lane.IMPORT: self.share_import,
            Lane.BACKGROUND: self.share_background,
        }
