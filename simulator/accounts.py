"""A collector's account as Discogs keeps it; every edit goes through here, so that orders and counts stay right."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from simulator.catalogue.releases import Catalogue
from simulator.orders import Order, Orders
from simulator.records import ALL_FOLDER, UNCATEGORIZED, USUAL_FIELDS, Field, Instance, Want


@dataclass(frozen=True, slots=True)
class Lie:
    """What the paging of this account's lists claims beyond the truth."""

    items: int = 0
    pages: int = 0


@dataclass(slots=True, kw_only=True)
class Profile:
    """What an account says about itself. The id stays, the name may change."""

    id: int
    username: str
    currency: str = "USD"
    is_private: bool = False
    has_seller_settings: bool = False
    is_shop: bool = False  # sells all that it holds
    registered: int = 1_400_000_000
    location: str = ""
    seeded_from: tuple[int, int, int] = (0, 0, 0)  # records, wants and seed that it began with
    token_generation: int = 0  # one higher, and all access tokens given out before are revoked
    personal_token: str = field(default="", repr=False)


class Account:
    """Profile, folders, fields, copies and wishes."""

    def __init__(self, profile: Profile, catalogue: Catalogue, fields: tuple[Field, ...] = USUAL_FIELDS) -> None:
        self.profile = profile
        self.fields = {each.id: each for each in fields}
        self.folders: dict[int, str] = {ALL_FOLDER: "All", UNCATEGORIZED: "Uncategorized"}
        self.instances: dict[int, Instance] = {}
        self.wants: dict[int, Want] = {}
        self.lie = Lie()
        self.is_unstable = False  # equal dates come in another order each time
        self._by_release: dict[int, set[int]] = {}
        self._counts: Counter[int] = Counter()
        self._orders = Orders(catalogue)
        self._want_orders = Orders(catalogue)

    # Copies

    def count(self, folder_id: int) -> int:
        """Count the copies in a folder, 0 being all of them."""
        return self._counts[folder_id]

    def copies(self, release_id: int) -> list[Instance]:
        """Return the copies of one release, oldest first."""
        return [self.instances[each] for each in sorted(self._by_release.get(release_id, ()))]

    def add(self, instance: Instance) -> None:
        """Take a copy in."""
        self.instances[instance.id] = instance
        self._by_release.setdefault(instance.release_id, set()).add(instance.id)
        folders = self._folders(instance)
        self._counts.update(folders)
        self._orders.add(instance, folders)

    def remove(self, instance_id: int) -> Instance:
        """Give a copy away. Raises KeyError."""
        instance = self.instances.pop(instance_id)
        copies = self._by_release[instance.release_id]
        copies.discard(instance_id)
        if not copies:
            del self._by_release[instance.release_id]
        folders = self._folders(instance)
        self._counts.subtract(folders)
        self._orders.remove(instance, folders)
        return instance

    def change(
        self, instance_id: int, *, rating: int | None = None, folder_id: int | None = None, added: int | None = None
    ) -> None:
        """Regrade, move or redate a copy. Raises KeyError."""
        instance = self.remove(instance_id)
        instance.rating = instance.rating if rating is None else rating
        instance.folder_id = instance.folder_id if folder_id is None else folder_id
        instance.added = instance.added if added is None else added
        instance.written = None
        self.add(instance)

    def note(self, instance_id: int, field_id: int, value: str) -> None:
        """Write a field of a copy; an empty value takes it away. Raises KeyError."""
        instance = self.instances[instance_id]
        if value:
            instance.notes = dict(sorted({**instance.notes, field_id: value}.items()))
        else:
            instance.notes.pop(field_id, None)
        instance.written = None

    def order(self, folder_id: int, sort: str) -> Order:
        """Return the copies of a folder in an order, as ids."""
        return self._orders.order(folder_id, sort, self._in_folder(folder_id))

    # Folders

    def add_folder(self, name: str) -> int:
        """Make a folder and return its number."""
        folder_id = max(self.folders) + 1
        self.folders[folder_id] = name
        return folder_id

    # Wishes

    def want(self, want: Want) -> None:
        """Wish for a release, or replace the wish."""
        self.unwant(want.release_id)
        self.wants[want.release_id] = want
        self._want_orders.add(want, (ALL_FOLDER,))

    def unwant(self, release_id: int) -> bool:
        """Drop a wish. False when there was none."""
        want = self.wants.pop(release_id, None)
        if want is not None:
            self._want_orders.remove(want, (ALL_FOLDER,))
        return want is not None

    def want_order(self, sort: str) -> Order:
        """Return the wishes in an order, as release ids."""
        return self._want_orders.order(ALL_FOLDER, sort, self.wants.values())

    def take(self, instances: Iterable[Instance], wants: Iterable[Want]) -> None:
        """Take in many at once."""
        for instance in instances:
            self.add(instance)
        for want in wants:
            self.want(want)

    def _folders(self, instance: Instance) -> tuple[int, ...]:
        return (ALL_FOLDER, instance.folder_id)

    def _in_folder(self, folder_id: int) -> Iterator[Instance]:
        return (each for each in self.instances.values() if folder_id in {ALL_FOLDER, each.folder_id})
