"""Imports of answers that are odd or silent in one place: everything else comes in, and nothing known is lost."""

import copy
from dataclasses import dataclass, field

import pytest

from actors.syncing.telling import Names, sentence
from db import sync_log
from discogs.records.collection import CollectionPage, Field, Folder
from discogs.records.reading import needed_rows
from discogs.records.wants import WantPage
from tests.actors.conftest import GRADES, FakeDiscogs

TOO_LARGE = 2**63
BASIC = {
    "master_id": 7,
    "title": "Ines's Cranes",
    "year": 1999,
    "artists": [{"name": "The Cranes (2)", "id": 5}],
    "labels": [{"name": "Label", "catno": "LP 1"}],
    "formats": [{"name": "Vinyl", "qty": "1", "descriptions": ["LP"]}],
    "genres": ["Rock"],
    "styles": ["Prog"],
    "thumb": "t",
    "cover_image": "c",
}
CREATED, BEGAN = "2020-01-01T00:00:00-08:00", "2021-01-01T00:00:00-08:00"


def copy_json(number):
    return {
        "id": 100 + number,
        "instance_id": 3_000_000_000 + number,
        "folder_id": 1,
        "rating": 4,
        "date_added": CREATED,
        "notes": [{"field_id": 1, "value": "Mint (M)"}, {"field_id": 3, "value": "n"}, {"field_id": 9, "value": "own"}],
        "basic_information": {"id": 100 + number, **copy.deepcopy(BASIC)},
    }


def want_json(number):
    want = copy_json(number) | {"notes": "only mono"}
    del want["instance_id"], want["folder_id"]
    return want


FIELDS = [
    {"id": 1, "name": "Media", "type": "dropdown", "position": 1, "public": True, "options": list(GRADES)},
    {"id": 3, "name": "Notes", "type": "textarea", "position": 3, "public": True, "lines": 3},
    {"id": 9, "name": "Shop", "type": "textarea", "position": 4, "public": False, "lines": 1},
]
FOLDERS = [{"id": 0, "name": "All", "count": 12}, {"id": 1, "name": "Uncategorized", "count": 12}]


@dataclass
class Wire(FakeDiscogs):
    """An account whose answers are JSON."""

    json: dict = field(
        default_factory=lambda: {
            "releases": [copy_json(number) for number in range(12)],
            "wants": [want_json(number) for number in range(12)],
            "fields": copy.deepcopy(FIELDS),
            "folders": copy.deepcopy(FOLDERS),
        }
    )

    def folders(self, username):
        return needed_rows(self.json, "folders", Folder.parse)

    def fields(self, username):
        return needed_rows(self.json, "fields", Field.parse)

    def collection_page(self, username, **asked):
        return CollectionPage.parse(self._paged())

    def wants_page(self, username, **asked):
        return WantPage.parse(self._paged())

    def _paged(self):
        return {**self.json, "pagination": {"page": 1, "pages": 1, "per_page": 100, "items": 12}}


@pytest.fixture
def wire(drive):
    drive.discogs = Wire()
    return drive.discogs.json


TABLES = {
    "rekkrd.releases": "release_id",
    "rekkrd.instances": "instance_id",
    "rekkrd.wants": "release_id",
    "rekkrd.agreed": "instance_id",
    "rekkrd.folders": "folder_id",
    "rekkrd.fields": "field_id",
    "public.albums": "discogs_instance_id",
    "public.discogs_wantlist": "discogs_release_id",
}
BOOKKEEPING = {"fetched_at", "seen_in", "first_seen_at", "agreed_at"}


def stored(drive):
    return {
        table: [
            {name: value for name, value in row.items() if name not in BOOKKEEPING}
            for row in drive.rows(f"SELECT * FROM {table} ORDER BY {key}")
        ]
        for table, key in TABLES.items()
    }


ODD_COPIES = [
    ("basic_information", {"artists": [None]}),
    ("basic_information", {"artists": ["x"]}),
    ("basic_information", {"labels": [None, {"name": "L", "catno": "C"}]}),
    ("basic_information", {"formats": [None]}),
    ("basic_information", {"master_id": TOO_LARGE}),
    ("basic_information", {"year": 10**400}),
    ("basic_information", None),
    ("notes", [None]),
    ("notes", [{"field_id": TOO_LARGE, "value": "x"}]),
    ("notes", [{"field_id": TOO_LARGE - 1, "value": "x"}]),
    ("rating", TOO_LARGE),
    ("date_added", 7),
]


@pytest.mark.parametrize(("key", "odd"), ODD_COPIES, ids=str)
def test_an_odd_fact_does_not_stop_an_import(drive, wire, key, odd):
    wire["releases"][5][key] = wire["releases"][5][key] | odd if isinstance(odd, dict) else odd
    assert drive.import_collection().outcome == "12 records: complete."
    assert drive.one("SELECT count(*) FROM albums") == 12


