"""The catalogue: releases, masters and their versions."""

from random import Random

from simulator.answers.paging import asked_page, asked_sort, paged
from simulator.call import Answer, Call
from simulator.catalogue import words
from simulator.catalogue.pressing import Release
from simulator.catalogue.releases import titled
from simulator.errors import NotFound
from simulator.pacific import written
from simulator.shapes import Json, artist_shape, basic_information, dumped, picture

VERSION_SORTS = ("released", "title", "format", "label", "catno", "country")
_SUBMITTER = "sleeve_notes"


def show_release(call: Call) -> Answer:
    """Show a release. ``lowest_price`` is in USD whatever curr_abbr says, as measured (contract 3.2)."""
    release = call.world.catalogue.release(call.require_release())
    basic = basic_information(release, call.world)
    for key in ("basic_information", "cover_image") + (() if release.master_id else ("master_id", "master_url")):
        basic.pop(key, None)
    return Answer(body=dumped(basic | _details(release, call)))


def show_rating(call: Call) -> Answer:
    """Show the community's rating."""
    release_id = call.require_release()
    return Answer(body=dumped({"release_id": release_id, "rating": _rating(release_id)}))


def show_stats(call: Call) -> Answer:
    """Have and want are documented here and not answered (contract 3.2)."""
    call.require_release()
    return Answer(body=dumped({"is_offensive": False}))


def show_master(call: Call) -> Answer:
    """Show a master."""
    pressings = _pressings(call)
    main, latest = pressings[0], max(pressings, key=lambda each: each.year)
    base = call.world.url
    for_sale = [each.price for each in pressings if each.for_sale]
    shape: Json = {
        "id": main.master_id,
        "main_release": main.id,
        "most_recent_release": latest.id,
        "resource_url": f"{base}/masters/{main.master_id}",
        "uri": f"https://www.discogs.com/master/{main.master_id}",
        "versions_url": f"{base}/masters/{main.master_id}/versions",
        "main_release_url": f"{base}/releases/{main.id}",
        "most_recent_release_url": f"{base}/releases/{latest.id}",
        "num_for_sale": sum(each.for_sale for each in pressings),
        "lowest_price": float(min(for_sale)) if for_sale else None,
        "images": _images(main, call),
        "genres": list(main.genres),
        "styles": list(main.styles),
        "year": main.year,
        "tracklist": _tracks(main),
        "artists": [artist_shape(each, base) for each in main.artists],
        "title": main.title,
        "data_quality": "Correct",
    }
    return Answer(body=dumped(shape))


def show_versions(call: Call) -> Answer:
    """List the pressings of an album, with what the caller has of them."""
    pressings = _pressings(call)
    for name in ("format", "label", "country", "released"):
        wanted = call.query.get(name)
        if wanted:
            pressings = [each for each in pressings if str(_version(each, call)[_FILTERS[name]]).startswith(wanted)]
    sort, is_descending = asked_sort(call, VERSION_SORTS, "released")
    versions = sorted((_version(each, call) for each in pressings), key=lambda each: each[sort], reverse=is_descending)
    page = asked_page(call, len(versions))
    items = [dumped(each) for each in versions[page.start : page.start + page.size]]
    filters: Json = {"applied": {}, "available": {"format": {}, "label": {}, "country": {}, "released": {}}}
    return paged(call, page, "versions", items, filters=filters, filter_facets=[])


_FILTERS = {"format": "format", "label": "label", "country": "country", "released": "released"}


def _pressings(call: Call) -> list[Release]:
    pressings = call.world.catalogue.pressings(call.number("master_id"))
    if not pressings:
        raise NotFound("That master release does not exist or may have been deleted.")
    return pressings


def _details(release: Release, call: Call) -> Json:
    rng = Random(release.id)
    submitter = {"username": _SUBMITTER, "resource_url": call.world.user_url(_SUBMITTER)}
    released = str(release.year) if rng.random() < 0.6 else f"{release.year}-{rng.randint(1, 12):02d}-00"
    shape: Json = {
        "status": "Accepted",
        "uri": f"https://www.discogs.com/release/{release.id}",
        "artists_sort": release.artist.removeprefix("The "),
        "series": [],
        "companies": [],
        "data_quality": "Needs Vote",
        "community": {
            "have": release.have,
            "want": release.want,
            "rating": _rating(release.id),
            "submitter": submitter,
            "contributors": [submitter],
            "data_quality": "Needs Vote",
            "status": "Accepted",
        },
        "format_quantity": sum(int(each.qty) for each in release.formats),
        "date_added": written(1_200_000_000 + release.id),
        "date_changed": written(1_700_000_000 + release.id),
        "num_for_sale": release.for_sale,
        "lowest_price": float(release.price) if release.for_sale else None,
        "country": release.country,
        "identifiers": [
            {"type": "Barcode", "value": release.barcode},
            {"type": "Matrix / Runout", "value": f"{release.labels[0].catno} A1", "description": "Side A"},
        ],
        "genres": list(release.genres),
        "tracklist": _tracks(release),
        "extraartists": [],
        "images": _images(release, call),
        "estimated_weight": 230 * sum(int(each.qty) for each in release.formats),
        "blocked_from_sale": False,
        "is_offensive": False,
    }
    if release.year:
        shape |= {"released": released, "released_formatted": str(release.year)}
    if rng.random() < 0.3:
        shape["notes"] = "Comes with a printed inner sleeve."
    return shape


def _version(release: Release, call: Call) -> Json:
    account = call.caller.account
    owns, wants = (0, 0) if account is None else (len(account.copies(release.id)), int(release.id in account.wants))
    first = release.formats[0]
    return {
        "id": release.id,
        "label": release.labels[0].name,
        "country": release.country,
        "title": release.title,
        "major_formats": sorted({each.name for each in release.formats}),
        "format": ", ".join(first.descriptions),
        "catno": release.labels[0].catno,
        "released": str(release.year) if release.year else "",
        "status": "Accepted",
        "resource_url": f"{call.world.url}/releases/{release.id}",
        "thumb": picture(release, call.world, 150),
        "stats": {
            "community": {"in_wantlist": release.want, "in_collection": release.have},
            "user": {"in_wantlist": wants, "in_collection": owns},
        },
    }


def _images(release: Release, call: Call) -> list[Json]:
    url = picture(release, call.world, 600)
    small = picture(release, call.world, 150)
    return [{"type": "primary", "uri": url, "resource_url": url, "uri150": small, "width": 600, "height": 600}]


def _tracks(release: Release) -> list[Json]:
    """Invent the tracks of an album: the same on all its pressings."""
    rng = Random((release.master_id or release.id) + 17)
    count = rng.randint(6, 12)
    return [
        {
            "position": f"{'A' if number < count / 2 else 'B'}{number % -(-count // 2) + 1}",
            "type_": "track",
            "title": titled(rng, words.TRACK_PATTERNS),
            "duration": f"{rng.randint(2, 7)}:{rng.randint(0, 59):02d}",
        }
        for number in range(count)
    ]


def _rating(release_id: int) -> Json:
    rng = Random(release_id)
    return {"count": rng.randint(0, 300), "average": round(rng.uniform(3, 4.9), 2)}
