"""Request paths: segments are compared and read after percent-decoding, as RFC 3986 section 6.2.2 has it."""

from urllib.parse import quote, unquote

Places = dict[str, str]


def segments(path: str) -> tuple[str, ...]:
    """Split a path as sent, then decode each segment: an encoded slash stays inside its segment."""
    return tuple(unquote(part) for part in path.removeprefix("/").removesuffix("/").split("/"))


def decoded(path: str) -> str:
    """Return a path for comparison with a fixed one, without a trailing slash."""
    return "/" + "/".join(segments(path))


def matched(template: tuple[str, ...], found: tuple[str, ...]) -> Places | None:
    """Return the variable parts of a path by name; None if it does not match. ``{name}`` matches any non-empty part."""
    if len(template) != len(found):
        return None
    places: Places = {}
    for wanted, part in zip(template, found, strict=True):
        if wanted.startswith("{"):
            if not part:
                return None
            places[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return places


def encoded(part: str) -> str:
    """Return a name as one path segment of a URL."""
    return quote(part, safe="")


def ascii_uri(uri: str) -> str:
    """Percent-encode what may not stand in a header; existing escapes and reserved characters stay."""
    return quote(uri, safe="!#$%&'()*+,/:;=?@[]~")
