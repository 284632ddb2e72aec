"""Sorted lists that are cheap to page through at any place and cheap to edit."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from simulator.catalogue.pressing import Release
from simulator.catalogue.releases import Catalogue
from simulator.records import Instance, Want

Record = Instance | Want
Key = tuple[Any, ...]
Entry = tuple[Key, int]

COLLECTION_SORTS = ("label", "artist", "title", "catno", "format", "rating", "added", "year")

_OF_RELEASE: dict[str, Callable[[Release], Key]] = {
    "label": lambda release: (release.labels[0].name.casefold(), release.labels[0].catno),
    "artist": lambda release: (release.artist.removeprefix("The ").casefold(), release.title.casefold()),
    "title": lambda release: (release.title.casefold(),),
    "catno": lambda release: (release.labels[0].catno.casefold(),),
    "format": lambda release: (release.formats[0].name, release.formats[0].descriptions),
    "year": lambda release: (release.year,),
}


class Order:
    """Ids in the order of one key; equal keys are ordered by id. A page costs the same wherever it is."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = sorted(entries)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        insort(self._entries, entry)

    def remove(self, entry: Entry) -> None:
        place = bisect_left(self._entries, entry)
        if place < len(self._entries) and self._entries[place] == entry:
            del self._entries[place]

    def page(self, start: int, size: int, *, descending: bool, shuffler: Random | None = None) -> list[int]:
        """Return ids by position; with a shuffler, equal keys come in any order, each time in another."""
        total = len(self._entries)
        stop = min(start + size, total)
        low, high = (total - stop, total - start) if descending else (start, stop)
        if low >= high:
            return []
        entries = self._shuffled(low, high, shuffler) if shuffler else self._entries[low:high]
        ids = [entry[1] for entry in entries]
        return ids[::-1] if descending else ids

    def _shuffled(self, low: int, high: int, rng: Random) -> list[Entry]:
        """Shuffle each group of equal keys that the slice touches, beyond its edges too, then cut the slice."""
        keys = {entry[0] for entry in (self._entries[low], self._entries[high - 1])}
        begin = min(bisect_left(self._entries, (key, -1)) for key in keys)
        end = max(bisect_right(self._entries, (key, 1 << 62)) for key in keys)
        region = [(entry[0], rng.random(), entry) for entry in self._entries[begin:end]]
        region.sort(key=lambda item: item[:2])
        return [entry for _, _, entry in region[low - begin : high - begin]]


class Orders:
    """The orders of one list of records by folder and sort, each made when it is first asked for."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._made: dict[tuple[int, str], Order] = {}

    def order(self, folder: int, sort: str, records: Iterable[Record]) -> Order:
        """Return an order; ``records`` is looked at only if it has to be made."""
        made = self._made.get((folder, sort))
        if made is None:
            made = self._made[folder, sort] = Order((self._key(sort, record), record.id) for record in records)
        return made

    def add(self, record: Record, folders: tuple[int, ...]) -> None:
        """Take a record up into the orders that are made already."""
        for (folder, sort), order in self._made.items():
            if folder in folders:
                order.add((self._key(sort, record), record.id))

    def remove(self, record: Record, folders: tuple[int, ...]) -> None:
        """Take a record out; call it before the record changes."""
        for (folder, sort), order in self._made.items():
            if folder in folders:
                order.remove((self._key(sort, record), record.id))

    def _key(self, sort: str, record: Record) -> Key:
        if sort == "added":
            return (record.added,)
        if sort == "rating":
            return (record.rating,)
        return _OF_RELEASE[sort](self._catalogue.release(record.release_id))
