"""The answers have the keys and types of Discogs' own, which stand here as compact shapes.

A shape is a type, several types, a list with the shape of its items, or a dict; keys ending in ``?`` may be missing.
"""

import json
import os
from pathlib import Path

import pytest

NUMBER = (int, float)
NULLABLE_TEXT, NULLABLE_NUMBER = (str, type(None)), (int, float, type(None))
ARTIST = {"name": str, "anv": str, "join": str, "role": str, "tracks": str, "id": int, "resource_url": str}
LABEL = {"name": str, "catno": str, "entity_type": str, "entity_type_name?": str, "id": int, "resource_url": str}
FORMAT = {"name": str, "qty": str, "text?": str, "descriptions?": [str]}
BASIC = {
    "id": int,
    "master_id?": int,
    "master_url?": NULLABLE_TEXT,
    "resource_url": str,
    "thumb?": str,
    "cover_image?": str,
    "title": str,
    "year?": int,
    "formats": [FORMAT],
    "labels": [LABEL],
    "artists": [ARTIST],
    "genres?": [str],
    "styles?": [str],
}
PAGINATION = {
    "page": int,
    "pages": int,
    "per_page": int,
    "items": int,
    "urls": {"first?": str, "prev?": str, "next?": str, "last?": str},
}
ITEM = {"id": int, "instance_id": int, "date_added?": str, "rating": int, "basic_information": BASIC}
NOTES = {"notes?": [{"field_id": int, "value": str}]}
WANT = {
    "id": int,
    "resource_url": str,
    "date_added?": str,
    "basic_information": BASIC,
    "rating": int,
    "notes?": str,
    "notes_public?": bool,
}
IMAGE = {"type": str, "uri": str, "resource_url": str, "uri150": str, "width": int, "height": int}
TRACK = {"position": str, "type_": str, "title": str, "duration": str, "extraartists?": [ARTIST]}
VIDEO = {"uri": str, "title": str, "description": str, "duration": int, "embed": bool}
CREDIT = {"username": str, "resource_url": str}
RELEASE = {
    "id": int,
    "status": str,
    "year": int,
    "resource_url": str,
    "uri": str,
    "artists": [ARTIST],
    "artists_sort?": str,
    "labels": [LABEL],
    "series": list,
    "companies": list,
    "formats": [FORMAT],
    "data_quality": str,
    "community": {
        "have": int,
        "want": int,
        "rating": {"count": int, "average": NUMBER},
        "submitter": CREDIT,
        "contributors": [CREDIT],
        "data_quality": str,
        "status": str,
    },
    "format_quantity": int,
    "date_added?": str,
    "date_changed?": str,
    "num_for_sale?": int,
    "lowest_price?": NULLABLE_NUMBER,
    "master_id?": int,
    "master_url?": str,
    "title": str,
    "country?": str,
    "released?": str,
    "released_formatted?": str,
    "notes?": str,
    "identifiers": [{"type": str, "value": str, "description?": str}],
    "videos?": [VIDEO],
    "genres": [str],
    "styles?": [str],
    "tracklist": [TRACK],
    "extraartists?": [ARTIST],
    "images?": [IMAGE],
    "thumb": str,
    "estimated_weight?": int,
    "blocked_from_sale?": bool,
    "is_offensive?": bool,
}
MASTER = {
    "id": int,
    "main_release": int,
    "most_recent_release?": int,
    "resource_url": str,
    "uri": str,
    "versions_url": str,
    "main_release_url": str,
    "most_recent_release_url?": str,
    "num_for_sale?": int,
    "lowest_price?": NULLABLE_NUMBER,
    "images?": [IMAGE],
    "genres": [str],
    "styles?": [str],
    "year": int,
    "tracklist": [TRACK],
    "artists": [ARTIST],
    "title": str,
    "data_quality": str,
    "videos?": [VIDEO],
}
COUNTS = {"in_wantlist": int, "in_collection": int}
VERSION = {
    "id": int,
    "label": str,
    "country": str,
    "title": str,
    "major_formats?": [str],
    "format": str,
    "catno": str,
    "released": str,
    "status": str,
    "resource_url": str,
    "thumb": str,
    "stats?": {"community": COUNTS, "user": COUNTS},
}
FOLDER = {"id": int, "name": str, "count": int, "resource_url": str}
FIELD = {
    "id": int,
    "name": str,
    "type": str,
    "position": int,
    "public": bool,
    "options?": [str],
    "lines?": int,
}
PRICE = {"currency": str, "value": NUMBER}
ROW = {
    "country": str,
    "year?": str,
    "format": [str],
    "label": [str],
    "type": str,
    "genre": [str],
    "style": [str],
    "id": int,
    "barcode?": [str],
    "user_data?": {"in_wantlist": bool, "in_collection": bool},
    "master_id?": int,
    "master_url?": NULLABLE_TEXT,
    "uri": str,
    "catno": str,
    "title": str,
    "thumb": str,
    "cover_image?": str,
    "resource_url": str,
    "community?": {"want": int, "have": int},
    "format_quantity?": int,
    "formats?": [FORMAT],
}
_PROFILE_TEXTS = (
    "resource_url uri username name profile registered inventory_url wantlist_url "
    "collection_folders_url collection_fields_url"
)
_PROFILE_NUMBERS = "rank num_pending num_for_sale num_lists releases_contributed releases_rated rating_avg"
_NEWER = {
    "avatar_url": str,
    "banner_url": str,
    "curr_abbr": str,
    "activated": bool,
    "marketplace_suspended": bool,
    "is_staff": bool,
    "buyer_rating": NUMBER,
    "buyer_rating_stars": NUMBER,
    "buyer_num_ratings": int,
    "seller_rating": NUMBER,
    "seller_rating_stars": NUMBER,
    "seller_num_ratings": int,
    "num_unread": int,
}
PROFILE = {
    "id": int,
    **dict.fromkeys(_PROFILE_TEXTS.split(), str),
    **dict.fromkeys(_PROFILE_NUMBERS.split(), NUMBER),
    "home_page": str,
    "location": str,
    "num_collection?": int,
    "num_wantlist?": int,
    "email?": str,
    **{f"{name}?": shape for name, shape in _NEWER.items()},
}
GRADES = "Mint (M),Near Mint (NM or M-),Very Good Plus (VG+),Very Good (VG),Good Plus (G+),Good (G),Fair (F),Poor (P)"

