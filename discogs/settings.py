"""The settings of this room; names as in the product plan, values from whoever makes the object."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _is_web_address(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        sentence = "must begin with https:// or http://"
        raise ValueError(sentence)
    return url.rstrip("/")


WebAddress = Annotated[str, AfterValidator(_is_web_address)]


class DiscogsSettings(BaseSettings):
    """Where Discogs is, who we are, and how long we wait. Times are in seconds."""

    model_config = SettingsConfigDict(
        env_prefix="DISCOGS_", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    consumer_key: str | None = Field(
        default=None, description="The application's consumer key, from discogs.com/settings/developers."
    )
    consumer_secret: SecretStr | None = Field(default=None, description="The application's consumer secret.")
    personal_token: SecretStr | None = Field(
        default=None,
        description="Token of the operator's account: it requests price suggestions where the user's own account gets "
        "none. Without a consumer key it also requests all other shared data.",
    )
    user_agent: str = Field(
        default="Rekkrd/1.0 +https://rekkrd.com",
        min_length=1,
        description="How we introduce ourselves to Discogs, which turns away who does not.",
    )
    callback_url: str | None = Field(
        default=None, description="Where Discogs sends the browser back to after a collector allowed access."
    )
    api_url: WebAddress = Field(default="https://api.discogs.com", description="Any server that speaks Discogs' API.")
    authorize_url: WebAddress = Field(
        default="https://www.discogs.com/oauth/authorize", description="The page where a collector allows access."
    )
    deadline_seconds: float = Field(
        default=45.0, gt=0, description="One request as a whole, a body that drips in included."
    )
    connect_seconds: float = Field(default=5.0, gt=0, description="Making the connection to Discogs.")

    @model_validator(mode="after")
    def _key_and_secret_come_together(self) -> Self:
        if (self.consumer_key is None) is not (self.consumer_secret is None):
            raise ValueError(
                "DISCOGS_CONSUMER_KEY and DISCOGS_CONSUMER_SECRET belong together: set the other one too, or neither."
            )
        return self
