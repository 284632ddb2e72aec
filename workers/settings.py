"""The settings of the engine, and all rooms' settings as one object that the process entry makes."""

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.settings import DatabaseSettings
from discogs.settings import DiscogsSettings, WebAddress
from workers.errors import NotConfigured
from workers.limiter.settings import LimiterSettings
from workers.webhook import keys_of


def _is_redis(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        sentence = "must look like redis://:password@host:6379/0"
        raise ValueError(sentence)
    return url


def _are_secrets(text: SecretStr) -> SecretStr:
    keys_of(text.get_secret_value())
    return text


BESIDE_THREADS = 5  # who else of a worker speaks to the ledger: dispatcher, courier, postman and the two that count

RedisUrl = Annotated[SecretStr, AfterValidator(_is_redis)]
Secrets = Annotated[SecretStr, AfterValidator(_are_secrets)]


class EngineSettings(BaseSettings):
    """How jobs run, whatever they are. Times are in seconds."""

    model_config = SettingsConfigDict(
        env_prefix="REKKRD_", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    env: Literal["development", "production"] = Field(
        default="development",
        description="`production` refuses the embedded servers and the simulator, and starts only complete.",
    )
    redis_url: RedisUrl | None = Field(
        default=None,
        validation_alias="REDIS_URL",
        description="Redis ≥ 6.2 or Valkey of our own; without it an embedded Valkey is started.",
    )
    redis_namespace: str = Field(default="rekkrd", description="Prefix of every key in Redis.")
    worker_threads: int = Field(
        default=8,
        ge=1,
        le=64,
        description="Steps that one worker process runs at a time; two to four busy ones spend the whole budget.",
    )
    lease_seconds: float = Field(
        default=10.0,
        gt=0,
        description="A step's lease, renewed at a third of it. A killed worker's job goes on after it at the latest, "
        "and within about 2 s with `DATABASE_DIRECT_URL`.",
    )
    step_deadline_seconds: float = Field(
        default=60.0, gt=0, description="A step's lease is not renewed past this, so a hanging worker loses it."
    )
    call_seconds: float = Field(
        default=10.0, gt=0, description="A step that was called up and not begun by then is called again."
    )
    dispatch_seconds: float = Field(
        default=1.0, gt=0, description="The dispatcher looks at the line this often, whether woken or not."
    )
    token_wait_seconds: float = Field(
        default=5.0, gt=0, description="A step that waited this long for its token gives itself back."
    )
    max_attempts: int = Field(
        default=10, ge=1, description="Failed attempts at one checkpoint before a job fails for good."
    )
    backoff_seconds: float = Field(
        default=5.0, gt=0, description="Pause before the second attempt; it doubles with each, up to 15 minutes."
    )
    usage_flush_seconds: float = Field(
        default=20.0,
        gt=0,
        le=30,
        description="Requests are counted in memory and stored this often; who is killed loses what came since.",
    )
    usage_kept_days: int = Field(
        default=35, ge=1, description="The usage of single minutes is cleared after this; that of months stays."
    )
    jobs_kept_days: int = Field(
        default=30,
        ge=1,
        description="Jobs that completed or were cancelled are cleared after this, with their stories.",
    )
    failed_kept_days: int = Field(
        default=90, ge=1, description="Failed jobs are cleared after this; until then they can be put back."
    )
    floors_kept_days: int = Field(
        default=100,
        ge=1,
        description="What the cheapest offer of a release was on each day is cleared after this; price alerts are "
        "rehearsed on it ([docs/alerts.md](docs/alerts.md)).",
    )
    webhook_url: WebAddress | None = Field(
        default=None,
        description="Each end of a user's job is POSTed here, signed ([docs/webhook.md](docs/webhook.md)).",
    )
    webhook_secrets: Secrets | None = Field(
        default=None,
        description="Signs the webhook: `whsec_…`, or two with a comma between while one replaces the other; "
        "`rekkrd webhook secret` makes one.",
    )
    webhook_timeout_seconds: float = Field(
        default=10.0, gt=0, le=60, description="The app has this long to take a webhook, the whole answer included."
    )
    resend_api_key: SecretStr | None = Field(
        default=None,
        validation_alias="RESEND_API_KEY",
        description="Sends the mails of price alerts by Resend; without it they are written to REKKRD_MAIL_FOLDER.",
    )
    resend_api_url: WebAddress = Field(
        default="https://api.resend.com",
        validation_alias="RESEND_API_URL",
        description="Any server that speaks Resend's API.",
    )
    mail_from: str = Field(
        default="Rekkrd <alerts@localhost>",
        description="Who mails are from, at a domain that Resend verified.",
    )
    mail_folder: str = Field(
        default=".rekkrd/mails", description="Where mails are written, as .eml, when there is no RESEND_API_KEY."
    )
    public_url: WebAddress = Field(
        default="http://127.0.0.1:8050", description="Where mails' links find the API, to unsubscribe."
    )
    slack_webhook_url: SecretStr | None = Field(
        default=None, description="Slack's incoming webhook for alarms; without it alarms are log lines."
    )
    alarm_failed_jobs: int = Field(
        default=5, ge=1, description="An alarm is raised when so many jobs failed within REKKRD_ALARM_MINUTES."
    )
    alarm_minutes: int = Field(default=10, ge=1, le=1440, description="The window in which failures are counted.")
    alarm_discogs_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="A health alert is raised if Discogs fails this share of requests (5xx or no answer), those of "
        "jobs and API calls together.",
    )
    alarm_discogs_minutes: int = Field(
        default=5, ge=1, le=1440, description="The window in which that share is measured."
    )
    alarm_discogs_requests: int = Field(
        default=10, ge=1, description="With fewer requests in the window no such alert begins."
    )
    log_format: Literal["pretty", "json"] = Field(
        default="pretty", description="`json` writes one object a line, `pretty` is for people."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is worth a log line."
    )

    @model_validator(mode="after")
    def _webhook_and_secrets_come_together(self) -> Self:
        if (self.webhook_url is None) is not (self.webhook_secrets is None):
            raise ValueError(
                "REKKRD_WEBHOOK_URL and REKKRD_WEBHOOK_SECRETS belong together: set the other one too, or neither."
            )
        return self


class Settings:
    """Every room's settings, read once by the process entry from the environment and the `.env` file beside it."""

    def __init__(self, env_file: str | tuple[str, ...] | None = ".env") -> None:
        self._env_file = env_file

    def require_readable(self) -> None:
        """Read every room's settings now, before anything starts.

        Raises pydantic's ValidationError; NotConfigured as ``require_coherent``.
        """
        _ = self.engine, self.database, self.discogs, self.limiter
        self.require_coherent()

    def require_coherent(self) -> None:
        """Refuse settings of different rooms that contradict each other. Raises NotConfigured, which names them all."""
        if said := contradictions(self):
            raise NotConfigured("These settings do not go together:\n" + "\n".join(f"  {line}" for line in said))

    @cached_property
    def engine(self) -> EngineSettings:
        return EngineSettings(_env_file=self._env_file)

    @cached_property
    def database(self) -> DatabaseSettings:
        return DatabaseSettings(_env_file=self._env_file)

    @cached_property
    def discogs(self) -> DiscogsSettings:
        return DiscogsSettings(_env_file=self._env_file)

    @cached_property
    def limiter(self) -> LimiterSettings:
        return LimiterSettings(_env_file=self._env_file)


def contradictions(settings: Settings) -> list[str]:
    """Name the deadlines and sizes that are right by themselves and wrong together, with what each has to be."""
    engine, limiter = settings.engine, settings.limiter
    request = settings.discogs.deadline_seconds
    answer, step = limiter.send_deadline_seconds + request, engine.token_wait_seconds + request
    connections = engine.worker_threads + BESIDE_THREADS
    said = []
    if limiter.answer_deadline_seconds < answer:
        said.append(
            f"REKKRD_ANSWER_DEADLINE_SECONDS must be {answer:g} at least, REKKRD_SEND_DEADLINE_SECONDS and "
            "DISCOGS_DEADLINE_SECONDS together: a request would be forgotten while it is under way, and another sent."
        )
    if engine.step_deadline_seconds < step:
        said.append(
            f"REKKRD_STEP_DEADLINE_SECONDS must be {step:g} at least, REKKRD_TOKEN_WAIT_SECONDS and "
            "DISCOGS_DEADLINE_SECONDS together: a step that only waits would lose its lease, and count as a crash."
        )
    if settings.database.pool_size < connections:
        said.append(
            f"REKKRD_DATABASE_POOL_SIZE must be {connections} at least, REKKRD_WORKER_THREADS and {BESIDE_THREADS}: "
            "who calls steps up would wait for those that run."
        )
    return said