SHAPES = {
    "/oauth/identity": {"id": int, "username": str, "resource_url": str, "consumer_name": str},
    "/users/ada": PROFILE,
    "/users/ada/collection/folders": {"folders": [FOLDER]},
    "/users/ada/collection/fields": {"fields": [FIELD]},
    "/users/ada/collection/value": {"maximum": str, "median": str, "minimum": str},
    "/users/ada/collection/folders/0/releases?per_page=100": {
        "pagination": PAGINATION,
        "releases": [ITEM | NOTES | {"folder_id": int}],
    },
    "/users/ada/wants?per_page=100": {"pagination": PAGINATION, "wants": [WANT]},
    "/releases/5000001": RELEASE,
    "/masters/2250000": MASTER,
    "/masters/2250000/versions": {
        "pagination": PAGINATION,
        "versions": [VERSION],
        "filters?": {"applied": dict, "available": dict},
        "filter_facets?": list,
    },
    "/marketplace/stats/5000001": {
        "num_for_sale": int,
        "lowest_price": (dict, type(None)),
        "blocked_from_sale": bool,
    },
    "/marketplace/price_suggestions/5000001": dict.fromkeys(GRADES.split(","), PRICE),
    "/database/search?q=velvet": {"pagination": PAGINATION, "results": [ROW]},
}

