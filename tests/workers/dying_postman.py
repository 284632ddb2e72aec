"""A postman that dies on order: as it writes, before it sends, after the other side took it, or once it marked that."""

import os
import signal
import sys

from actors.alerting.mailing import composer
from db.pool import Pool
from db.sealing import Keys
from workers.mail import Resend
from workers.postman import Postman

moment, database_url, resend_url = sys.argv[1:]


def die(at: str) -> None:
    if moment == at:
        os.kill(os.getpid(), signal.SIGKILL)


class Dying(Resend):
    def send(self, key, content):
        die("before")
        answer = super().send(key, content)
        die("after")
        return answer


def compose(conn, mail):
    written = write(conn, mail)
    die("writing")
    return written


keys = Keys.parse("11" * 32)
pool = Pool(database_url, size=2, timeout_seconds=5)
sender = Dying("re_key", resend_url, timeout_seconds=5)
write = composer(keys, sender="Rekkrd <alerts@rekkrd.example>", public_url="https://rekkrd.example")
Postman(pool, sender, compose).bring_one()
die("marked")
pool.close()
