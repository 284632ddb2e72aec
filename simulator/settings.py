"""The settings of this room, each of them also an option of `python -m simulator`."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

AUTHENTICATED_SHARE, ANONYMOUS_SHARE = 60, 25  # Discogs' own pair; a scaled limit keeps their ratio


class SimulatorSettings(BaseSettings):
    """How the simulated Discogs behaves. Times are in seconds."""

    model_config = SettingsConfigDict(
        env_prefix="REKKRD_SIMULATOR_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_prog_name="simulator",
    )

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8060, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    public_url: str | None = Field(
        default=None,
        description="Address that clients use, if not the one we listen on; links in answers begin with it.",
    )
    ready_file: Path | None = Field(default=None, description="File that gets our address once we listen.")
    seed: int = Field(default=1, ge=0, description="Everything invented comes from this number.")
    consumer_key: str = Field(default="rekkrd-simulator-key", description="The key of the one registered application.")
    consumer_secret: SecretStr = Field(
        default=SecretStr("rekkrd-simulator-secret"), description="The secret of the registered application."
    )
    username: str = Field(default="demo_collector", description="The collector who is there without any admin call.")
    records: int = Field(default=1000, ge=0, le=1_000_000, description="How many records that collector owns.")
    wants: int = Field(default=120, ge=0, le=1_000_000, description="How many releases that collector wants.")
    limit: int = Field(
        default=AUTHENTICATED_SHARE, ge=1, description="Requests in a window with credentials, by address."
    )
    anonymous_limit: int | None = Field(
        default=None, ge=1, description="Requests in a window without credentials; 25/60 of the limit if not given."
    )
    window_seconds: float = Field(default=60.0, gt=0, description="Length of the rolling window.")
    latency: float = Field(default=0.0, ge=0, description="Median answer time; Discogs itself needs about 0.6.")
    latency_sigma: float = Field(default=0.35, ge=0, description="Spread of the log-normal answer time.")
    gzip: bool = Field(default=True, description="Compress answers for clients that accept it, as Discogs does.")
    log: Path | None = Field(default=None, description="File to which each arrival is appended as a JSON line.")
    state: Path | None = Field(default=None, description="File that keeps accounts over a restart.")
    state_seconds: float = Field(default=5.0, gt=0, description="How often a changed state is written to its file.")
    request_token_seconds: float = Field(default=900.0, gt=0, description="How long a request token is good for.")

    @property
    def limit_without_credentials(self) -> int:
        """The anonymous limit, given or scaled."""
        return self.anonymous_limit or max(1, self.limit * ANONYMOUS_SHARE // AUTHENTICATED_SHARE)