# Which shape each recorded or documented sample must fit: so the shapes themselves are held against Discogs.
SAMPLES = {
    "recorded_collection.json": {"pagination": PAGINATION, "releases": [ITEM]},
    "recorded_wants.json": {"pagination": PAGINATION, "wants": [WANT]},
    "documented_identity.json": SHAPES["/oauth/identity"],
    "documented_user_profile.json": PROFILE,
    "documented_user_folders.json": SHAPES["/users/ada/collection/folders"],
    "documented_fields.json": SHAPES["/users/ada/collection/fields"],
    "documented_user_collection.json": {"pagination": PAGINATION, "releases": [ITEM]},
    "documented_user_wantlist.json": {"pagination": PAGINATION, "wants": [WANT]},
    "documented_wantlist_release.json": WANT,
    "documented_release.json": RELEASE,
    "documented_master_release.json": MASTER,
    "documented_master_release_versions.json": SHAPES["/masters/2250000/versions"],
    "documented_price_suggestions.json": SHAPES["/marketplace/price_suggestions/5000001"],
    "documented_search_results.json": SHAPES["/database/search?q=velvet"],
}


def misfits(value, shape, place="$"):
    """Tell where a value does not have its shape."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{place} is no list"]
        return [each for n, item in enumerate(value) for each in misfits(item, shape[0], f"{place}[{n}]")]
    if not isinstance(shape, dict):
        types = shape if isinstance(shape, tuple) else (shape,)
        is_fit = type(value) in types
        return [] if is_fit else [f"{place} is {type(value).__name__} and not {shape}"]
    if not isinstance(value, dict):
        return [f"{place} is no object"]
    known = {name.rstrip("?"): (name.endswith("?"), inner) for name, inner in shape.items()}
    found = [f"{place}.{name} is unknown" for name in value.keys() - known.keys()]
    for name, (may_miss, inner) in known.items():
        if name in value:
            found += misfits(value[name], inner, f"{place}.{name}")
        elif not may_miss:
            found.append(f"{place}.{name} is missing")
    return found


@pytest.mark.parametrize("path", SHAPES)
def test_an_answer_has_the_shape_of_discogs(discogs, owner, client, path):
    got = client(discogs, owner).get(path).raise_for_status().json()
    assert misfits(got, SHAPES[path]) == []


def test_the_strangers_view_has_the_recorded_shape(discogs, owner, client):
    got = client(discogs).get("/users/ada/collection/folders/0/releases").json()
    assert misfits(got, {"pagination": PAGINATION, "releases": [ITEM | NOTES]}) == []


def test_an_inventory_row_has_the_shape_of_discogs(discogs, owner, client):
    row = client(discogs, owner).get("/users/ada/inventory").json()["listings"][0]
    community = {"community": COUNTS}
    release = dict.fromkeys(
        ("title", "artist", "label", "catalog_number", "format", "description", "thumbnail", "resource_url"), str
    )
    shape = {
        "id": int,
        **dict.fromkeys(
            ("resource_url", "uri", "status", "condition", "sleeve_condition", "comments", "ships_from", "posted"), str
        ),
        **dict.fromkeys(("allow_offers", "offer_submitted", "audio"), bool),
        "price": PRICE,
        "original_price": {"curr_abbr": str, "curr_id": int, "formatted": str, "value": NUMBER},
        "shipping_price": {},
        "original_shipping_price": {},
        "seller": {
            **dict.fromkeys(("id", "uid"), int),
            **dict.fromkeys(("username", "avatar_url", "html_url", "url", "payment", "shipping", "resource_url"), str),
            "stats": {"rating": str, "stars": NUMBER, "total": int},
            "min_order_total": NUMBER,
        },
        "release": release | {"id": int, "year": int, "images": list, "stats": community},
    }
    assert misfits(row, shape) == []


def test_a_misfit_is_noticed_wherever_it_is():
    shape = {"a": [{"b": int, "c?": str}]}
    assert misfits({"a": [{"b": 1}, {"b": 2, "c": "x"}]}, shape) == []
    assert misfits({"a": [{"b": True}]}, shape) == ["$.a[0].b is bool and not <class 'int'>"]
    assert misfits({"a": [{"c": "x"}]}, shape) == ["$.a[0].b is missing"]
    assert misfits({"a": [{"b": 1, "d": 1}]}, shape) == ["$.a[0].d is unknown"]


def test_the_shapes_fit_recorded_and_documented_answers_where_they_are_at_hand():
    folder = os.environ.get("REKKRD_SAMPLES")
    for name, shape in SAMPLES.items() if folder else ():
        assert misfits(json.loads((Path(folder) / name).read_text(encoding="utf-8")), shape) == [], name
