"""What the catalogue says of one pressing."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Oddity(StrEnum):
    """What is strange about a release. The first eight look fine on a screen, the others do not."""

    YEAR_ZERO = "year 0"
    NO_MASTER = "master_id 0, master_url null"
    EMOJI = "emoji"
    RIGHT_TO_LEFT = "right-to-left text"
    SCRIPTS = "other scripts and combining marks"
    MARKUP = "HTML and quotes"
    BARE_FORMAT = "a format without text and descriptions"
    NO_PICTURE = "empty thumb and cover_image"
    MISSING_KEYS = "keys that are missing altogether"
    NUL = "NUL and other control characters"
    ENDLESS = "10,000 characters"
    BLANK = "nothing but a space"


@dataclass(frozen=True, slots=True)
class Credit:
    """An artist as printed on this release; ``join`` stands between it and the next."""

    id: int
    name: str
    anv: str = ""
    join: str = ""


@dataclass(frozen=True, slots=True)
class Imprint:
    """A label with the number that it gave this release."""

    id: int
    name: str
    catno: str


@dataclass(frozen=True, slots=True)
class Format:
    """What it is pressed on. ``qty`` is text, as at Discogs; missing parts are keys that will be missing."""

    name: str
    qty: str = "1"
    text: str | None = None
    descriptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """One pressing. ``year`` 0 is unknown, ``master_id`` 0 none, ``price`` is the cheapest offer in USD."""

    id: int
    master_id: int
    title: str
    artists: tuple[Credit, ...]
    labels: tuple[Imprint, ...]
    formats: tuple[Format, ...]
    genres: tuple[str, ...]
    styles: tuple[str, ...]
    year: int
    country: str
    barcode: str
    price: Decimal
    for_sale: int
    have: int
    want: int
    oddity: Oddity | None = None

    @property
    def artist(self) -> str:
        """All artists as one line."""
        return "".join(
            f"{credit.anv or credit.name}{f' {credit.join} ' if credit.join else ''}" for credit in self.artists
        )
