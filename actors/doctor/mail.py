"""Whether mails of alerts reach anybody."""

from actors.doctor.findings import Finding, fine, warning
from actors.doctor.servers import PATIENCE_SECONDS, database_url
from actors.wording import count
from db import doctor as db
from db import mails
from db.mails import Standing
from workers.settings import EngineSettings, Settings


def look_at_mails(settings: Settings) -> list[Finding]:
    """Whether mails are sent, and what became of those that were not taken."""
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        return judge_mails(settings.engine, mails.counts(conn))


def judge_mails(settings: EngineSettings, found: Standing) -> list[Finding]:
    """Judge how mails stand, beside where they go."""
    if settings.resend_api_key is None:
        said = [
            warning(
                f"RESEND_API_KEY is not set: mails of price alerts reach nobody, and go to {settings.mail_folder}.",
                "Set it, and REKKRD_MAIL_FROM and REKKRD_PUBLIC_URL, for every worker alike.",
            )
        ]
    else:
        said = [fine(f"Mails of price alerts go out by Resend; {count(found.waiting, 'one')} to be sent.")]
    if found.given_up:
        said.append(
            warning(
                f"{count(found.given_up, 'mail')} refused or of an uncertain end: sent again, one could arrive twice.",
                "Look what they were, and write to those people if it matters.",
                "rekkrd alerts mails",
            )
        )
    return said
