"""REKKRD_ENV=production starts only complete: nothing embedded, nothing simulated, each missing thing named."""

from urllib.parse import urlsplit

from api.settings import ApiSettings
from cli.errors import NotComplete
from workers.settings import Settings

PLAIN_WEBHOOK = "REKKRD_WEBHOOK_URL"
SIMULATED = "DISCOGS_API_URL"
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def is_production(settings: Settings) -> bool:
    """Whether we serve real collectors."""
    return settings.engine.env == "production"


def require_complete(settings: Settings, api: ApiSettings | None = None) -> None:
    """Refuse to start in production when something is missing. Raises NotComplete, which names all of it at once."""
    if is_production(settings) and (lacking := missing(settings, api)):
        raise NotComplete(
            "REKKRD_ENV=production starts only complete. To change:\n" + "\n".join(f"  {line}" for line in lacking),
            "Change these in the environment or in .env, or leave REKKRD_ENV out to try things on this machine.",
        )


def missing(settings: Settings, api: ApiSettings | None = None) -> list[str]:
    """Name each setting that production needs and that is not there, with what belongs in it.

    ``api`` is left out by processes that open no door.
    """
    database, discogs = settings.database, settings.discogs
    needed: tuple[tuple[str, object, str], ...] = (
        ("DATABASE_URL", database.database_url, "your PostgreSQL; the embedded one is for one machine"),
        ("REDIS_URL", settings.engine.redis_url, "your Redis or Valkey; the embedded one is for one machine"),
        ("DISCOGS_OAUTH_ENCRYPTION_KEY", database.encryption_key, "seals stored tokens; `rekkrd keys new` makes one"),
        ("DISCOGS_CONSUMER_KEY", discogs.consumer_key, "from discogs.com/settings/developers"),
        ("DISCOGS_CONSUMER_SECRET", discogs.consumer_secret, "from discogs.com/settings/developers"),
    )
    if api is not None:
        needed += (
            ("REKKRD_API_TOKENS_APPLICATION", api.application_tokens, "the app's bearer token; `openssl rand -hex 24`"),
            ("REKKRD_API_TOKENS_OPERATOR", api.operator_tokens, "the operators' bearer token; `openssl rand -hex 24`"),
        )
    needed += (
        ("RESEND_API_KEY", settings.engine.resend_api_key, "sends the mails of price alerts; from resend.com"),
        ("REKKRD_MAIL_FROM", _said(settings.engine.mail_from), "who mails are from, at a domain that Resend verified"),
        ("REKKRD_PUBLIC_URL", _said(settings.engine.public_url), "where mails' links find the API, https://…"),
    )
    lacking = [f"{name}  {sentence}" for name, value, sentence in needed if not value]
    if urlsplit(discogs.api_url).hostname in THIS_MACHINE:
        lacking.append(f"{SIMULATED}  points to this machine, where only a simulator can be: leave it out")
    if (settings.engine.webhook_url or "https://").startswith("http://"):
        lacking.append(f"{PLAIN_WEBHOOK}  begins with http://, and users' data would go in the clear: use https://")
    return lacking


def remedy(line: str) -> str:
    """Return what to do about one line of ``missing``."""
    name = line.split(maxsplit=1)[0]
    if name == SIMULATED:
        return f"Remove {name} from the environment and .env of every process."
    if name == PLAIN_WEBHOOK:
        return f"Change {name} in every process."
    return f"Set {name} in every process."


def _said(text: str) -> str | None:
    """Return what was set; None for what leads to this machine."""
    return None if any(name in text for name in THIS_MACHINE) else text
