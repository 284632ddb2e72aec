"""Albums that were here before find their copies: exactly one on both sides, or a question, never a guess."""

from dataclasses import replace

import pytest

from actors.catalog import IMPORT_COLLECTION
from actors.importing import linking

ONE, TWO = 3_000_000_001, 3_000_000_002


def linked(drive) -> dict:
    return {row["instance_id"]: row["album_id"] for row in drive.rows("SELECT * FROM rekkrd.agreed")}


def open_subjects(drive) -> set[str]:
    return {row["subject"] for row in drive.rows("SELECT subject FROM rekkrd.questions WHERE answered_at IS NULL")}


def test_one_album_and_one_copy_of_a_release_are_linked(drive, make_item):
    album_id = drive.add_album(discogs_release_id=7, discogs_notes="mine", media_condition="NM")
    drive.discogs.items = [make_item(1, release=7)]
    done = drive.import_collection()
    assert linked(drive) == {ONE: album_id}
    (album,) = drive.rows("SELECT * FROM albums")
    assert (album["discogs_instance_id"], album["discogs_notes"]) == (ONE, "mine")
    assert (album["title"], album["sleeve_condition"]) == ("Title 7", "Generic")  # empty here: filled from Discogs
    (base,) = drive.rows("SELECT fields FROM rekkrd.agreed")
    assert base["fields"]["media_condition"] == "NM"
    assert "discogs_notes" not in base["fields"]  # both sides have one and they differ
    assert done.progress.skipped == 0


def test_an_empty_field_on_discogs_is_a_local_change_afterwards(drive, make_item):
    drive.add_album(discogs_release_id=7, discogs_notes="mine")
    drive.discogs.items = [make_item(1, release=7, notes=())]
    drive.import_collection()
    (base,) = drive.rows("SELECT fields FROM rekkrd.agreed")
    assert base["fields"]["discogs_notes"] is None
    assert drive.one("SELECT discogs_notes FROM albums") == "mine"


def test_artist_title_and_year_find_an_album_that_names_no_release(drive, make_item):
    album_id = drive.add_album(artist="ARTIST 7", title="title 7", year=1970)
    drive.discogs.items = [make_item(1, release=7)]
    drive.import_collection()
    assert linked(drive) == {ONE: album_id}


def test_a_name_does_not_link_another_pressing_or_another_year(drive, make_item):
    drive.add_album(artist="Artist 7", title="Title 7", year=1970, discogs_release_id=8)
    drive.add_album(artist="Artist 7", title="Title 7", year=1971)
    drive.discogs.items = [make_item(1, release=7)]
    drive.import_collection()
    assert drive.one("SELECT count(*) FROM albums") == 3
    assert open_subjects(drive) == set()


def test_the_release_goes_before_the_name(drive, make_item):
    by_name = drive.add_album(artist="Same", title="Same", year=1970)
    by_release = drive.add_album(artist="Same", title="Same", year=1970, discogs_release_id=7)
    drive.discogs.items = [
        make_item(1, release=7, artist="Same", title="Same"),
        make_item(2, release=8, artist="Same", title="Same"),
    ]
    drive.import_collection()
    assert linked(drive) == {ONE: by_release, TWO: by_name}


def test_two_copies_and_one_album_are_a_question_for_both(drive, make_item):
    drive.add_album(discogs_release_id=7)
    drive.discogs.items = [make_item(1, release=7), make_item(2, release=7)]
    done = drive.import_collection()
    assert open_subjects(drive) == {str(ONE), str(TWO)}
    assert drive.one("SELECT count(*) FROM albums") == 1
    assert done.progress.skipped == 2
    assert done.outcome == "2 records: complete. 2 might be in your library already: a question waits for you."


def test_one_copy_and_two_albums_are_a_question(drive, make_item):
    albums = {str(drive.add_album(discogs_release_id=7)) for _ in range(2)}
    drive.discogs.items = [make_item(1, release=7)]
    drive.import_collection()
    (question,) = drive.rows("SELECT * FROM rekkrd.questions")
    assert {candidate["album_id"] for candidate in question["details"]["candidates"]} == albums
    assert question["details"]["evidence"] == "release"
    assert question["details"]["copy"]["discogs_notes"] == "note 1"


def test_a_copy_asked_about_by_release_is_still_a_rival_by_name(drive, make_item):
    drive.add_album(discogs_release_id=7)
    drive.add_album(artist="Same", title="Same", year=1970)
    drive.discogs.items = [
        make_item(number, release=7 if number < 3 else 8, artist="Same", title="Same") for number in (1, 2, 3)
    ]
    drive.import_collection()
    assert open_subjects(drive) == {"3000000001", "3000000002", "3000000003"}


def test_a_second_import_doubles_no_question(drive, make_item):
    drive.add_album(discogs_release_id=7)
    drive.discogs.items = [make_item(1, release=7), make_item(2, release=7)]
    drive.import_collection()
    done = drive.import_collection()
    assert drive.one("SELECT count(*) FROM rekkrd.questions") == 2
    assert done.progress.skipped == 2


def test_a_question_without_ground_is_closed_with_the_reason(drive, make_item):
    album_id = drive.add_album(discogs_release_id=7)
    drive.discogs.items = [make_item(1, release=7), make_item(2, release=7)]
    drive.import_collection()
    drive.execute("DELETE FROM albums WHERE id = %s", album_id)
    drive.import_collection()
    assert open_subjects(drive) == set()
    assert {row["answer"]["explanation"] for row in drive.rows("SELECT answer FROM rekkrd.questions")} == {
        linking.SETTLED
    }
    assert len(linked(drive)) == 2


