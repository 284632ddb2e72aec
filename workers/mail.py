"""Where mails go: to Resend by its SDK, or without a key to a folder and the log, where nobody but us reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Protocol

import resend
import structlog
from resend.exceptions import NoContentError, ResendError
from resend.http_client import HTTPClient

from workers.outgoing import OutgoingClient
from workers.settings import EngineSettings

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 10.0  # one send, the whole answer included
MOST_SAID = 200  # characters of an answer that are kept
REFUSED = frozenset({400, 404, 405, 413, 422})  # the same mail would be refused again
UNSENT = frozenset({401, 403, 429})  # it was not looked at: the key is wrong, or too many came at once
_UNFOLDED = SMTP.clone(max_line_length=998)  # a link in a header that is folded is none; RFC 5322 §2.1.1
OTHER_CONTENT = "invalid_idempotent_request"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one send: taken, refused for good, surely not sent, or nobody knows. The last two are sent again."""

    said: str
    is_taken: bool = False
    is_refused: bool = False
    is_unsent: bool = False


class Sender(Protocol):
    """Sends a mail under a key; never raises for what the other side does."""

    def send(self, key: str, content: Mapping[str, Any]) -> Answer: ...

    def close(self) -> None: ...


class Resend:
    """Resend, with the idempotency that it keeps for 24 hours.

    The SDK holds key, address and connections in its module, so there is one of these a process. Its own connections
    follow redirects, ask the environment for proxies, and wait as long as an answer drips in: ours do not.
    """

    def __init__(self, key: str, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._connections = _Connections(timeout_seconds)
        resend.api_key = key
        resend.api_url = url.rstrip("/")
        resend.default_http_client = self._connections

    def send(self, key: str, content: Mapping[str, Any]) -> Answer:
        """Send a mail; again under the same key is the same mail."""
        params: Any = dict(content)  # the SDK's own type cannot name "from" outside of its file
        try:
            resend.Emails.send(params, {"idempotency_key": key})
        except ResendError as error:
            status = int(error.code) if str(error.code).isdigit() else 500
            said = " ".join(f"{status} {error.error_type}: {error.message}".split())[:MOST_SAID]
            is_refused = status in REFUSED or error.error_type == OTHER_CONTENT
            return Answer(said, is_refused=is_refused, is_unsent=status in UNSENT)
        except (NoContentError, TypeError):  # what the SDK raises for null, and for a name that is no string
            return Answer("an answer of no known shape")
        return Answer("taken", is_taken=True)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()


class Folder:
    """A folder of .eml files, for a machine without a key: every mail client opens them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, key: str, content: Mapping[str, Any]) -> Answer:
        """Write a mail; again under the same key is the same file."""
        mail = EmailMessage(_UNFOLDED)
        headers = {"From": content["from"], "To": ", ".join(content["to"]), "Subject": content["subject"]}
        try:
            for name, text in {**headers, **content["headers"]}.items():
                mail[name] = text
        except ValueError as error:
            return Answer(f"A header of it is none: {error}"[:MOST_SAID], is_refused=True)
        mail.set_content(content["text"])
        mail.add_alternative(content["html"], subtype="html")
        path = self._folder / f"{key}.eml"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(mail.as_bytes())
        except OSError as error:
            return Answer(f"{type(error).__name__}: {error}"[:MOST_SAID])
        log.warning("mail_not_sent_but_written", path=str(path), subject=content["subject"])
        return Answer("written", is_taken=True)

    def close(self) -> None:
        """Nothing is open."""


class _Connections(HTTPClient):  # type: ignore[misc,unused-ignore]
    """The SDK's seam for the network, with a deadline and a size limit."""

    def __init__(self, timeout_seconds: float) -> None:
        self._client = OutgoingClient(timeout_seconds=timeout_seconds)

    def request(  # noqa: PLR0917  the SDK's own signature
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json: Any = None,
        files: Any = None,  # noqa: ARG002  a mail has neither files nor form data
        data: Any = None,  # noqa: ARG002
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send one request as the SDK has it."""
        answer = self._client.send(method, url, headers=headers, json=json)
        return answer.body, answer.status, answer.headers

    def close(self) -> None:
        self._client.close()


def open_sender(settings: EngineSettings) -> Sender:
    """Return where mails go by these settings; without a key say loudly that nobody gets them."""
    if settings.resend_api_key is not None:
        return Resend(settings.resend_api_key.get_secret_value(), settings.resend_api_url)
    log.warning("mails_go_nowhere", why="RESEND_API_KEY is not set", folder=settings.mail_folder)
    return Folder(Path(settings.mail_folder))
