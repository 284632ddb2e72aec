"""The postman: sends mails out of the outbox, each once, whatever dies between deciding, sending and marking."""

from collections.abc import Callable
from threading import Event, Thread
from typing import TypeAlias

import structlog

from db import Connection, mails
from db.errors import DatabaseError
from db.mails import Mail
from db.pool import Pool
from db.storable import Json
from workers.decide import backoff
from workers.mail import TIMEOUT_SECONDS, Sender

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0
AGAIN_SECONDS = 30.0  # after the first failure; it doubles with each, up to 15 minutes
UNWRITTEN_SECONDS = 3600.0  # until a mail that could not be written is tried again
CLAIM_SECONDS = TIMEOUT_SECONDS + 20.0  # after which another may send what its sender left

Compose: TypeAlias = Callable[[Connection, Mail], dict[str, Json] | None]


class Postman:
    """One thread a worker process. Any number may run: each mail is one process's at a time.

    What a mail says is fixed before it is sent for the first time: the other side takes it once for one key, and only
    with the same words. Its key is forgotten there after 24 hours; before that we send no more.
    """

    def __init__(self, pool: Pool, sender: Sender, compose: Compose) -> None:
        self._pool, self._sender, self._compose = pool, sender, compose
        self._end = Event()
        self._thread = Thread(target=self._run, name="postman", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """End after the mail that is under way."""
        self._end.set()
        self._thread.join()
        self._sender.close()

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                while not self._end.is_set() and self.bring_one():
                    pass
            except DatabaseError as error:
                log.warning("mails_not_read", error=str(error))
            except Exception:
                # The thread outlives its errors: without it nobody would hear of a price any more.
                log.exception("mail_not_sent")
            self._end.wait(LOOK_SECONDS)

    def bring_one(self) -> bool:
        """Send what has been due longest. False when nothing is due."""
        with self._pool.transaction() as conn:
            mails.give_up_old(conn)
            mail = mails.next_due(conn)
            if mail is None:
                return False
            try:
                composed = self._compose(conn, mail)
            except (LookupError, TypeError, ValueError) as error:
                log.exception("mail_not_written", mail_id=str(mail.id))
                mails.put_off(conn, mail.id, error=f"{type(error).__name__}: {error}", seconds=UNWRITTEN_SECONDS)
                return True  # it holds up nobody else's
            if composed is None:  # nobody wants it, or no longer: not when it is sent again either
                mails.drop(conn, mail.id)
                return True
            content = mails.begin(conn, mail.id, composed, seconds=CLAIM_SECONDS)
        answer = self._sender.send(str(mail.id), content)
        with self._pool.transaction() as conn:
            if answer.is_taken:
                mails.mark_sent(conn, mail.id)
                return True
            again = backoff(mail.attempts, AGAIN_SECONDS)
            if answer.is_unsent:
                mails.mark_unsent(conn, mail, error=answer.said, seconds=again)
            else:
                mails.mark_failed(conn, mail.id, error=answer.said, seconds=again, gives_up=answer.is_refused)
        log.warning("mail_not_taken", mail_id=str(mail.id), attempts=mail.attempts + 1, error=answer.said)
        return True
