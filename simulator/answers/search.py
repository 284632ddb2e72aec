"""Search over a slice of the catalogue; at most 10,000 results are reachable, and a page may come short."""

from collections.abc import Callable
from functools import lru_cache

from simulator.answers.paging import PAST_END, asked_page, asked_sort, paged
from simulator.call import Answer, Call
from simulator.catalogue.pressing import Release
from simulator.catalogue.releases import Catalogue
from simulator.errors import NotFound, Unprocessable
from simulator.seeding import FIRST_RELEASE
from simulator.shapes import Json, dumped, picture

SEARCHED = 12_000  # releases of the catalogue that a search looks at
CAP = 10_000
KINDS = ("release", "master", "artist", "label")
SORTS = ("relevance", "year", "title", "label", "have", "want")

_TESTS: dict[str, Callable[[Release], str]] = {
    "q": lambda each: f"{each.artist} {each.title} {each.labels[0].name} {each.labels[0].catno} {each.barcode}",
    "title": lambda each: f"{each.artist} - {each.title}",
    "release_title": lambda each: each.title,
    "artist": lambda each: each.artist,
    "label": lambda each: " ".join(label.name for label in each.labels),
    "genre": lambda each: " ".join(each.genres),
    "style": lambda each: " ".join(each.styles),
    "country": lambda each: each.country,
    "year": lambda each: str(each.year),
    "format": lambda each: " ".join(" ".join((one.name, *one.descriptions)) for one in each.formats),
    "catno": lambda each: each.labels[0].catno,
    "barcode": lambda each: each.barcode,
}
_KEYS: dict[str, Callable[[Release], object]] = {
    "year": lambda each: each.year,
    "title": lambda each: f"{each.artist} - {each.title}".casefold(),
    "label": lambda each: each.labels[0].name.casefold(),
    "have": lambda each: each.have,
    "want": lambda each: each.want,
}


def show_results(call: Call) -> Answer:
    """Find releases; words that match nothing give no results, not an error. Only releases are simulated."""
    if call.query.get("type", "release") not in KINDS:
        raise Unprocessable(f"Invalid type: expected one of {', '.join(KINDS)}", where=("query", "type"))
    sort, is_descending = asked_sort(call, SORTS, "relevance")
    found = _matching(call) if call.query.get("type", "release") == "release" else []
    if sort in _KEYS:
        found = sorted(found, key=_KEYS[sort], reverse=is_descending)  # type: ignore[arg-type]  # strings or ints
    page = asked_page(call, min(len(found), CAP))
    if page.start >= CAP:
        raise NotFound(PAST_END)
    rows = found[page.start : min(page.start + page.size, CAP)]
    if page.number % 3 == 2 and page.number < page.pages:
        rows = rows[: -1 - page.number % 2]  # as measured: 47 or 49 of 50, though more pages follow
    return paged(call, page, "results", [dumped(_row(each, call)) for each in rows])


def _matching(call: Call) -> list[Release]:
    asked = [
        (_TESTS[name], value.casefold().split())
        for name, value in call.query.items()
        if name in _TESTS and value.strip()
    ]
    return [
        each
        for each in _searched(call.world.catalogue)
        if all(all(word in read(each).casefold() for word in words) for read, words in asked)
    ]


@lru_cache(maxsize=4)
def _searched(catalogue: Catalogue) -> list[Release]:
    ids = (FIRST_RELEASE + number for number in range(SEARCHED))
    return [catalogue.release(each) for each in ids if catalogue.exists(each)]


def _row(release: Release, call: Call) -> Json:
    """Year is text here and may be missing; pictures are shown to whoever is known."""
    account, base = call.caller.account, call.world.url
    is_known = call.caller.has_credentials
    shape: Json = {
        "country": release.country,
        "format": [part for each in release.formats for part in (each.name, *each.descriptions)],
        "label": [each.name for each in release.labels],
        "type": "release",
        "genre": list(release.genres),
        "style": list(release.styles),
        "id": release.id,
        "barcode": [f"{release.labels[0].catno} A1", release.barcode],
        "user_data": {
            "in_wantlist": account is not None and release.id in account.wants,
            "in_collection": account is not None and bool(account.copies(release.id)),
        },
        "master_id": release.master_id,
        "master_url": f"{base}/masters/{release.master_id}" if release.master_id else None,
        "uri": f"/release/{release.id}",
        "catno": release.labels[0].catno,
        "title": f"{release.artist} - {release.title}",
        "thumb": picture(release, call.world, 150) if is_known else "",
        "cover_image": picture(release, call.world, 600) if is_known else "",
        "resource_url": f"{base}/releases/{release.id}",
        "community": {"want": release.want, "have": release.have},
        "format_quantity": sum(int(each.qty) for each in release.formats),
        "formats": [
            {"name": each.name, "qty": each.qty, "text": each.text or "", "descriptions": list(each.descriptions)}
            for each in release.formats
        ],
    }
    return shape | ({"year": str(release.year)} if release.year else {})
