"""A postman that dies on order: before it sends, after the other side took it, or after it was told so."""

import os
import signal
import sys

from actors.mailing import composer
from db.pool import Pool
from db.sealing import Keys
from workers.mail import Resend
from workers.postman import Postman

moment, database_url, resend_url = sys.argv[1:]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Dying(Resend):
    def send(self, key, content):
        if moment == "before":
            die()
        answer = super().send(key, content)  # the server kills nobody: with "during" it took the mail and says nothing
        if moment == "after":
            die()
        return answer


keys = Keys.parse("11" * 32)
pool = Pool(database_url, size=2, timeout_seconds=5)
sender = Dying("re_key", resend_url, timeout_seconds=5)
compose = composer(keys, sender="Rekkrd <alerts@rekkrd.example>", public_url="https://rekkrd.example")
while Postman(pool, sender, compose).bring_one():
    pass
pool.close()
