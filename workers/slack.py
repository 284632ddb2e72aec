"""Slack's incoming webhook: where operators are told of alarms."""

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 3  # it takes half a second; all that a look has to tell must be told before the next one


def tell(url: str, text: str) -> bool:
    """Send one message in Slack's markup. False when it did not arrive; the address is a secret and stays unsaid."""
    try:
        answer = WebhookClient(url, timeout=TIMEOUT_SECONDS).send(text=text)
    except (OSError, ValueError, SlackClientError) as error:
        log.warning("slack_not_reached", error_class=type(error).__name__)
        return False
    if answer.status_code != 200:
        log.warning("slack_refused", status=answer.status_code)
    return answer.status_code == 200


def escaped(text: str) -> str:
    """Say what somebody else wrote so that Slack takes none of it for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
