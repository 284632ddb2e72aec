"""The three-legged hand-shake: request tokens that expire, verifiers that work once, answers that are not JSON."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from simulator.accounts import Account
from simulator.call import Answer, Call, Request
from simulator.errors import HandshakeRefused
from simulator.oauth import FORM, Signed, is_signed_right, read_signed
from simulator.world import World

OUT_OF_BAND = "oob"


@dataclass(slots=True)
class RequestToken:
    """A hand-shake that has begun."""

    token: str
    secret: str = field(repr=False)
    callback: str
    consumer_key: str
    began: float
    account: Account | None = None
    verifier: str | None = field(default=None, repr=False)


class Handshakes:
    """Those that have begun and are not finished; they do not outlive the process."""

    def __init__(self, lifetime: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._lifetime = lifetime
        self._clock = clock
        self._begun: dict[str, RequestToken] = {}

    def begin(self, call: Call) -> Answer:
        """Give out a request token. Raises HandshakeRefused."""
        signed, secret = _application(call.request, call.world)
        if not is_signed_right(call.request, signed, secret):
            raise HandshakeRefused(401, "Invalid signature.")
        begun = RequestToken(
            secrets.token_hex(20),
            secrets.token_hex(20),
            signed.get("callback") or OUT_OF_BAND,
            signed.get("consumer_key"),
            self._clock(),
        )
        self._begun[begun.token] = begun
        return _pair(begun.token, begun.secret, oauth_callback_confirmed="true")

    def waiting(self, token: str) -> RequestToken | None:
        """Return a hand-shake that waits for the collector's word; None if unknown, answered or too old."""
        begun = self._begun.get(token)
        return begun if begun is not None and begun.verifier is None and self._is_fresh(begun) else None

    def allow(self, begun: RequestToken, account: Account) -> str:
        """Note the collector's yes and return the verifier."""
        begun.account = account
        begun.verifier = "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(10))
        return begun.verifier

    def deny(self, begun: RequestToken) -> None:
        """Note the collector's no."""
        self._begun.pop(begun.token, None)

    def finish(self, call: Call) -> Answer:
        """Exchange a verified request token for an access token, once. Raises HandshakeRefused."""
        signed, secret = _application(call.request, call.world)
        begun = self._begun.get(signed.get("token"))
        if begun is None or not self._is_fresh(begun):
            raise HandshakeRefused(400, "Invalid or expired request token.")
        if not is_signed_right(call.request, signed, secret, begun.secret):
            raise HandshakeRefused(401, "Invalid signature.")
        if begun.account is None or begun.verifier is None or begun.verifier != signed.get("verifier"):
            raise HandshakeRefused(400, "Invalid verifier.")
        del self._begun[begun.token]
        return _pair(*call.world.new_access_token(begun.account))

    def _is_fresh(self, begun: RequestToken) -> bool:
        return self._clock() - begun.began < self._lifetime


def _application(request: Request, world: World) -> tuple[Signed, str]:
    signed = read_signed(request)
    if signed is None:
        raise HandshakeRefused(500, "Internal Server Error")
    if not signed.get("consumer_key"):
        raise HandshakeRefused(401, "Parameter not found: oauth_consumer_key")
    secret = world.applications.get(signed.get("consumer_key"))
    if secret is None:
        raise HandshakeRefused(401, "Invalid consumer.")
    for name in ("nonce", "timestamp"):
        if not signed.get(name):
            raise HandshakeRefused(401, f"Parameter not found: oauth_{name}")
    return signed, secret


def _pair(token: str, secret: str, **more: str) -> Answer:
    return Answer(
        body=urlencode({"oauth_token": token, "oauth_token_secret": secret, **more}).encode(), content_type=FORM
    )
