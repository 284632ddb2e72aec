"""One invented release for every number: four neighbouring numbers are pressings of one album."""

from decimal import Decimal
from functools import lru_cache
from random import Random

from simulator.catalogue import words
from simulator.catalogue.oddities import FIRST_ODD, made_odd
from simulator.catalogue.pressing import Credit, Format, Imprint, Release

LAST_ID = 39_999_999
PRESSINGS = 4  # neighbouring releases of one master
FIRST_MASTER = 1_000_000
DELETED_EVERY = 9_973  # these numbers answer 404, as merged releases do


class Catalogue:
    """All releases that follow from one seed; nothing is stored but what was looked at lately."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.release = lru_cache(maxsize=150_000)(self._release)

    def exists(self, release_id: int) -> bool:
        """Deleted and never given numbers answer 404."""
        return 1 <= release_id <= LAST_ID and release_id % DELETED_EVERY != 0

    def pressings(self, master_id: int) -> list[Release]:
        """Return the versions of a master, none if there is no such master."""
        first = (master_id - FIRST_MASTER) * PRESSINGS
        if master_id < FIRST_MASTER:
            return []
        found = [self.release(first + n) for n in range(PRESSINGS) if self.exists(first + n)]
        return [release for release in found if release.master_id == master_id]

    def _release(self, release_id: int) -> Release:
        album, pressing = divmod(release_id, PRESSINGS)
        rng = Random((self.seed << 64) | (album << 1))
        has_master = rng.random() > 0.12
        if not has_master:
            rng = Random((self.seed << 64) | (release_id << 8) | 1)
        artists, title = _artists(rng), titled(rng)
        genre = rng.choices(tuple(words.STYLES), words.GENRE_WEIGHTS)[0]
        styles = tuple(rng.sample(words.STYLES[genre], rng.choice((1, 1, 2))))
        first_year = rng.randint(1956, 2024)
        rng = Random((self.seed << 64) | (release_id << 8) | 3)  # from here on what differs between pressings
        year = min(2026, first_year + (0 if pressing == 0 else rng.randint(0, 30)))
        release = Release(
            id=release_id,
            master_id=FIRST_MASTER + album if has_master else 0,
            title=title,
            artists=artists,
            labels=_labels(rng, artists[0].name),
            formats=_formats(rng, year),
            genres=(genre,),
            styles=styles,
            year=0 if rng.random() < 0.02 else year,
            country=rng.choices(words.COUNTRIES, words.COUNTRY_WEIGHTS)[0],
            barcode="".join(rng.choices("0123456789", k=13)),
            price=Decimal(max(199, int(rng.lognormvariate(7.2, 0.8)))) / 100,
            for_sale=rng.choice((0, 1, 2, 5, 8, 13, 40)),
            have=int(rng.lognormvariate(5, 1.4)),
            want=int(rng.lognormvariate(4, 1.4)),
        )
        return made_odd(release) if release_id >= FIRST_ODD else release


def titled(rng: Random, patterns: tuple[str, ...] = words.TITLE_PATTERNS) -> str:
    """Invent a title."""
    return rng.choice(patterns).format(
        adjective=rng.choice(words.ADJECTIVES),
        noun=rng.choice(words.NOUNS),
        other=rng.choice(words.NOUNS),
        place=rng.choice(words.PLACES),
        first=rng.choice(words.FIRST_NAMES),
        first2=rng.choice(words.FIRST_NAMES),
    )


def _artists(rng: Random) -> tuple[Credit, ...]:
    if rng.random() < 0.03:
        return (Credit(194, "Various"),)
    if rng.random() < 0.06:
        first, second = _artist(rng), _artist(rng)
        return (Credit(first.id, first.name, first.anv, rng.choice(("&", "And", "Feat.", "/"))), second)
    return (_artist(rng),)


def _artist(rng: Random) -> Credit:
    """Choose one of about 6,000 artists, some far more often, so that collections hold several records of one."""
    credit = _nth_artist(int(6_000 * rng.random() ** 2))
    return Credit(credit.id, credit.name, anv=credit.name.upper()) if rng.random() < 0.02 else credit


@lru_cache(maxsize=6_000)
def _nth_artist(number: int) -> Credit:
    own = Random(number)
    kind = own.random()
    if kind < 0.4:
        name = f"{own.choice(words.FIRST_NAMES)} {own.choice(words.LAST_NAMES)}"
    elif kind < 0.7:
        name = f"The {own.choice(words.ADJECTIVES)} {own.choice(words.NOUNS)}"
    elif kind < 0.85:
        name = f"{own.choice(words.ADJECTIVES)} {own.choice(words.NOUNS)}"
    else:
        name = f"{own.choice(words.LAST_NAMES)} {own.choice(words.BAND_ENDINGS)}"
    if own.random() < 0.05:
        name = f"{name} ({own.randint(2, 9)})"
    return Credit(100_000 + number, name)


def _labels(rng: Random, artist: str) -> tuple[Imprint, ...]:
    return tuple(_label(rng, artist) for _ in range(2 if rng.random() < 0.07 else 1))


def _label(rng: Random, artist: str) -> Imprint:
    number = int(1_500 * rng.random() ** 1.5)
    name = _nth_label(number).format(artist=artist)
    letters = "".join(word[0] for word in name.split() if word[0].isalpha())[:3].upper()
    catno = f"{letters} {rng.randint(1, 999):03d}{rng.choice(('', '', 'LP', '-1', ' CD'))}"
    return Imprint(200_000 + number, name, "none" if rng.random() < 0.03 else catno)


@lru_cache(maxsize=1_500)
def _nth_label(number: int) -> str:
    """Name a label; those of artists who release themselves still lack the artist."""
    own = Random(number + 50_000)
    return own.choice(words.LABEL_PATTERNS).format(
        adjective=own.choice(words.ADJECTIVES),
        thing=own.choice(words.THINGS),
        other=own.choice(words.THINGS),
        place=own.choice(words.PLACES),
        last=own.choice(words.LAST_NAMES),
        artist="{artist}",
    )


def _formats(rng: Random, year: int) -> tuple[Format, ...]:
    kind = rng.random()
    if kind < 0.68 or year < 1983:
        quantity = rng.choices(("1", "2", "3"), (85, 13, 2))[0]
        size = rng.choices((("LP", "Album"), ('12"', "33 ⅓ RPM"), ('7"', "45 RPM", "Single")), (75, 15, 10))[0]
        extra = rng.choice(((), (), ("Reissue",), ("Stereo",), ("Limited Edition",), ("Repress", "Stereo")))
        return (Format("Vinyl", quantity, rng.choice(words.VINYL_EXTRAS) or None, size + extra),)
    if kind < 0.9:
        return (Format("CD", "1", None, rng.choice((("Album",), ("Album", "Reissue"), ("EP",)))),)
    if kind < 0.96:
        return (Format("Cassette", "1", None, ("Album",)),)
    return (Format("Vinyl", "2", None, ("LP",)), Format("CD", "1"), Format("Box Set", "1", "Numbered"))
