"""What both sides last agreed on, and which copies have no agreement yet."""

from dataclasses import replace
from uuid import uuid4

import pytest

from db import agreed, albums, instances, releases
from db.agreed import Pact
from db.albums import SHARED, Name
from db.instances import Copy
from db.releases import Release

RELEASE = Release(7, 5_000_000_007, "Title", "Artist", 1970, [], [{"catno": "none"}], [], (), (), "", "")
COPY = Copy(1, 7, 4, 0, None, "NM", None, "n", [])
FIELDS = dict.fromkeys(SHARED) | {"title": "Title"}


@pytest.fixture
def copies(conn, ada):
    releases.upsert(conn, [RELEASE, replace(RELEASE, release_id=8, title="title", labels=[{"catno": "X 1"}])])
    instances.upsert(
        conn, ada, uuid4(), [COPY, replace(COPY, instance_id=2), replace(COPY, instance_id=3, release_id=8)]
    )


def test_an_agreement_comes_back_with_its_album_as_it_is_now(conn, ada):
    (album_id,) = albums.create(conn, ada, {1: FIELDS}).values()
    agreed.upsert(conn, ada, [Pact(1, album_id, FIELDS)])
    conn.execute("UPDATE albums SET title = 'Edited'")
    (found,) = agreed.of_copies(conn, ada, [1, 2]).values()
    assert (found.fields["title"], found.album.fields["title"], found.album.id) == ("Title", "Edited", album_id)


def test_a_deleted_album_leaves_its_agreement(conn, ada):
    (album_id,) = albums.create(conn, ada, {1: FIELDS}).values()
    agreed.upsert(conn, ada, [Pact(1, album_id, FIELDS)])
    conn.execute("DELETE FROM albums")
    (found,) = agreed.of_copies(conn, ada, [1]).values()
    assert found.album is None


def test_an_album_that_was_deleted_meanwhile_gets_no_agreement(conn, ada):
    agreed.upsert(conn, ada, [Pact(1, uuid4(), FIELDS)])
    assert agreed.of_copies(conn, ada, [1]) == {}


def test_copies_without_an_agreement_are_listed_in_pieces(conn, ada, copies):
    assert agreed.has_unlinked(conn, ada)
    assert [copy.instance_id for copy in agreed.unlinked(conn, ada, after=0, room=2)] == [1, 2]
    (last,) = agreed.unlinked(conn, ada, after=2, room=2)
    assert last.name == Name("Artist", "title", 1970)
    assert last.fields["catalog_number"] == "X 1"


def test_an_unlinked_copy_says_what_its_album_would_say(conn, ada, copies):
    first, *_ = agreed.unlinked(conn, ada, after=0, room=1)
    assert set(first.fields) == set(SHARED)
    assert first.fields == {
        "artist": "Artist",
        "title": "Title",
        "year": 1970,
        "discogs_release_id": 7,
        "discogs_master_id": 5_000_000_007,
        "media_condition": "NM",
        "sleeve_condition": None,
        "discogs_folder_id": 4,
        "discogs_notes": "n",
        "discogs_date_added": None,
        "catalog_number": None,
        "discogs_rating": None,
    }


def test_rivals_are_counted_by_release_and_by_name(conn, ada, copies):
    assert agreed.rivals_of_releases(conn, ada, [7, 8, 9]) == {7: 2, 8: 1}
    name = Name("ARTIST", "TITLE", 1970)
    assert agreed.rivals_of_names(conn, ada, [Name("a", "b", None), name]) == {name: 3}


def test_missing_and_agreed_copies_are_no_rivals(conn, ada, copies):
    (album_id,) = albums.create(conn, ada, {1: FIELDS}).values()
    agreed.upsert(conn, ada, [Pact(1, album_id, FIELDS)])
    conn.execute("UPDATE rekkrd.instances SET missing_since = now() WHERE instance_id = 3")
    assert agreed.rivals_of_releases(conn, ada, [7, 8]) == {7: 1}
    assert [copy.instance_id for copy in agreed.unlinked(conn, ada, after=0, room=9)] == [2]
