"""OAuth 1.0a as Discogs checks it: PLAINTEXT and HMAC-SHA1, the query in the base string (RFC 5849)."""

import hmac
from binascii import b2a_base64
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

from oauthlib.oauth1.rfc5849 import signature as rfc5849
from oauthlib.oauth1.rfc5849.utils import escape

from simulator.call import Request

NONCE_LONGEST = 64
TIMESTAMP_DIGITS = 10  # seconds; milliseconds have thirteen
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Signed:
    """The oauth_ parameters of a request, and all parameters that its signature covers."""

    own: dict[str, str]
    covered: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """Return a parameter without its prefix ``oauth_``, empty if it is not there."""
        return self.own.get(f"oauth_{name}", "")


def read_signed(request: Request) -> Signed | None:
    """Read the OAuth parameters from header, query and form; None if there are none."""
    in_header = _header(request.headers.get("authorization", ""))
    others = parse_qsl(request.query, keep_blank_values=True)
    if request.headers.get("content-type", "").startswith(FORM):
        others += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    own = {name: value for name, value in (*others, *in_header) if name.startswith("oauth_")}
    if not own:
        return None
    covered = tuple((name, value) for name, value in (*in_header, *others) if name not in {"oauth_signature", "realm"})
    return Signed(own, covered)


def is_signed_right(request: Request, signed: Signed, consumer_secret: str, token_secret: str = "") -> bool:
    """Check nonce, timestamp and signature."""
    timestamp = signed.get("timestamp")
    if len(signed.get("nonce")) > NONCE_LONGEST or not signed.get("nonce"):
        return False
    if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > TIMESTAMP_DIGITS:
        return False
    key = f"{quote(consumer_secret, safe='~')}&{quote(token_secret, safe='~')}"
    given = signed.get("signature").encode()
    match signed.get("signature_method"):
        case "PLAINTEXT":
            return hmac.compare_digest(given, key.encode())
        case "HMAC-SHA1":
            return hmac.compare_digest(given, _hmac_sha1(request, signed, key))
        case _:
            return False


def _hmac_sha1(request: Request, signed: Signed, key: str) -> bytes:
    pairs = sorted((escape(name), escape(value)) for name, value in signed.covered)
    parts = (
        request.method.upper(),
        rfc5849.base_string_uri(f"http://{request.headers.get('host', '')}{request.path}"),
        "&".join(f"{name}={value}" for name, value in pairs),
    )
    text = "&".join(escape(part) for part in parts)
    return b2a_base64(hmac.digest(key.encode(), text.encode(), "sha1"), newline=False)


def _header(value: str) -> list[tuple[str, str]]:
    scheme, _, rest = value.partition(" ")
    if scheme.lower() != "oauth":
        return []
    pairs = (part.strip().partition("=") for part in rest.split(","))
    return [(unquote(name), unquote(text.strip('"'))) for name, is_pair, text in pairs if is_pair]
