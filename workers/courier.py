"""The courier: brings webhooks to the app, one after the other, until each was taken or a day is over."""

import json
from datetime import UTC, datetime
from threading import Event, Thread
from uuid import uuid4

import structlog

from db import deliveries
from db.deliveries import Delivery
from db.errors import DatabaseError
from db.pool import Pool
from workers.decide import backoff
from workers.settings import EngineSettings
from workers.webhook import NO_MORE, Answer, Webhook, keys_of

log = structlog.get_logger(__name__)

LOOK_SECONDS = 2.0
AGAIN_SECONDS = 5.0  # after the first failure; it doubles with each, up to 15 minutes
MARGIN_SECONDS = 20.0  # beyond the time-out, after which another may send what its sender left


class Courier:
    """One thread a worker process. Any number may run: each delivery is one process's at a time.

    At least once: who dies between sending and marking leaves one that is sent again, under the same id. A worker
    without an address brings nothing, and leaves it to the others what they tell: `rekkrd webhook off` ends it for all.
    """

    def __init__(self, pool: Pool, settings: EngineSettings) -> None:
        self._pool = pool
        self._webhook = open_webhook(settings)
        self._claim_seconds = settings.webhook_timeout_seconds + MARGIN_SECONDS
        self._end = Event()
        self._thread = Thread(target=self._run, args=[self._webhook], name="courier", daemon=True)

    def start(self) -> None:
        """Say that webhooks are wanted, and begin to bring them; nothing without an address."""
        if self._webhook is not None:
            self._thread.start()

    def stop(self) -> None:
        """End after the delivery that is under way."""
        self._end.set()
        if self._webhook is not None:
            self._thread.join()
            self._webhook.close()

    def _run(self, webhook: Webhook) -> None:
        is_wanted = False
        while not self._end.is_set():
            try:
                if not is_wanted:
                    with self._pool.transaction() as conn:
                        deliveries.want(conn, webhook.url)
                    is_wanted = True
                while not self._end.is_set() and self._bring_one(webhook):
                    pass
            except DatabaseError as error:
                log.warning("webhooks_not_read", error=str(error))
            except Exception:
                # The thread outlives its errors: without it the app would hear of no end any more.
                log.exception("webhook_not_brought")
            self._end.wait(LOOK_SECONDS)

    def _bring_one(self, webhook: Webhook) -> bool:
        """Send what has been due longest. False when nothing is due."""
        with self._pool.transaction() as conn:
            delivery = deliveries.claim(conn, seconds=self._claim_seconds)
        if delivery is None:
            return False
        answer = webhook.post(str(delivery.id), delivery.body)
        with self._pool.transaction() as conn:
            if answer.is_taken:
                deliveries.mark_delivered(conn, delivery.id, status=answer.status or 0)
                return True
            deliveries.mark_failed(
                conn,
                delivery.id,
                status=answer.status,
                error=_sentence(answer),
                seconds=backoff(delivery.attempts - 1, AGAIN_SECONDS),
                gives_up=answer.status == NO_MORE,
            )
        _log(delivery, answer)
        return True


def open_webhook(settings: EngineSettings) -> Webhook | None:
    """Return the app's webhook as the settings have it; None without one."""
    if settings.webhook_url is None or settings.webhook_secrets is None:
        return None
    keys = keys_of(settings.webhook_secrets.get_secret_value())
    return Webhook(settings.webhook_url, keys, timeout_seconds=settings.webhook_timeout_seconds)


def ping(webhook: Webhook) -> Answer:
    """Send a signed `ping` now, which no job stands behind."""
    now = datetime.now(UTC).isoformat()
    return webhook.post(str(uuid4()), json.dumps({"type": "ping", "timestamp": now, "data": {}}))


def _sentence(answer: Answer) -> str:
    return answer.said if answer.status is None else f"Status {answer.status}: {answer.said or 'nothing said'}"


def _log(delivery: Delivery, answer: Answer) -> None:
    log.warning(
        "webhook_not_taken",
        webhook_id=str(delivery.id),
        attempts=delivery.attempts,
        status=answer.status,
        error=_sentence(answer),
    )
