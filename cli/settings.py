"""Settings of this room: where `rekkrd up` keeps its data."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class CommandSettings(BaseSettings):
    """Read once by each command."""

    model_config = SettingsConfigDict(
        env_prefix="REKKRD_", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    data_dir: Path = Field(
        default=Path(".rekkrd"),
        description="Folder of `rekkrd up`: the embedded servers' data, the development key, and where it runs now.",
    )
