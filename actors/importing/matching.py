"""Which album that was here before is which copy: never a guess, exactly one on both sides or a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from db.agreed import Unlinked
from db.albums import Album

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Side(Generic[K]):
    """The two sides under each key: albums that belong to no copy, and how many copies have no album."""

    free: Mapping[K, Sequence[Album]]
    rivals: Mapping[K, int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``linked`` by instance id; ``asked`` copies with the albums that they might be; the rest met no album."""

    linked: Mapping[int, tuple[Unlinked, Album]]
    asked: Mapping[int, tuple[Unlinked, Sequence[Album]]]
    alone: Sequence[Unlinked]

    def asking_everything(self) -> "Verdict":
        """Ask about what would be linked, too: somebody unseen may have the same claim."""
        doubted = {number: (copy, (album,)) for number, (copy, album) in self.linked.items()}
        return Verdict({}, {**self.asked, **doubted}, self.alone)


def match(copies: Mapping[int, tuple[Unlinked, K]], sides: Side[K]) -> Verdict:
    """Decide for each copy and its key. Rivals are counted over all copies, not only these."""
    linked, asked, alone = {}, {}, []
    for number, (copy, key) in copies.items():
        candidates = sides.free.get(key, ())
        if not candidates:
            alone.append(copy)
        elif len(candidates) == 1 and sides.rivals.get(key) == 1:
            linked[number] = (copy, candidates[0])
        else:
            asked[number] = (copy, candidates)
    return Verdict(linked, asked, alone)
