"""A new collection, all of it following from one number: bulk imports, copies, grades, folders, notes, odd titles."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from random import Random

from simulator.accounts import Account
from simulator.catalogue.oddities import odd_id
from simulator.catalogue.releases import Catalogue
from simulator.records import GRADES, MEDIA, NOTES, SLEEVE, SLEEVE_GRADES, UNCATEGORIZED, Instance, Want

FIRST_DAY, LAST_DAY = 1_262_304_000, 1_790_000_000  # 2010 to autumn 2026
FIRST_RELEASE, RELEASES = 1_000_000, 30_000_000
FOLDERS = ("Vinyl", "CDs", "Singles", "For Trade", "Grandfather's Box", "Été 🌞")
NOTE_TEXTS = (
    "bought in Lyon",
    "from the flea market, 5 € with inner sleeve",
    "  leading and trailing spaces  ",
    "two\nlines",
    "Signed by <b>everyone</b> & framed",
    "ジャケット良好",
    'light hairlines on B2, plays through; "VG++"',
    "gift from J. 🎁",
)


class Oddness(StrEnum):
    """Which strange releases a collection has: none, those that look fine on a screen, or all kinds."""

    NONE = "none"
    GENTLE = "gentle"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Seed:
    """What a collection is made from. ``copies`` puts that many of one release into it, counted in ``records``.

    Half of the releases are ``theirs``, another collection's, when there are any.
    """

    records: int
    wants: int
    seed: int
    oddness: Oddness = Oddness.ALL
    copies: int = 1
    theirs: tuple[int, ...] = ()


def fill(account: Account, seed: Seed, catalogue: Catalogue, instance_ids: Iterator[int]) -> None:
    """Fill an empty account."""
    rng = Random(seed.seed)
    folders = [UNCATEGORIZED, UNCATEGORIZED, *(account.add_folder(name) for name in FOLDERS)] if seed.records else []
    dates = sorted(_dates(rng, seed.records))
    ids = _release_ids(rng, seed, catalogue)
    own_fields = [each for each in account.fields.values() if each.id > NOTES]
    instances = []
    for added in dates:
        instance = Instance(next(instance_ids), next(ids), rng.choice(folders), added, rng.choice((0, 0, 0, 3, 4, 5)))
        if rng.random() < 0.85:
            instance.notes[MEDIA] = rng.choices(GRADES, (2, 20, 40, 20, 8, 5, 2, 1))[0]
        if rng.random() < 0.7:
            instance.notes[SLEEVE] = rng.choice(SLEEVE_GRADES)
        if rng.random() < 0.2:
            instance.notes[NOTES] = rng.choice(NOTE_TEXTS)
        for field in own_fields:
            if rng.random() < 0.15:
                instance.notes[field.id] = rng.choice(field.options or ("12.50", "2024-05-01", "yes"))
        instances.append(instance)
    wanted: dict[int, Want] = {}
    while len(wanted) < seed.wants:
        release_id = next(ids)
        note = rng.choice(NOTE_TEXTS) if rng.random() < 0.2 else ""
        wanted[release_id] = Want(release_id, rng.randrange(FIRST_DAY, LAST_DAY), rng.choice((0, 0, 4, 5)), note)
    account.take(instances, wanted.values())


def _dates(rng: Random, records: int) -> Iterator[int]:
    """One by one over the years, and about a fifth in bulk imports that share one second."""
    left = records
    while left:
        group = min(left, rng.randint(2, 250) if rng.random() < 0.002 else 1)
        when = rng.randrange(FIRST_DAY, LAST_DAY)
        yield from (when for _ in range(group))
        left -= group


def _release_ids(rng: Random, seed: Seed, catalogue: Catalogue) -> Iterator[int]:
    """First the many copies of one release; then a fiftieth is a second copy of something, and 3 in 100 are odd."""
    odd = count()
    given: list[int] = []
    favourite = FIRST_RELEASE + rng.randrange(RELEASES) | 1
    for number in count():
        chance = rng.random()
        if number < seed.copies - 1:
            release_id = favourite
        elif seed.theirs and rng.random() < 0.5:
            release_id = rng.choice(seed.theirs)
        elif chance < 0.02 and given:
            release_id = rng.choice(given)
        elif chance < 0.05 and seed.oddness is not Oddness.NONE:
            release_id = odd_id(next(odd), is_gentle=seed.oddness is Oddness.GENTLE)
        else:
            release_id = FIRST_RELEASE + rng.randrange(RELEASES)
        if catalogue.exists(release_id):
            given.append(release_id)
            yield release_id
