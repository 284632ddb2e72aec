"""OAuth 1.0a as Discogs checks it: PLAINTEXT and HMAC-SHA1, the query in the base string (RFC 5849)."""

import hmac
import re
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
    if request.headers.get("content-type", "").strip().lower().startswith(FORM):
        others += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    own = {name: value for name, value in (*others, *in_header) if name.startswith("oauth_")}
    if not own:
        return None
    covered = tuple((name, value) for name, value in (*in_header, *others) if name not in {"oauth_signature", "realm"})
    return Signed(own, covered)


def has_accepted_stamp(signed: Signed) -> bool:
    """Check nonce and timestamp. Only the data routes care (contract 2.3): identity and the token calls do not."""
    timestamp = signed.get("timestamp")
    is_in_seconds = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= TIMESTAMP_DIGITS
    return is_in_seconds and 0 < len(signed.get("nonce")) <= NONCE_LONGEST


def is_signed_right(request: Request, signed: Signed, consumer_secret: str, token_secret: str = "") -> bool:
    """Check the signature."""
    key = f"{quote(consumer_secret, safe='~')}&{quote(token_secret, safe='~')}"
    given = signed.get("signature").encode()
    match signed.get("signature_method"):
        case "PLAINTEXT":
            return hmac.compare_digest(given, key.encode())
        case "HMAC-SHA1":
            expected = _hmac_sha1(request, signed, key)
            return expected is not None and hmac.compare_digest(given, expected)
        case _:
            return False


def _hmac_sha1(request: Request, signed: Signed, key: str) -> bytes | None:
    """Return the signature; None if the Host header is missing or malformed, so that there is no base string."""
    try:
        address = rfc5849.base_string_uri(f"http://{request.headers.get('host', '')}{request.path}")
    except ValueError:
        return None
    pairs = sorted((escape(name), escape(value)) for name, value in signed.covered)
    parts = (
        request.method.upper(),
        address,
        "&".join(f"{name}={value}" for name, value in pairs),
    )
    text = "&".join(escape(part) for part in parts)
    return b2a_base64(hmac.digest(key.encode(), text.encode(), "sha1"), newline=False)


def _header(value: str) -> list[tuple[str, str]]:
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "oauth":
        return []
    return [(unquote(name), unquote(text)) for name, text in header_pairs(rest)]


_PAIR = re.compile(r'\s*([^\s=,"]+)\s*=\s*(?:"([^"]*)"|([^\s,"]*))')


def header_pairs(text: str) -> list[tuple[str, str]]:
    """Read ``name="value", name=value``; a comma between quotes belongs to its value."""
    return [(name, quoted or bare) for name, quoted, bare in _PAIR.findall(text)]