@pytest.mark.parametrize("listed", ["releases", "wants"])
@pytest.mark.parametrize("odd", [None, "x", {"id": None}, {"id": TOO_LARGE}, {}], ids=str)
def test_an_unreadable_entry_is_named_and_nothing_goes_missing(drive, wire, listed, odd):
    run = drive.import_collection if listed == "releases" else drive.import_wantlist
    run()
    wire[listed][5] = wire[listed][5] | odd if odd == {"id": None} else odd
    noun = "records" if listed == "releases" else "wants"
    outcome = run().outcome
    assert outcome.startswith(f"11 of 12 {noun}. 1 could not be read: page 1, entry 6")
    assert drive.missing() == 0
    assert drive.one("SELECT count(*) FROM rekkrd.wants WHERE missing_since IS NOT NULL") == 0
    assert drive.rows("SELECT outcome FROM rekkrd.sweeps ORDER BY started_at DESC LIMIT 1") == [
        {"outcome": "unreadable"}
    ]
    line = sync_log.of_user(drive.conn, drive.user_id, 1)[0]
    assert line.status == "failed"
    assert sentence(line, Names()).startswith("Not read from Discogs: page 1, entry 6")


@pytest.mark.parametrize("key", ["instance_id", "folder_id", "id"])
@pytest.mark.parametrize("value", [None, TOO_LARGE, "?"])
def test_a_copy_with_an_unreadable_key_is_set_aside(drive, wire, key, value):
    wire["releases"][5][key] = value
    outcome = drive.import_collection().outcome
    assert outcome.startswith("11 of 12 records. 1 could not be read: page 1, entry 6 (release 105, ")
    assert drive.one("SELECT count(*) FROM albums") == 11


@pytest.mark.parametrize("listed", ["fields", "folders"])
@pytest.mark.parametrize("odd", [None, {"id": None}, {"id": TOO_LARGE}])
def test_an_unreadable_field_or_folder_deletes_none(drive, wire, listed, odd):
    drive.import_collection()
    before = stored(drive)
    wire[listed][0] = odd
    assert drive.import_collection().outcome == "12 records: complete."
    assert stored(drive) == before


def facts(source, path=()):
    """Return the paths of all facts of an entry, but for its keys."""
    keys = {"id", "instance_id", "folder_id"}
    return [
        place
        for key, value in source.items()
        if path or key not in keys
        for place in [(*path, key), *(facts(value, (*path, key)) if isinstance(value, dict) else [])]
        if place[-1] not in keys
    ]


PLACES = [
    (listed, path)
    for listed, entry in (
        ("releases", copy_json(5)),
        ("wants", want_json(5)),
        ("fields", FIELDS[0]),
        ("folders", FOLDERS[1]),
    )
    for path in facts(entry)
]


@pytest.mark.parametrize("way", ["null", "absent"])
@pytest.mark.parametrize(("listed", "path"), PLACES, ids=str)
def test_a_fact_that_is_not_told_is_kept(drive, wire, listed, path, way):
    if path == ("notes",) and way == "absent":
        pytest.skip("how Discogs says that there are none")
    drive.import_collection()
    drive.import_wantlist()
    before, lines = stored(drive), drive.one("SELECT count(*) FROM discogs_sync_log")
    for entry in wire[listed]:
        inner = entry
        for key in path[:-1]:
            inner = inner[key]
        if way == "absent":
            inner.pop(path[-1], None)
        else:
            inner[path[-1]] = None
    drive.import_collection()
    drive.import_wantlist()
    assert stored(drive) == before
    assert drive.one("SELECT count(*) FROM discogs_sync_log") == lines


NEVER_TOLD = {
    "rekkrd.wants": {"missing_since", "is_local_only"},
    "rekkrd.instances": {"missing_since", "sleeve_condition"},
    "public.albums": {"matrix_number", "pressing_country", "sleeve_condition"},
}


@pytest.mark.parametrize("table", ["rekkrd.releases", "rekkrd.instances", "rekkrd.wants", "public.albums"])
def test_the_answers_of_these_tests_fill_every_column(drive, wire, table):
    drive.import_collection()
    drive.import_wantlist()
    row = stored(drive)[table][0]
    empty = {name for name, value in row.items() if value in (None, "", [], {}) or value == 0}
    assert empty == NEVER_TOLD.get(table, set())


@pytest.mark.parametrize(("key", "column"), [("year", "year"), ("master_id", "discogs_master_id")])
@pytest.mark.parametrize("empty", [0, ""])
def test_zero_and_empty_text_do_empty_a_year_and_a_master(drive, wire, key, column, empty):
    drive.import_collection()
    for entry in wire["releases"]:
        entry["basic_information"][key] = empty
    drive.import_collection()
    assert drive.one(f"SELECT count({column}) FROM albums") == 0