def test_a_question_about_a_copy_that_left_is_closed_and_the_other_one_links(drive, make_item):
    album_id = drive.add_album(discogs_release_id=7)
    drive.discogs.items = [make_item(1, release=7), make_item(2, release=7)]
    drive.import_collection()
    drive.discogs.items.pop()
    drive.import_collection()
    assert open_subjects(drive) == set()
    assert linked(drive) == {ONE: album_id}


def test_a_question_that_the_app_settled_by_itself_is_closed(drive, make_item):
    album_id = drive.add_album(discogs_release_id=7)
    drive.discogs.items = [make_item(1, release=7), make_item(2, release=7)]
    drive.import_collection()
    drive.execute("UPDATE albums SET discogs_instance_id = %s WHERE id = %s", TWO, album_id)
    drive.import_collection()
    assert open_subjects(drive) == set()
    assert linked(drive)[TWO] == album_id
    assert drive.one("SELECT count(*) FROM albums") == 2


def test_many_copies_are_linked_batch_by_batch_and_workers_may_die(drive, make_item, monkeypatch):
    monkeypatch.setattr(linking, "BATCH", 7)
    drive.is_clumsy = True
    albums = {number: drive.add_album(discogs_release_id=100 + number) for number in range(40)}
    drive.discogs.items = [make_item(number, release=100 + number) for number in range(60)]
    drive.discogs.items.append(make_item(99, release=139))  # a second copy, in another batch than the first
    *steps, done = drive.steps(IMPORT_COLLECTION)
    found = linked(drive)
    assert {3_000_000_000 + number: albums[number] for number in range(39)}.items() <= found.items()
    assert open_subjects(drive) == {"3000000039", "3000000099"}
    assert len(found) == 59
    assert done.progress.skipped == steps[-1].progress.skipped == 2


def test_linking_sends_no_request_and_takes_no_token(drive, make_item):
    drive.add_album(discogs_release_id=7)
    drive.discogs.items = [make_item(1, release=7)]
    drive.import_collection()
    assert len(drive.discogs.asked) == 4


def test_only_free_albums_are_candidates(drive, make_item):
    drive.discogs.items = [make_item(1, release=7)]
    drive.import_collection()
    drive.discogs.items.append(replace(make_item(2), release_id=7, basic=make_item(1, release=7).basic))
    drive.import_collection()
    assert len(linked(drive)) == 2
    assert open_subjects(drive) == set()


def test_another_collectors_albums_are_never_candidates(drive, make_item):
    other = drive.one("INSERT INTO profiles DEFAULT VALUES RETURNING id")
    drive.execute("INSERT INTO albums (user_id, discogs_release_id) VALUES (%s, 7)", other)
    drive.discogs.items = [make_item(1, release=7)]
    drive.import_collection()
    assert drive.one("SELECT count(*) FROM albums WHERE user_id = %s", drive.user_id) == 1
    assert drive.one("SELECT discogs_instance_id FROM albums WHERE user_id = %s", other) is None


def test_of_a_partial_view_nothing_is_linked_and_the_whole_one_settles_it(drive, make_item):
    album_id = drive.add_album(discogs_release_id=7)
    drive.tier = "collector"
    drive.discogs.items = [make_item(n, release=7 if n == 60 else 100 + n) for n in range(1, 61)]
    drive.import_collection()
    newest = {row["instance_id"] for row in drive.rows("SELECT instance_id FROM rekkrd.instances WHERE release_id = 7")}
    assert len(newest) == 1
    assert album_id not in linked(drive).values()
    assert open_subjects(drive) == {str(number) for number in newest}
    drive.tier = "curator"
    drive.import_collection()
    assert album_id in linked(drive).values()
    assert open_subjects(drive) == set()


SPELLINGS = [("Artist 100001", "Title 100001!"), ("The artist 100001 (2)", "title 100001")]


@pytest.mark.parametrize(("artist", "title"), SPELLINGS)
@pytest.mark.parametrize("year", [None, 1970])
def test_an_album_in_another_spelling_or_without_a_year_is_linked(drive, make_item, artist, title, year):
    drive.discogs.items = [make_item(1)]
    album = drive.add_album(artist=artist, title=title, year=year)
    drive.import_collection()
    assert drive.one("SELECT id FROM albums WHERE discogs_instance_id IS NOT NULL") == album
    assert drive.one("SELECT count(*) FROM rekkrd.conflicts") == 0


def test_an_album_without_a_year_that_two_copies_could_be_is_asked_about(drive, make_item):
    drive.discogs.items = [make_item(n, artist="a", title="t", year=1970 + n) for n in (1, 2)]
    drive.add_album(artist="A", title="T")
    drive.import_collection()
    assert drive.one("SELECT count(*) FROM albums") == 1
    assert drive.one("SELECT count(*) FROM rekkrd.questions WHERE answered_at IS NULL") == 2


def test_500_scanned_albums_become_no_conflict(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(500)]
    for number in range(500):
        release = 100_000 + number
        drive.add_album(artist="various", title=f"TITLE {release}", year=1999, discogs_release_id=release)
    drive.import_collection()
    assert drive.one("SELECT count(*) FROM albums WHERE discogs_instance_id IS NOT NULL") == 500
    assert drive.one("SELECT count(*) FROM rekkrd.conflicts") == 0
