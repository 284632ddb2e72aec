"""Three-way, field by field: what a page may write to an album, and what both sides agree on afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from db.albums import SHARED, Fields, Value, own_names
from services.collection.names import are_same_names

NAMES = frozenset({"artist", "title"})
# What describes the release: without a base it is never a conflict. Names stay as typed in, of these Discogs' is taken.
FACTS = frozenset({"year", "discogs_release_id", "discogs_master_id", "discogs_date_added", "catalog_number"})

Side: TypeAlias = Literal["ours", "theirs"]

UNDECIDED: Mapping[str, Side] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Merge:
    """``becomes`` is the album after it, ``agreed`` the new base; ``taken``, ``kept`` and ``clashing`` name fields.

    A field that changed on both sides is taken or kept where somebody decided so, and clashing where nobody did.
    """

    becomes: Fields
    agreed: Fields
    taken: tuple[str, ...]
    clashing: tuple[str, ...]
    kept: tuple[str, ...] = ()


def merge(
    agreed: Fields,
    ours: Fields,
    theirs: Fields,
    decided: Mapping[str, Side] = UNDECIDED,
    *,
    names: Sequence[str] = SHARED,
) -> Merge:
    """Decide for each shared field of an album (``ours``) and its copy on Discogs (``theirs``), or of a want.

    Changed on Discogs only: taken. Changed here only: left, it waits to be pushed. Changed on both sides and not to
    the same: left and clashing, with the base as it was, unless it is ``decided``: theirs is taken; for ours theirs
    becomes the base, so that it counts as changed here only. A field that is absent from ``agreed`` was never agreed
    on, as when an album that was there before is linked to a copy: an empty side takes the other's value, so an empty
    album field is filled and an empty one on Discogs becomes a local change; of two different values Discogs' is taken
    for facts of the release, a name stays as it was typed in, all else stays without a base. Spellings of one name are
    no difference, except that a name that nobody touched here follows Discogs' spelling.
    An empty text and none at all are the same. Its owner's own fields, wherever they are named, are shared too.
    """
    becomes, base = dict(ours), dict(agreed)
    taken, kept, clashing = [], [], []
    for name in (*names, *own_names(agreed, ours, theirs)):
        mine, its = ours.get(name), theirs.get(name)
        if is_same(mine, its):
            base[name] = its
        elif name in agreed and is_same(its, agreed[name]):
            pass  # changed here only
        elif is_same(mine, agreed.get(name)):
            becomes[name] = base[name] = its
            taken.append(name)
        elif name in NAMES and are_same_names(name, mine, its):
            base[name] = its
        elif name in agreed and name in NAMES and are_same_names(name, its, agreed[name]):
            pass  # changed here only, but for Discogs' spelling
        elif name not in agreed and (name in NAMES or _is_empty(its)):
            base[name] = its  # what was typed in stays
        elif _is_discogs_to_say(name, agreed, mine) or decided.get(name) == "theirs":
            becomes[name] = base[name] = its
            taken.append(name)
        elif decided.get(name) == "ours":
            base[name] = its
            kept.append(name)
        else:
            clashing.append(name)
    return Merge(becomes, base, tuple(taken), tuple(clashing), tuple(kept))


def _is_discogs_to_say(name: str, agreed: Fields, mine: Value) -> bool:
    """Return True if ours stands against nothing: a fact without a base, or a name that differs in spelling only."""
    if name not in agreed:
        return name in FACTS
    return name in NAMES and are_same_names(name, mine, agreed[name])


def is_same(one: Value, other: Value) -> bool:
    """Whether two values of a field are the same; an empty text and none at all are."""
    return one == other or (_is_empty(one) and _is_empty(other))


def _is_empty(value: Value) -> bool:
    return value is None or value == ""
