"""The app's albums: found, made, and written only as they were read."""

from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from db import agreed, albums
from db.agreed import Pact
from db.albums import SHARED, Change, Name

FIELDS = dict.fromkeys(SHARED) | {
    "artist": "Artist",
    "title": "Title",
    "year": 1970,
    "discogs_release_id": 7,
    "discogs_date_added": "2021-12-21T23:43:46+00:00",
}
BIG = 3_000_000_001


def add(conn, user_id, **columns):
    names = ", ".join(["user_id", *columns])
    row = conn.execute(
        f"INSERT INTO albums ({names}) VALUES ({', '.join(['%s'] * (len(columns) + 1))}) RETURNING id",
        [user_id, *columns.values()],
    ).fetchone()
    return row["id"]


def test_an_album_is_made_for_each_copy_and_comes_back_as_it_was_made(conn, ada):
    made = albums.create(conn, ada, {BIG: FIELDS})
    (album,) = albums.of_instances(conn, ada, [BIG]).values()
    assert (album.id, album.instance_id, album.fields) == (made[BIG], BIG, FIELDS)


def test_a_copy_that_the_app_was_faster_with_gets_no_second_album(conn, ada):
    add(conn, ada, discogs_instance_id=BIG)
    assert albums.create(conn, ada, {BIG: FIELDS}) == {}


def test_an_album_is_written_while_it_is_as_it_was_read(conn, ada):
    (album_id,) = albums.create(conn, ada, {BIG: FIELDS}).values()
    changed = FIELDS | {"title": "New", "discogs_date_added": None}
    assert albums.update(conn, ada, [Change(album_id, BIG, FIELDS, changed)]) == {album_id}
    assert albums.update(conn, ada, [Change(album_id, BIG, FIELDS, FIELDS)]) == set()
    assert albums.of_instances(conn, ada, [BIG])[BIG].fields == changed


def test_own_fields_are_part_of_what_was_read(conn, ada):
    said = FIELDS | {"field_4": "Shelf A", "field_5": ""}
    (album_id,) = albums.create(conn, ada, {BIG: said}).values()
    assert albums.of_instances(conn, ada, [BIG])[BIG].fields == said
    assert albums.update(conn, ada, [Change(album_id, BIG, FIELDS, FIELDS)]) == set()
    assert albums.update(conn, ada, [Change(album_id, BIG, said, said | {"field_4": None, "field_5": None})]) == {
        album_id
    }
    assert albums.of_instances(conn, ada, [BIG])[BIG].fields == FIELDS


def test_an_album_of_another_copy_or_another_collector_is_not_written(conn, ada):
    (album_id,) = albums.create(conn, ada, {BIG: FIELDS}).values()
    assert albums.update(conn, ada, [Change(album_id, BIG + 1, FIELDS, FIELDS)]) == set()
    assert albums.update(conn, uuid4(), [Change(album_id, BIG, FIELDS, FIELDS)]) == set()


def test_a_time_of_the_apps_own_survives_to_the_microsecond(conn, ada):
    when = datetime(2024, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
    album_id = add(conn, ada, discogs_release_id=7, discogs_date_added=when)
    (album,) = albums.free_of_releases(conn, ada, [7])[7]
    assert albums.update(conn, ada, [Change(album_id, BIG, album.fields, album.fields)]) == {album_id}
    assert conn.execute("SELECT discogs_date_added AS at FROM albums").fetchone()["at"] == when


def test_only_albums_without_a_copy_are_free(conn, ada):
    assert not albums.has_free(conn, ada)
    free = add(conn, ada, discogs_release_id=7)
    bound = add(conn, ada, discogs_release_id=7)
    add(conn, ada, discogs_release_id=7, discogs_instance_id=5)
    agreed.upsert(conn, ada, [Pact(6, bound, {})])
    assert albums.has_free(conn, ada)
    assert [album.id for album in albums.free_of_releases(conn, ada, [7, 8])[7]] == [free]


@pytest.mark.parametrize("name", [Name("ARTIST", "TITLE", 1970), Name("The artist (2)", "title!", 1970)])
def test_a_name_is_found_in_any_spelling(conn, ada, name):
    album_id = add(conn, ada, artist="Artist", title="Title", year=1970)
    add(conn, ada, artist="Artist", title="Title", year=1970, discogs_release_id=7)
    found = albums.free_of_names(conn, ada, [Name("nobody", "nothing", None), name])
    assert {key: [album.id for album in found[key]] for key in found} == {name: [album_id]}


def test_an_unknown_year_fits_every_year(conn, ada):
    add(conn, ada, artist="a", title="t")
    add(conn, ada, artist="a", title="u", year=1971)
    wanted = [Name("a", "t", 1970), Name("a", "u", 1970), Name("a", "u", None)]
    assert set(albums.free_of_names(conn, ada, wanted)) == {wanted[0], wanted[2]}
    assert len(albums.free_of_names(conn, ada, [Name("a", "t", None)])) == 1


def test_a_title_of_any_length_can_be_stored_and_found(conn, ada):
    title = "".join(chr(0x4E00 + place % 20_000) for place in range(10_000))  # 30,000 bytes that do not compress well
    add(conn, ada, artist="a", title=title)
    assert len(albums.free_of_names(conn, ada, [Name("a", title, None)])) == 1
    assert albums.free_of_names(conn, ada, [Name("a", title + "x", None)]) == {}


def test_a_second_album_for_one_copy_is_refused_by_the_database(conn, ada):
    add(conn, ada, discogs_instance_id=BIG)
    with pytest.raises(psycopg.errors.UniqueViolation):
        add(conn, ada, discogs_instance_id=BIG)


def test_names_are_found_by_the_index_among_10_000_albums(conn, ada):
    conn.execute(
        "INSERT INTO albums (user_id, artist, title)"
        " SELECT %s, 'Artist ' || n, 'Title ' || n FROM generate_series(1, 10000) n",
        [ada],
    )
    conn.execute("ANALYZE albums")
    plan = conn.execute(
        "EXPLAIN SELECT FROM unnest(%s::text[], %s::text[]) AS wanted (artist, title) INNER JOIN albums AS album"
        " ON album.user_id = %s"
        " AND left(rekkrd.artist_key(album.artist), 100) = left(rekkrd.artist_key(wanted.artist), 100)"
        " AND left(rekkrd.title_key(album.title), 100) = left(rekkrd.title_key(wanted.title), 100)"
        " WHERE album.discogs_instance_id IS NULL AND album.discogs_release_id IS NULL",
        [["The Artist 7!"] * 100, ["title 7"] * 100, ada],
    ).fetchall()
    assert "albums_free_by_name" in str(plan)
    assert len(albums.free_of_names(conn, ada, [Name("The Artist 7!", "title 7", 1970)])) == 1
