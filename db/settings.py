"""Settings of this room: where the database is, how long we wait for it, and the keys of stored tokens."""

from typing import Annotated

from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.errors import BadKey
from db.sealing import Keys


def _is_postgres(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
        sentence = "must look like postgresql://user:password@host:5432/database"
        raise ValueError(sentence)
    return url


def _is_readable(text: SecretStr) -> SecretStr:
    try:
        Keys.parse(text.get_secret_value())
    except BadKey as error:
        raise ValueError(str(error)) from None
    return text


PostgresUrl = Annotated[SecretStr, AfterValidator(_is_postgres)]


class DatabaseSettings(BaseSettings):
    """Read once by the process entry; nothing here reads the environment at import."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )

    database_url: PostgresUrl | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="PostgreSQL 15 or newer; a transaction pooler will do. Without it we bring our own server.",
    )
    database_direct_url: PostgresUrl | None = Field(
        default=None,
        validation_alias="DATABASE_DIRECT_URL",
        description="The same database without a transaction pooler, for migrations, LISTEN and the presence of "
        "workers. Without it, migrations run on `DATABASE_URL` (refused if that is a transaction pooler), "
        "workers poll once a second, and only an expired lease shows that a worker is dead.",
    )
    encryption_key: Annotated[SecretStr, AfterValidator(_is_readable)] | None = Field(
        default=None,
        validation_alias="DISCOGS_OAUTH_ENCRYPTION_KEY",
        description="AES-256 key of stored Discogs tokens: 32 bytes in base64 or hex. Several with commas, the first "
        "seals, all open; `rekkrd keys rotate` seals everything anew with the first.",
    )
    pool_size: int = Field(
        default=13,
        ge=1,
        le=200,
        validation_alias="REKKRD_DATABASE_POOL_SIZE",
        description="Connections that one process holds at most, `REKKRD_WORKER_THREADS` and 5 at least; a worker "
        "holds two more: for its leases, and for LISTEN and presence.",
    )
    timeout_seconds: float = Field(
        default=10.0,
        gt=0,
        le=600,
        validation_alias="REKKRD_DATABASE_TIMEOUT_SECONDS",
        description="How long to wait for a connection, and for one statement, before the work is tried again later.",
    )
    migration_lock_seconds: float = Field(
        default=5.0,
        gt=0,
        le=600,
        validation_alias="REKKRD_MIGRATION_LOCK_SECONDS",
        description="How long a migration waits for a table that something else holds; the app waits behind it.",
    )

    def migration_url(self) -> str | None:
        """Return where migrations run: directly if we can, else at the only address there is."""
        url = self.database_direct_url or self.database_url
        return None if url is None else url.get_secret_value()

    def migration_target(self) -> str:
        """Return the database that migrations change, for a message: its name, server and port, without a password."""
        known = conninfo_to_dict(self.migration_url() or "")
        server = f"{known.get('host', 'this machine')}:{known.get('port', 5432)}"
        return f"{known.get('dbname', '(default)')} on {server}"

    def keys(self) -> Keys | None:
        """Return the keys of stored tokens, None when none is set."""
        return None if self.encryption_key is None else Keys.parse(self.encryption_key.get_secret_value())
