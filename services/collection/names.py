"""When two spellings are the same artist or title. sql/functions ``rekkrd.artist_key`` and ``title_key`` say the same.

Letter case, spaces, punctuation, a leading "The" and the number that Discogs adds to artists of one name ("Cranes (2)")
make no difference. A number in parentheses is part of a title: "Live (1)" is not "Live (2)".
"""

import re
import unicodedata

from db.albums import Value

# Spelled out, for the classes of Python and PostgreSQL differ: ASCII, and what keyboards and Discogs write instead.
PUNCTUATION = (
    "!\"#$%'()*+,-./:;<=>?@[\\]^_`{|}~"
    "\u00a1\u00b4\u00b7\u00bf\u2010\u2011\u2012\u2013\u2014\u2018\u2019\u201c\u201d\u2026"
)
SPACES = " \t\n\r\u00a0\u2009\u202f"

_NUMBERED = re.compile(rf"[{SPACES}]+\([0-9]+\)[{SPACES}]*$")
_ARTICLE = re.compile(rf"^[{SPACES}]*the[{SPACES}]+")
_IGNORED = re.compile(f"[{re.escape(PUNCTUATION)}{SPACES}]")


def artist_key(artist: str) -> str:
    """Return what two spellings of one artist have in common."""
    return title_key(_NUMBERED.sub("", artist))


def title_key(title: str) -> str:
    """Return what two spellings of one title have in common; a name of punctuation alone stays as it is."""
    lowered = _lower(title)
    return _IGNORED.sub("", _ARTICLE.sub("", lowered).replace("&", "and")) or lowered.strip(SPACES)


def are_same_names(field: str, one: Value, other: Value) -> bool:
    """Return True if two values of the field ``artist`` or ``title`` are spellings of one name."""
    if not (isinstance(one, str) and isinstance(other, str) and one and other):
        return False
    key = artist_key if field == "artist" else title_key
    return key(one) == key(other)


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", text).lower()
