"""Every field that Discogs documents or was seen to send is in the record; ``REKKRD_SAMPLES`` names more answers."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from discogs.grades import spell
from discogs.records.catalogue import Master, MasterVersions, Release
from discogs.records.collection import CollectionPage, Field, Folder
from discogs.records.market import PriceSuggestions
from discogs.records.people import Identity, Profile
from discogs.records.reading import needed_rows
from discogs.records.search import SearchPage
from discogs.records.wants import Want, WantPage

ARTIST = {
    "id": 5852757,
    "name": "Éxample (2)",
    "anv": "E. Xample",
    "join": "&",
    "role": "Drums",
    "tracks": "A1 to A3",
    "resource_url": "https://api.discogs.com/artists/5852757",
    "thumbnail_url": "https://i.discogs.com/a.jpeg",
}
LABEL = {
    "id": 11499,
    "name": "Label",
    "catno": "LP 1",
    "entity_type": "1",
    "entity_type_name": "Label",
    "resource_url": "https://api.discogs.com/labels/11499",
    "thumbnail_url": "https://i.discogs.com/l.jpeg",
}
FORMATS = [
    {"name": "CD", "qty": "1" * 64, "descriptions": ["Album"]},
    {"name": "All Media", "qty": "1", "text": "Earbook, Red Translucent", "descriptions": []},
    {"name": "File", "qty": "1"},
]
BASIC = {
    "id": 14373012,
    "master_id": 1632532,
    "master_url": "https://api.discogs.com/masters/1632532",
    "resource_url": "https://api.discogs.com/releases/14373012",
    "thumb": "https://i.discogs.com/t.jpeg",
    "cover_image": "https://i.discogs.com/c.jpeg",
    "title": "Title \N{MUSICAL SYMBOL G CLEF}",
    "year": 2019,
    "formats": FORMATS,
    "labels": [LABEL, {**LABEL, "catno": "none"}],
    "artists": [ARTIST, {**ARTIST, "id": 1}],
    "genres": ["Rock", "Classical"],
    "styles": ["Symphonic Rock"],
}
UNKNOWN = {**BASIC, "year": 0, "master_id": 0, "master_url": None, "thumb": "", "styles": []}
TRACK = {"position": "A1", "type_": "track", "title": "Song", "duration": "3:40"}
IMAGE = {"type": "secondary", "uri": "u", "resource_url": "r", "uri150": "s", "width": 600, "height": 597}
VIDEO = {"uri": "https://example.org", "title": "t", "description": "d", "duration": 212, "embed": True}
ONE_PAGE = {"page": 1, "pages": 1, "per_page": 50, "items": 2, "urls": {}}
WANT = {
    "id": 14373012,
    "resource_url": "https://api.discogs.com/users/example/wants/14373012",
    "date_added": "2025-01-30T13:46:00-08:00",
    "basic_information": BASIC,
    "rating": 3,
    "notes": "only the German press",
    "notes_public": False,
}
SYNTHETIC = {
    "identity": {"id": 1, "username": "example", "resource_url": "r", "consumer_name": "Name"},
    "user_profile": {
        **{
            key: key for key in ("username", "name", "email", "profile", "location", "home_page", "uri", "resource_url")
        },
        **{key: key for key in ("avatar_url", "banner_url", "inventory_url", "wantlist_url")},
        **dict.fromkeys(("id", "num_collection", "num_wantlist", "num_for_sale", "num_lists", "num_pending"), 2),
        **dict.fromkeys(("releases_contributed", "releases_rated", "buyer_num_ratings", "seller_num_ratings"), 3),
        **{key: Decimal("4.5") for key in ("rank", "rating_avg", "buyer_rating", "buyer_rating_stars")},
        **{key: Decimal("4.5") for key in ("seller_rating", "seller_rating_stars")},
        **dict.fromkeys(("activated", "marketplace_suspended", "is_staff"), True),
        "collection_folders_url": "f",
        "collection_fields_url": "g",
        "curr_abbr": "EUR",
        "num_unread": 5,
        "registered": "2021-12-17T15:24:46-08:00",
    },
    "user_folders": {"folders": [{"id": 0, "name": "All", "count": 23, "resource_url": "r"}]},
    "fields": {
        "fields": [
            {"id": 1, "name": "Media", "type": "dropdown", "position": 1, "public": True, "options": ["Mint (M)"]},
            {"id": 9, "name": "Shop", "type": "textarea", "position": 4, "public": False, "lines": 3},
        ]
    },
    "user_collection": {
        "pagination": ONE_PAGE,
        "releases": [
            {
                "id": 14373012,
                "instance_id": 2**31 + 5,
                "date_added": "2021-12-21T15:43:46-08:00",
                "rating": 5,
                "basic_information": BASIC,
                "folder_id": 1,
                "notes": [{"field_id": 1, "value": "Near Mint (NM or M-)"}, {"field_id": 9, "value": " Lyon\r\n"}],
            },
            {
                "id": 2,
                "instance_id": 8,
                "date_added": "2021-07-01T00:00:00-07:00",
                "rating": 0,
                "basic_information": UNKNOWN,
                "folder_id": 7,
            },
        ],
    },
    "user_wantlist": {"pagination": ONE_PAGE, "wants": [WANT, {"id": 2, "rating": 0, "basic_information": UNKNOWN}]},
    "wantlist_release": WANT,
    "price_suggestions": {
        "Mint (M)": {"currency": "USD", "value": Decimal("145.79866227900087")},
        "Near Mint (NM or M-)": {"currency": "USD", "value": 130},
    },
    "master_release": {
        **{key: key for key in ("title", "data_quality", "notes", "uri", "resource_url", "versions_url")},
        **{key: key for key in ("main_release_url", "most_recent_release_url")},
        "id": 50683,
        "main_release": 381756,
        "most_recent_release": 31329322,
        "num_for_sale": 257,
        "lowest_price": Decimal("8.76"),
        "year": 1982,
        "genres": ["Rock"],
        "styles": ["Punk"],
        "artists": [ARTIST],
        "tracklist": [{**TRACK, "extraartists": [ARTIST], "artists": [ARTIST]}],
        "images": [IMAGE],
        "videos": [VIDEO],
    },
    "master_release_versions": {
        "pagination": ONE_PAGE,
        "versions": [
            {
                **{key: key for key in ("label", "country", "title", "format", "catno", "released", "status", "thumb")},
                "id": 18926,
                "resource_url": "r",
                "major_formats": ["Vinyl"],
                "stats": {
                    "community": {"in_wantlist": 765, "in_collection": 1067},
                    "user": {"in_wantlist": 0, "in_collection": 1},
                },
            }
        ],
    },
    "release": {
        **{
            key: key for key in ("status", "uri", "resource_url", "artists_sort", "data_quality", "master_url", "title")
        },
        **{key: key for key in ("country", "released", "released_formatted", "notes", "thumb")},
        "id": 12856557,
        "year": 0,
        "artists": [ARTIST],
        "extraartists": [ARTIST],
        "labels": [LABEL],
        "series": [LABEL],
        "companies": [{**LABEL, "entity_type": "17", "entity_type_name": "Pressed By"}],
        "formats": FORMATS,
        "format_quantity": 2,
        "community": {
            "have": 187,
            "want": 56,
            "rating": {"count": 7, "average": Decimal("4.29")},
            "submitter": {"username": "u", "resource_url": "r"},
            "contributors": [{"username": "v", "resource_url": "s"}],
            "data_quality": "Needs Vote",
            "status": "Accepted",
        },
        "date_added": "2018-11-26T13:01:02-08:00",
        "date_changed": "2026-05-29T09:35:58-07:00",
        "num_for_sale": 7,
        "lowest_price": Decimal("7.4"),
        "master_id": 84975,
        "identifiers": [{"type": "Barcode", "value": "7 27361", "description": "Text"}],
        "videos": [VIDEO],
        "genres": ["Rock"],
        "styles": ["Soft Rock"],
        "tracklist": [TRACK, {**TRACK, "type_": "index", "sub_tracks": [TRACK]}],
        "images": [IMAGE],
        "estimated_weight": 85,
        "blocked_from_sale": True,
        "is_offensive": True,
    },
    "search_results": {
        "pagination": ONE_PAGE,
        "results": [
            {
                **{key: key for key in ("country", "type", "uri", "catno", "title", "thumb", "cover_image")},
                "id": 381756,
                "year": "1982",
                "format": ["Vinyl", "LP"],
                "label": ["Clay Records"],
                "genre": ["Rock"],
                "style": ["Punk"],
                "barcode": ["5 014438 200319"],
                "user_data": {"in_wantlist": False, "in_collection": True},
                "master_id": 50683,
                "master_url": "m",
                "resource_url": "r",
                "community": {"want": 2165, "have": 3739},
                "format_quantity": 1,
                "formats": FORMATS,
            }
        ],
    },
}
SYNTHETIC["collection"] = SYNTHETIC["user_collection"]
SYNTHETIC["wants"] = SYNTHETIC["user_wantlist"]

PARSERS: dict[str, Callable[[dict[str, object]], object]] = {
    "identity": Identity.parse,
    "user_profile": Profile.parse,
    "user_folders": lambda o: SimpleNamespace(folders=needed_rows(o, "folders", Folder.parse).items),
    "fields": lambda o: SimpleNamespace(fields=needed_rows(o, "fields", Field.parse).items),
    "user_collection": CollectionPage.parse,
    "collection": CollectionPage.parse,
    "user_wantlist": WantPage.parse,
    "wants": WantPage.parse,
    "wantlist_release": Want.parse,
    "price_suggestions": PriceSuggestions.parse,
    "master_release": Master.parse,
    "master_release_versions": MasterVersions.parse,
    "release": Release.parse,
    "search_results": SearchPage.parse,
}

# Where a record has a field under another name or in another form: how to get it back as Discogs sent it.
ELSEWHERE: dict[str, Callable[[object], object]] = {
    "basic_information": lambda r: r.basic,
    "curr_abbr": lambda r: r.currency,
    "extraartists": lambda r: r.extra_artists,
    "lowest_price": lambda r: r.lowest_price_usd,
    "releases": lambda r: r.items,
    "wants": lambda r: r.items,
    "versions": lambda r: r.items,
    "results": lambda r: r.items,
    "type_": lambda r: r.type,
    "BasicInformation.id": lambda r: r.release_id,
    "CollectionItem.id": lambda r: r.release_id,
    "Want.id": lambda r: r.release_id,
    "Community.rating": lambda r: {"count": r.ratings, "average": r.rating},
    "Found.label": lambda r: r.labels,
    "Found.format": lambda r: r.format_words,
    "Found.genre": lambda r: r.genres,
    "Found.style": lambda r: r.styles,
    "Found.barcode": lambda r: r.barcodes,
    "Found.community": lambda r: {"want": r.want, "have": r.have},
    "Found.user_data": lambda r: {"in_wantlist": r.in_own_wantlist, "in_collection": r.in_own_collection},
    "Version.stats": lambda r: {
        "community": {"in_wantlist": r.in_wantlists, "in_collection": r.in_collections},
        "user": {"in_wantlist": r.in_own_wantlist, "in_collection": r.in_own_collection},
    },
    # The neighbours' addresses follow from page and pages.
    "pagination": lambda r: {"page": r.page, "pages": r.pages, "per_page": r.per_page, "items": r.total_items},
}  # fmt: skip


def lost(source: dict[str, object], record: object, path: str) -> Iterator[str]:
    """Name each field of the answer that cannot be got back out of the record."""
    for key, value in source.items():
        where = f"{path}.{key}"
        yield from differs(value, taken(record, key), where, key)


def taken(record: object, key: str) -> object:
    if isinstance(record, dict):
        return record.get(key)
    if isinstance(record, PriceSuggestions):
        by_name = {spell(short): money for short, money in record.by_grade.items()}
        return {"currency": by_name[key].currency, "value": by_name[key].amount} if key in by_name else None
    by = ELSEWHERE.get(f"{type(record).__name__}.{key}") or ELSEWHERE.get(key)
    return by(record) if by else getattr(record, key, None)


def differs(value: object, got: object, where: str, key: str) -> Iterator[str]:
    if isinstance(got, datetime):
        then = datetime.fromisoformat(str(value))
        same = got.utcoffset().total_seconds() == 0 and got == (then if then.tzinfo else then.replace(tzinfo=UTC))
    elif key == "urls":
        same = True
    elif isinstance(value, dict):
        yield from lost(value, got, where)
        return
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        same = isinstance(got, tuple) and len(got) == len(value)
        for nth, (row, parsed) in enumerate(zip(value, got or (), strict=False)):
            yield from lost(row, parsed, f"{where}[{nth}]")
    elif isinstance(value, list):
        same = got == tuple(value)
    elif value in {0, None} and key in {"year", "master_id", "master_url"}:
        same = not got
    elif key == "year":
        same = str(got) == str(value)
    else:
        same = got == value and isinstance(got, bool) == isinstance(value, bool)
    if not same:
        yield where


@pytest.mark.parametrize("kind", SYNTHETIC)
def test_no_field_of_an_answer_is_lost(kind):
    source = json.loads(json.dumps(SYNTHETIC[kind], default=float), parse_float=Decimal)
    assert list(lost(source, PARSERS[kind](source), kind)) == []


SAMPLES = sorted(Path(os.environ["REKKRD_SAMPLES"]).glob("*.json")) if "REKKRD_SAMPLES" in os.environ else []


@pytest.mark.skipif(not SAMPLES, reason="REKKRD_SAMPLES names no folder of recorded answers")
@pytest.mark.parametrize("path", SAMPLES or [Path("none.json")], ids=lambda path: path.stem)
def test_no_field_of_a_recorded_answer_is_lost(path):
    kind = path.stem.partition("_")[2]
    source = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    assert list(lost(source, PARSERS[kind](source), kind)) == []


def test_a_field_that_is_lost_is_found():
    source = {**SYNTHETIC["identity"], "shoe_size": 46}
    assert list(lost(source, Identity.parse(source), "identity")) == ["identity.shoe_size"]


@pytest.mark.parametrize("kind", SYNTHETIC)
def test_unknown_keys_are_passed_over_at_every_depth(kind):
    def sprinkled(value):
        if isinstance(value, dict):
            extra = {} if kind == "price_suggestions" else {"unheard_of": [{"x": None}]}
            return {**{key: sprinkled(inner) for key, inner in value.items()}, **extra}
        return [sprinkled(inner) for inner in value] if isinstance(value, list) else value

    assert repr(PARSERS[kind](sprinkled(SYNTHETIC[kind]))) == repr(PARSERS[kind](SYNTHETIC[kind]))
