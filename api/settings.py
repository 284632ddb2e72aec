"""Settings of this room: where the API listens, and whose tokens open it."""

from itertools import combinations
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SHORTEST_TOKEN = 24  # characters; `openssl rand -hex 24` makes 48
MOST_TOKENS = 2  # the present one, and the one that replaces it


def _are_tokens(text: SecretStr) -> SecretStr:
    tokens = _split(text)
    if not tokens or len(tokens) > MOST_TOKENS:
        sentence = f"must hold one token, or {MOST_TOKENS} with a comma between while one replaces the other"
        raise ValueError(sentence)
    if not all(len(token) >= SHORTEST_TOKEN and token.isascii() and token.isprintable() for token in tokens):
        sentence = f"each token needs {SHORTEST_TOKEN} or more plain characters; `openssl rand -hex 24` makes one"
        raise ValueError(sentence)
    return text


Tokens = Annotated[SecretStr, AfterValidator(_are_tokens)]


class ApiSettings(BaseSettings):
    """Read once by the process entry."""

    model_config = SettingsConfigDict(
        env_prefix="REKKRD_API_", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    host: str = Field(default="127.0.0.1", description="Address where the API listens; put a TLS proxy before it.")
    port: int = Field(default=8050, ge=1, le=65535, description="Port where the API listens.")
    tokens_application: Tokens | None = Field(
        default=None,
        description="Bearer token of the app's backend, which speaks for its users with `X-Rekkrd-User`. Two with a "
        "comma are both valid, so that one can replace the other.",
    )
    tokens_operator: Tokens | None = Field(
        default=None, description="Bearer token of operators, who see every user's jobs. One or two, as above."
    )
    tokens_metrics: Tokens | None = Field(
        default=None, description="Bearer token that opens `/metrics` and nothing else, for Prometheus. One or two."
    )

    @model_validator(mode="after")
    def _roles_are_apart(self) -> "ApiSettings":
        names = ("REKKRD_API_TOKENS_APPLICATION", "REKKRD_API_TOKENS_OPERATOR", "REKKRD_API_TOKENS_METRICS")
        tokens = (self.application_tokens, self.operator_tokens, self.metrics_tokens)
        for (one, ours), (other, theirs) in combinations(zip(names, tokens, strict=True), 2):
            if set(ours) & set(theirs):
                sentence = f"{one} and {other} share a token: make another one"
                raise ValueError(sentence)
        return self

    @property
    def application_tokens(self) -> tuple[str, ...]:
        """The tokens that the app's backend may bring."""
        return _split(self.tokens_application)

    @property
    def operator_tokens(self) -> tuple[str, ...]:
        """The tokens that operators may bring."""
        return _split(self.tokens_operator)

    @property
    def metrics_tokens(self) -> tuple[str, ...]:
        """The tokens that read the metrics."""
        return _split(self.tokens_metrics)

    @property
    def url(self) -> str:
        """Where a program on this machine reaches the API."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104  compared, not bound
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self.port}"


def _split(text: SecretStr | None) -> tuple[str, ...]:
    if text is None:
        return ()
    return tuple(token.strip() for token in text.get_secret_value().split(",") if token.strip())
