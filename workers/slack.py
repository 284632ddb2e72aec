"""Slack's incoming webhook, which takes health alerts for operators."""

import structlog

from workers.outgoing import AddressInvalid, OutgoingClient, RequestFailed

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 3  # it takes half a second; all that a look has to tell must be told before the next one


def tell(url: str, text: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> bool:
    """Send one message in Slack's markup. False when it did not arrive; the address is a secret and stays unsaid."""
    client = OutgoingClient(timeout_seconds=timeout_seconds)
    try:
        answer = client.send("POST", url, json={"text": text})
    except (RequestFailed, AddressInvalid) as error:
        log.warning("slack_not_reached", error_class=type(error).__name__)
        return False
    finally:
        client.close()
    if answer.status != 200:
        log.warning("slack_refused", status=answer.status)
    return answer.status == 200


def escaped(text: str) -> str:
    """Say what somebody else wrote so that Slack takes none of it for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
