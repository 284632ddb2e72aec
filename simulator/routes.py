"""Which path is answered by what; the names of the endpoints are those that faults and the log use."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.answers import collection, folders, instances, market, people, releases, search, shops, wants
from simulator.call import Answer, Call
from simulator.paths import Places, matched, segments

Handler = Callable[[Call], Answer]
Answering = Callable[[], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint: its name, its path, and what each verb does."""

    name: str
    path: tuple[str, ...]
    verbs: dict[str, Handler]


def _route(name: str, path: str, **verbs: Handler) -> Route:
    return Route(name, segments(path), verbs)


_USER = "/users/{username}"
_FOLDER = f"{_USER}/collection/folders/{{folder_id}}"
_INSTANCE = f"{_FOLDER}/releases/{{release_id}}/instances/{{instance_id}}"

ROUTES = (
    _route("collection", f"{_FOLDER}/releases", GET=collection.show_page),
    _route("wants", f"{_USER}/wants", GET=wants.show_wants),
    _route("identity", "/oauth/identity", GET=people.show_identity),
    _route("copy", _INSTANCE, POST=instances.change_copy, DELETE=instances.drop_copy),
    _route("note", f"{_INSTANCE}/fields/{{field_id}}", POST=instances.note_copy),
    _route("add", f"{_FOLDER}/releases/{{release_id}}", POST=instances.add_copy),
    _route("copies", f"{_USER}/collection/releases/{{release_id}}", GET=collection.show_copies),
    _route("folders", f"{_USER}/collection/folders", GET=folders.show_folders, POST=folders.make_folder),
    _route("folder", _FOLDER, GET=folders.show_folder, POST=folders.rename_folder, DELETE=folders.drop_folder),
    _route("fields", f"{_USER}/collection/fields", GET=collection.show_fields),
    _route("value", f"{_USER}/collection/value", GET=collection.show_value),
    _route(
        "want",
        f"{_USER}/wants/{{release_id}}",
        GET=wants.show_want,
        PUT=wants.put_want,
        POST=wants.edit_want,
        DELETE=wants.drop_want,
    ),
    _route("inventory", f"{_USER}/inventory", GET=shops.show_inventory),
    _route("profile", _USER, GET=people.show_profile, POST=people.edit_profile),
    _route("release", "/releases/{release_id}", GET=releases.show_release),
    _route("rating", "/releases/{release_id}/rating", GET=releases.show_rating),
    _route("release_stats", "/releases/{release_id}/stats", GET=releases.show_stats),
    _route("master", "/masters/{master_id}", GET=releases.show_master),
    _route("versions", "/masters/{master_id}/versions", GET=releases.show_versions),
    _route("stats", "/marketplace/stats/{release_id}", GET=market.show_stats),
    _route("suggestions", "/marketplace/price_suggestions/{release_id}", GET=market.show_suggestions),
    _route("listing", "/marketplace/listings/{listing_id}", GET=shops.show_listing),
    _route("listings", "/marketplace/listings", POST=market.refuse_sale),
    _route("market_search", "/marketplace/search", GET=market.refuse_search),
    _route("search", "/database/search", GET=search.show_results),
    _route("root", "/", GET=people.show_root),
)


def found(path: str) -> tuple[Route, Places] | None:
    """Find the endpoint of a path, with its variable parts decoded."""
    parts = segments(path)
    for route in ROUTES:
        places = matched(route.path, parts)
        if places is not None:
            return route, places
    return None
