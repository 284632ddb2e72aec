"""Who is asking? Four kinds of credentials, and the anonymous fall-back that bites."""

from urllib.parse import parse_qsl

from simulator.call import NOBODY, Caller, Request
from simulator.errors import InvalidCredentials
from simulator.oauth import Signed, is_signed_right, read_signed
from simulator.world import World


def shows_credentials(request: Request) -> bool:
    """Whether anything is shown at all, valid or not: the limit of 60 is announced with a 401 too."""
    return "authorization" in request.headers or any(
        name in request.query for name in ("token=", "key=", "oauth_consumer_key=")
    )


def identify(request: Request, world: World) -> Caller:
    """Say who asks.

    A token or key that nobody gave out is refused; a wrong signature, nonce or timestamp makes the caller nobody
    (contract 2.3).

    Raises:
        InvalidCredentials: unknown token, key or application.
    """
    header = request.headers.get("authorization", "")
    if header.lower().startswith("discogs "):
        return _by_pairs(dict(_pairs(header[8:])), world)
    query = dict(parse_qsl(request.query)) if shows_credentials(request) else {}
    if "token" in query or ("key" in query and "secret" in query):
        return _by_pairs(query, world)
    signed = read_signed(request) if header or "oauth_consumer_key" in query else None
    return _by_signature(request, signed, world) if signed is not None else NOBODY


def _by_pairs(pairs: dict[str, str], world: World) -> Caller:
    if "token" in pairs:
        account = world.account_of_personal(pairs["token"])
        if account is None:
            raise InvalidCredentials
        return Caller(account, "personal", has_credentials=True)
    secret = world.applications.get(pairs.get("key", ""))
    if secret is None or secret != pairs.get("secret"):
        raise InvalidCredentials
    return Caller(None, "key", has_credentials=True)


def _by_signature(request: Request, signed: Signed, world: World) -> Caller:
    secret = world.applications.get(signed.get("consumer_key"))
    if secret is None:
        raise InvalidCredentials
    token = signed.get("token")
    if not token:
        return Caller(None, "oauth without token", has_credentials=True)
    account = world.account_of(token)
    if account is None:
        raise InvalidCredentials
    if not is_signed_right(request, signed, secret, world.token_secret(token)):
        return Caller(None, "bad signature")
    return Caller(account, "oauth", has_credentials=True)


def _pairs(text: str) -> list[tuple[str, str]]:
    parts = (part.strip().partition("=") for part in text.split(","))
    return [(name.strip(), value.strip().strip('"')) for name, is_pair, value in parts if is_pair]
