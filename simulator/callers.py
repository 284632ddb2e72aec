"""Who is asking? Four kinds of credentials, and the anonymous fall-back that bites."""

from urllib.parse import parse_qsl, unquote

from simulator.call import NOBODY, Caller, Request
from simulator.errors import InvalidCredentials
from simulator.oauth import Signed, has_accepted_stamp, header_pairs, is_signed_right, read_signed
from simulator.world import World

BAD_SIGNATURE, BAD_STAMP = "bad signature", "bad timestamp or nonce"
ANONYMOUS_AFTER_ALL = frozenset({BAD_SIGNATURE, BAD_STAMP})


_IN_QUERY = frozenset({"token", "key", "oauth_consumer_key"})


def shows_credentials(request: Request) -> bool:
    """Whether anything is shown at all, valid or not: the limit of 60 is announced with a 401 too."""
    return "authorization" in request.headers or not _IN_QUERY.isdisjoint(_query(request))


def identify(request: Request, world: World) -> Caller:
    """Say who asks.

    A token or key that nobody gave out is refused. A wrong signature, nonce or timestamp makes the caller anonymous
    (contract 2.3); with a right signature, identity still names the account.

    Raises:
        InvalidCredentials: unknown token, key or application.
    """
    header = request.headers.get("authorization", "").strip()
    if header.lower().startswith("discogs "):
        pairs = {name.lower(): unquote(value) for name, value in header_pairs(header[8:])}
        return _by_pairs(pairs, world)
    query = _query(request)
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
        return Caller(None, BAD_SIGNATURE)
    if not has_accepted_stamp(signed):
        return Caller(None, BAD_STAMP, signed_for=account)
    return Caller(account, "oauth", has_credentials=True)


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.query)) if request.query else {}
