"""The collection's import against a real database: right to the last record, whatever happens on the way."""

import random
from dataclasses import replace

import pytest

from actors.catalog import IMPORT_COLLECTION
from discogs.errors import Unavailable
from discogs.records.collection import Note
from workers.errors import JobFailed
from workers.kinds import Done


def test_every_field_of_the_list_page_is_stored(drive, make_item):
    item = make_item(1, rating=4, folder_id=77, notes=(Note(1, "Mint (M)"), Note(2, "No Cover"), Note(9, "own")))
    drive.discogs.items = [item]
    assert drive.import_collection().outcome == "1 record: complete."
    (copy,) = drive.rows("SELECT * FROM rekkrd.instances")
    assert (copy["instance_id"], copy["release_id"]) == (item.instance_id, item.release_id)
    assert (copy["folder_id"], copy["rating"], copy["date_added"]) == (77, 4, item.date_added)
    assert (copy["media_condition"], copy["sleeve_condition"], copy["notes"]) == ("M", "No Cover", None)
    assert [(entry["field_id"], entry["value"]) for entry in copy["fields"]] == [
        (1, "Mint (M)"),
        (2, "No Cover"),
        (9, "own"),
    ]
    (release,) = drive.rows("SELECT * FROM rekkrd.releases")
    basic = item.basic
    assert (release["title"], release["artist"], release["year"]) == (basic.title, "Artist 100001", 1970)
    assert (release["master_id"], release["thumb"]) == (basic.master_id, basic.thumb)
    assert (release["cover_image"], release["genres"], release["styles"]) == (basic.cover_image, ["Rock"], ["Prog"])
    assert release["labels"][0]["catno"] == "CAT 100001"
    assert release["formats"] == [{"name": "Vinyl", "qty": "1", "text": "Blue", "descriptions": ["LP"]}]
    (album,) = drive.rows("SELECT * FROM albums")
    assert (album["discogs_instance_id"], album["discogs_master_id"]) == (item.instance_id, basic.master_id)
    assert (album["artist"], album["title"], album["year"]) == ("Artist 100001", basic.title, 1970)
    assert (album["media_condition"], album["sleeve_condition"], album["discogs_notes"]) == ("M", "No Cover", None)
    assert (album["discogs_folder_id"], album["catalog_number"]) == (77, "CAT 100001")


def test_ten_thousand_records_and_a_thousand_wants_cost_113_requests(drive, make_item, make_want):
    drive.discogs.items = [make_item(number) for number in range(10_000)]
    drive.discogs.wants = [make_want(number) for number in range(1_000)]
    collection, wantlist = drive.import_collection(), drive.import_wantlist()
    assert len(drive.discogs.asked) == 113
    assert collection.progress.processed == collection.progress.total == 10_000
    assert wantlist.progress.processed == wantlist.progress.total == 1_000
    assert drive.one("SELECT count(*) FROM albums") == 10_000


@pytest.mark.parametrize(("records", "pages"), [(1, 1), (100, 1), (101, 2), (230, 3)])
def test_completed_import_ends_at_its_last_page(drive, make_item, make_want, records, pages):
    drive.discogs.items = [make_item(number) for number in range(records)]
    drive.discogs.wants = [make_want(number) for number in range(records)]
    for done in (drive.import_collection(), drive.import_wantlist(), drive.import_collection()):
        assert done.checkpoint.current_page == pages


def test_completed_import_of_a_free_account_ends_at_page_one(drive, make_item):
    drive.tier = "collector"
    drive.discogs.items = [make_item(number) for number in range(230)]
    last = drive.import_collection().checkpoint
    assert (last.current_page, last.newest) == (1, 50)


def test_an_empty_collection_is_complete_with_nothing(drive):
    assert drive.import_collection().outcome == "0 records: complete."
    assert drive.discogs.asked == ["identity", "folders", "fields", "collection 1/100 added desc"]


def test_a_second_import_changes_nothing_and_writes_no_line(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(150)]
    drive.import_collection()
    before = drive.rows("SELECT * FROM albums ORDER BY id"), drive.rows("SELECT * FROM rekkrd.agreed ORDER BY album_id")
    drive.import_collection()
    assert drive.one("SELECT count(*) FROM discogs_sync_log") == 150
    assert before == (
        drive.rows("SELECT * FROM albums ORDER BY id"),
        drive.rows("SELECT * FROM rekkrd.agreed ORDER BY album_id"),
    )


def test_a_worker_that_dies_twice_in_every_step_changes_nothing(drive, make_item):
    drive.discogs.items = [make_item(number, release=number // 3 + 1) for number in range(250)]
    drive.add_album(artist="Artist 1", title="Title 1", year=1970)
    drive.is_clumsy = True
    done = drive.import_collection()
    assert done.progress.processed == 250
    assert drive.one("SELECT count(*) FROM rekkrd.instances") == 250
    assert drive.one("SELECT count(*) FROM rekkrd.sweeps") == 1
    assert drive.one("SELECT count(*) FROM discogs_sync_log") == 250
    assert drive.missing() == 0


def test_resuming_never_means_deletion(drive, make_item):
    """Defect of others: a resumed import takes what it did not see for gone."""
    drive.discogs.items = [make_item(number) for number in range(1_000)]
    drive.import_collection()
    for step in drive.steps(IMPORT_COLLECTION):
        if step.checkpoint.current_page == 5:
            break  # killed for good: a new job begins at page 1, and the old sweep says nothing
    assert drive.missing() == 0
    drive.import_collection()
    assert drive.missing() == 0
    assert {row["outcome"] for row in drive.rows("SELECT outcome FROM rekkrd.sweeps")} == {"complete", "abandoned"}


def test_a_walk_goes_on_after_a_long_stop_and_sees_what_changed_meanwhile(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(500)]
    drive.import_collection()
    for at in drive.steps(IMPORT_COLLECTION):
        if isinstance(at, Done):
            break
        if at.checkpoint.current_page == 2 and at.checkpoint.nth_try == 1:
            del drive.discogs.items[-50:-40]  # seen before the stop: everything behind moves up by ten
    assert drive.missing() == 10
    assert drive.one("SELECT count(*) FROM rekkrd.sweeps WHERE outcome = 'changed'") == 1


def test_a_deletion_that_shifts_pages_marks_nobody_else(drive, make_item):
    """Defect of others: what a run did not see is deleted while a deletion had shifted the pages."""
    drive.discogs.items = [make_item(number) for number in range(400)]
    drive.import_collection()
    gone = drive.discogs.items[350]

    def remove_while_walking(page):
        if page == 3 and gone in drive.discogs.items:
            drive.discogs.items.remove(gone)

    drive.discogs.before_page = remove_while_walking
    done = drive.import_collection()
    assert [row["instance_id"] for row in drive.rows(
        "SELECT instance_id FROM rekkrd.instances WHERE missing_since IS NOT NULL"
    )] == [gone.instance_id]  # fmt: skip
    assert (
        done.outcome == "399 records: complete. 1 record no longer on Discogs: marked as missing, nothing was deleted."
    )


def test_a_list_that_never_rests_ends_with_nothing_removed(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(300)]
    drive.import_collection()
    del drive.discogs.items[0]
    drive.discogs.before_page = lambda page: drive.discogs.items.append(make_item(1_000 + len(drive.discogs.items)))
    done = drive.import_collection()
    assert done.outcome.startswith("Changing too fast, nothing removed: ")
    assert drive.missing() == 0
    asked = [line for line in drive.discogs.asked if line.startswith("collection 1/")]
    assert asked == [
        "collection 1/100 added desc",
        "collection 1/100 added desc",
        "collection 1/100 title asc",
        "collection 1/100 added asc",
    ]


def test_equal_dates_in_any_order_are_walked_by_another_key(drive, make_item):
    day = make_item(1).date_added
    drive.discogs.items = [make_item(number, date_added=day) for number in range(300)]
    shuffle = random.Random(5).shuffle
    drive.discogs.before_page = lambda page: shuffle(drive.discogs.items)
    done = drive.import_collection()
    assert done.outcome == "300 records: complete."
    assert [row["outcome"] for row in drive.rows("SELECT outcome FROM rekkrd.sweeps ORDER BY try")] == [
        "changed",
        "complete",
    ]


def test_an_empty_first_page_of_a_full_list_removes_nothing(drive, make_item):
    """Defect of others: an empty first page deletes everything."""
    drive.discogs.items = [make_item(number) for number in range(120)]
    drive.import_collection()
    drive.discogs.lie = lambda page: replace(page, items=()) if page.page == 1 else page
    done = drive.import_collection()
    assert "nothing removed" in done.outcome
    assert drive.missing() == 0


def test_a_list_that_is_suddenly_empty_is_looked_at_twice_and_then_asked_about(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(3)]
    drive.import_collection()
    drive.discogs.items, drive.discogs.asked = [], []
    done = drive.import_collection()
    assert [line.split()[0] for line in drive.discogs.asked] == [
        "identity", "folders", "fields", "collection", "identity", "collection",
    ]  # fmt: skip
    assert drive.missing() == 0
    assert "3 records would go missing at once" in done.outcome


def test_a_short_page_is_not_the_end(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(300)]
    held_back = []

    def withhold(page):
        if page.page == 2:
            held_back[:] = page.items[-1:]
            return replace(page, items=page.items[:-1])
        return replace(page, items=(*page.items, *held_back)) if page.page == 3 else page

    drive.discogs.lie = withhold
    assert drive.import_collection().outcome == "300 records: complete."


@pytest.mark.parametrize("pages", [1, 2])
def test_too_few_pages_announced_are_walked_to_the_end_all_the_same(drive, make_item, pages):
    drive.discogs.items = [make_item(number) for number in range(350)]
    drive.discogs.lie = lambda page: replace(page, pages=pages)
    assert drive.import_collection().outcome == "350 records: complete."


def test_too_many_pages_announced_end_at_the_last_with_nothing_removed(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(350)]
    drive.import_collection()
    del drive.discogs.items[7]
    drive.discogs.lie = lambda page: replace(page, pages=9)
    assert "nothing removed" in drive.import_collection().outcome
    assert drive.missing() == 0


def test_a_server_that_always_answers_with_page_1_is_left_with_nothing_removed(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(250)]
    drive.import_collection()
    first = []
    drive.discogs.lie = lambda page: first[0] if first else (first.append(page) or page)
    assert "nothing removed: 100 of 250 records" in drive.import_collection().outcome
    assert drive.missing() == 0


def test_a_page_that_calls_itself_another_is_not_whole(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(250)]
    drive.discogs.lie = lambda page: replace(page, page=page.page + 1)
    assert "nothing removed: 250 of 250 records" in drive.import_collection().outcome


def test_smaller_pages_than_asked_for_are_walked_too(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(130)]
    drive.discogs.clamp = 20
    assert drive.import_collection().outcome == "130 records: complete."


def test_a_page_as_a_stranger_sees_it_is_never_stored(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(150)]
    drive.import_collection()
    before = drive.rows("SELECT * FROM rekkrd.instances ORDER BY instance_id")
    drive.discogs.lie = lambda page: replace(
        page, items=tuple(replace(item, folder_id=None, notes=()) for item in page.items)
    )
    drive.discogs.asked = []
    with pytest.raises(Unavailable, match="as to a stranger"):
        drive.import_collection()
    assert [line.split()[0] for line in drive.discogs.asked] == [
        "identity", "folders", "fields", "collection", "identity", "collection",
    ]  # fmt: skip
    assert drive.rows("SELECT * FROM rekkrd.instances ORDER BY instance_id") == before


def test_one_page_as_a_stranger_sees_it_costs_two_requests_more(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(150)]
    bad = iter([True])

    def once(page):
        if page.page == 2 and next(bad, False):
            return replace(page, items=tuple(replace(item, folder_id=None, notes=()) for item in page.items))
        return page

    drive.discogs.lie = once
    assert drive.import_collection().outcome == "150 records: complete."
    assert len(drive.discogs.asked) == 3 + 2 + 2


def test_fields_as_a_stranger_sees_them_never_clear_a_grade(drive, make_item):
    drive.discogs.items = [make_item(1, notes=(Note(1, "Mint (M)"), Note(3, "signed")))]
    drive.import_collection()
    owners_view = drive.discogs.fields_listed
    drive.discogs.fields_listed = ()
    drive.discogs.before_page = lambda page: setattr(drive.discogs, "fields_listed", owners_view)
    drive.discogs.asked.clear()
    drive.import_collection()
    (album,) = drive.rows("SELECT media_condition, discogs_notes FROM albums")
    assert (album["media_condition"], album["discogs_notes"]) == ("M", "signed")
    assert drive.discogs.asked.count("fields") == 2


def test_a_field_that_is_never_listed_is_asked_about_once(drive, make_item):
    drive.discogs.items = [make_item(number, notes=(Note(9, "own"),)) for number in range(250)]
    assert drive.import_collection().outcome == "250 records: complete."
    assert drive.discogs.asked.count("fields") == 2


def test_a_renamed_account_goes_on_under_its_new_name(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(10)]
    drive.discogs.username = "crates_and_more"
    assert drive.import_collection().outcome == "10 records: complete."
    assert drive.account().username == "crates_and_more"


def test_an_account_that_is_renamed_on_the_way_goes_on_too(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(250)]

    def rename(page):
        if page == 1:
            drive.discogs.username = "other"

    drive.discogs.before_page = rename
    assert drive.import_collection().outcome == "250 records: complete."


def test_another_account_is_refused_and_nothing_touched(drive, make_item):
    drive.discogs.items = [make_item(1)]
    drive.discogs.user_id = 43
    with pytest.raises(JobFailed, match="Nothing was changed"):
        drive.import_collection()
    assert drive.one("SELECT count(*) FROM rekkrd.instances") == 0
    assert drive.account().username == "crates"


def test_an_account_exchanged_half_way_ends_the_import(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(250)]
    steps = drive.steps(IMPORT_COLLECTION)
    with pytest.raises(JobFailed, match="connected anew"):
        for step in steps:
            if step.checkpoint.current_page == 1:
                drive.execute("UPDATE profiles SET discogs_user_id = 99")


def test_two_hundred_copies_of_one_release_are_two_hundred_records(drive, make_item):
    drive.discogs.items = [make_item(number, release=5) for number in range(200)]
    assert drive.import_collection().outcome == "200 records: complete."
    assert drive.one("SELECT count(*) FROM albums") == 200
    assert drive.one("SELECT count(*) FROM rekkrd.releases") == 1


def test_a_free_account_holds_the_fifty_newest_for_one_page(drive, make_item):
    drive.tier = "collector"
    drive.discogs.items = [make_item(number) for number in range(1_234)]
    done = drive.import_collection()
    assert done.outcome == "The 50 newest of 1,234 records; upgrade to go on."
    assert drive.discogs.asked == ["identity", "folders", "fields", "collection 1/50 added desc"]
    assert drive.one("SELECT min(instance_id) FROM rekkrd.instances") == 3_000_000_000 + 1_184
    assert drive.account().is_partial


def test_a_page_that_brings_more_than_asked_for_gives_a_free_account_no_more(drive, make_item):
    drive.tier = "collector"
    drive.discogs.items = [make_item(number) for number in range(80)]
    drive.discogs.lie = lambda page: replace(page, items=tuple(drive.discogs.items))
    drive.import_collection()
    assert drive.one("SELECT count(*) FROM rekkrd.instances") == 50


def test_what_a_free_account_brought_over_stays_when_fifty_newer_records_come(drive, make_item):
    drive.tier = "collector"
    drive.discogs.items = [make_item(number) for number in range(60)]
    drive.import_collection()
    drive.execute("UPDATE albums SET title = 'as I call it' WHERE discogs_instance_id = %s", 3_000_000_000 + 59)
    drive.discogs.items += [make_item(number) for number in range(100, 150)]
    assert drive.import_collection().outcome == "The 50 newest of 110 records; upgrade to go on."
    assert drive.one("SELECT count(*) FROM rekkrd.instances") == 100
    assert drive.one("SELECT count(*) FROM albums WHERE discogs_instance_id IS NOT NULL") == 100
    assert drive.one("SELECT count(*) FROM albums WHERE title = 'as I call it'") == 1
    assert drive.one("SELECT count(*) FROM rekkrd.questions") == 0
    assert drive.missing() == 0
    assert drive.account().is_partial


def test_nothing_is_ever_missing_in_a_partial_link(drive, make_item):
    drive.tier = "collector"
    drive.discogs.items = [make_item(number) for number in range(60)]
    drive.import_collection()
    del drive.discogs.items[-1]  # we hold it; Discogs no longer does
    drive.import_collection()
    assert drive.one("SELECT count(*) FROM rekkrd.instances") == 51
    assert drive.missing() == 0


def test_a_tier_that_ends_takes_no_record_away(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(120)]
    drive.import_collection()
    drive.tier = "collector"
    assert drive.import_collection().outcome == "The 50 newest of 120 records; upgrade to go on."
    assert drive.one("SELECT count(*) FROM rekkrd.instances") == 120
    assert drive.missing() == 0
    assert drive.account().is_partial


def test_a_free_account_that_shrank_to_fifty_is_seen_whole_and_what_is_gone_is_asked_about(drive, make_item):
    drive.tier = "collector"
    drive.discogs.items = [make_item(number) for number in range(60)]
    drive.import_collection()
    del drive.discogs.items[40:]
    assert "would go missing at once" in drive.import_collection().outcome
    assert drive.missing() == 0
    assert not drive.account().is_partial


def test_an_upgrade_goes_on_and_ends_the_partial_link(drive, make_item):
    drive.tier = "collector"
    drive.discogs.items = [make_item(number) for number in range(300)]
    drive.import_collection()
    drive.tier = "curator"
    assert drive.import_collection().outcome == "300 records: complete."
    assert not drive.account().is_partial
    assert drive.account().collection_complete_at is not None


def test_a_change_of_tier_half_way_does_not_change_what_a_page_is(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(300)]
    for at in drive.steps(IMPORT_COLLECTION):
        if not isinstance(at, Done) and at.checkpoint.current_page == 1:
            drive.tier = "collector"
    assert drive.one("SELECT count(*) FROM rekkrd.instances") == 300
    assert not drive.account().is_partial


def test_a_free_account_with_few_records_is_complete(drive, make_item):
    drive.tier = "collector"
    drive.discogs.items = [make_item(number) for number in range(50)]
    assert drive.import_collection().outcome == "50 records: complete."
    assert not drive.account().is_partial


def test_one_record_may_go_and_comes_back(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(10)]
    drive.import_collection()
    gone = drive.discogs.items.pop()
    drive.import_collection()
    assert drive.missing() == 1
    drive.discogs.items.append(gone)
    drive.import_collection()
    assert drive.missing() == 0
    changes = [
        row["details"]["change"] for row in drive.rows("SELECT details FROM discogs_sync_log ORDER BY created_at")
    ]
    assert changes[10:] == ["missing", "reappeared"]


def test_a_sweep_that_would_lose_too_much_asks_and_marks_nothing(drive, make_item):
    drive.discogs.items = [make_item(number) for number in range(100)]
    drive.import_collection()
    removed = [drive.discogs.items.pop() for _ in range(3)]
    assert "3 records would go missing at once" in drive.import_collection().outcome
    assert drive.missing() == 0
    (question,) = drive.rows("SELECT * FROM rekkrd.questions")
    assert (question["kind"], question["subject"]) == ("vanished", "collection")
    assert (question["details"]["count"], question["details"]["known"]) == (3, 100)
    assert len(question["details"]["sample"]) == 3
    drive.discogs.items += removed
    drive.import_collection()
    (question,) = drive.rows("SELECT * FROM rekkrd.questions")
    assert question["answer"]["closed_by"] == "import"


def test_an_edit_that_waits_to_be_pushed_is_not_overwritten(drive, make_item):
    """Defect of others: an upsert overwrites a note whose push still waits."""
    drive.discogs.items = [make_item(1)]
    drive.import_collection()
    drive.execute("UPDATE albums SET discogs_notes = 'mine', media_condition = 'VG'")
    drive.discogs.items = [make_item(1, notes=(Note(1, "Near Mint (NM or M-)"), Note(3, "theirs")), folder_id=5)]
    drive.import_collection()
    (album,) = drive.rows("SELECT * FROM albums")
    assert (album["discogs_notes"], album["media_condition"]) == ("mine", "VG")  # conflict, local change
    assert (album["discogs_folder_id"], album["sleeve_condition"]) == (5, None)  # taken from Discogs
    (base,) = drive.rows("SELECT fields FROM rekkrd.agreed")
    assert (base["fields"]["discogs_notes"], base["fields"]["media_condition"]) == ("note 1", "NM")
    (line,) = drive.rows("SELECT * FROM discogs_sync_log WHERE action = 'update'")
    assert (line["status"], line["details"]["clashing"]) == ("conflict", ["discogs_notes"])
    assert drive.rows("SELECT notes FROM rekkrd.instances") == [{"notes": "theirs"}]


def test_an_album_deleted_here_is_not_made_again(drive, make_item):
    drive.discogs.items = [make_item(1), make_item(2)]
    drive.import_collection()
    drive.execute("DELETE FROM albums WHERE discogs_instance_id = %s", 3_000_000_001)
    drive.discogs.items = [make_item(1, rating=5), make_item(2)]
    drive.import_collection()
    assert drive.one("SELECT count(*) FROM albums") == 1
    assert drive.one("SELECT count(*) FROM rekkrd.agreed WHERE album_id IS NULL") == 1


def test_an_album_that_names_its_copy_is_linked_at_once(drive, make_item):
    album_id = drive.add_album(discogs_instance_id=3_000_000_001, title="my own title", media_condition=None)
    drive.discogs.items = [make_item(1)]
    drive.import_collection()
    (album,) = drive.rows("SELECT * FROM albums")
    assert (album["id"], album["title"], album["media_condition"]) == (album_id, "my own title", "NM")
    (base,) = drive.rows("SELECT * FROM rekkrd.agreed")
    assert base["album_id"] == album_id
    assert base["fields"]["title"] == "Title 100001"
    assert drive.one("SELECT count(*) FROM rekkrd.conflicts") == 0


@pytest.mark.parametrize(
    ("title", "stored"),
    [
        ("a\0b", "a␀b"),
        ("🎷 smoke", "🎷 smoke"),
        ("\ud83c alone", "\ufffd alone"),
        ("\u05e9\u05dc\u05d5\u05dd \u202ertl", "\u05e9\u05dc\u05d5\u05dd \u202ertl"),
        ("<b onclick=x>&amp;</b>", "<b onclick=x>&amp;</b>"),
        ("Ω" * 10_000, "Ω" * 10_000),
        ("%s %(x)s {} :name \\u0000 '", "%s %(x)s {} :name \\u0000 '"),
        ("", ""),
    ],
)
def test_titles_and_notes_of_any_kind_are_stored(drive, make_item, title, stored):
    drive.discogs.items = [make_item(1, title=title, artist=title, notes=(Note(3, title), Note(9, title)))]
    drive.import_collection()
    drive.import_collection()
    assert drive.one("SELECT title FROM rekkrd.releases") == stored
    (copy,) = drive.rows("SELECT notes, fields FROM rekkrd.instances")
    assert (copy["notes"], copy["fields"][1]["value"]) == (stored, stored)
    (album,) = drive.rows("SELECT * FROM albums")
    assert (album["title"], album["discogs_notes"]) == (stored, stored)
    (line,) = drive.rows("SELECT details FROM discogs_sync_log")  # the second import saw no change
    assert line["details"].get("replaced", False) == (title != stored)


@pytest.mark.parametrize("notes", ["  two\r\n\tlines \n", " ", "\u00a0", "e\u0301 é"])
def test_notes_are_kept_byte_for_byte(drive, make_item, notes):
    drive.discogs.items = [make_item(1, notes=(Note(3, notes),))]
    drive.import_collection()
    assert drive.one("SELECT notes FROM rekkrd.instances") == notes
    assert drive.one("SELECT discogs_notes FROM albums") == notes


def test_what_discogs_does_not_know_stays_unknown(drive, make_item):
    item = make_item(1, date_added=None, notes=())
    bare = replace(item.basic, year=None, master_id=None, artists=(), labels=(), formats=(), genres=(), styles=())
    drive.discogs.items = [replace(item, basic=replace(bare, thumb="", cover_image="", title=""))]
    assert drive.import_collection().outcome == "1 record: complete."
    (album,) = drive.rows("SELECT * FROM albums")
    assert (album["year"], album["discogs_master_id"], album["catalog_number"]) == (None, None, None)
    assert (album["media_condition"], album["discogs_notes"], album["discogs_date_added"]) == (None, None, None)


def test_an_edit_on_discogs_is_taken_over_and_told(drive, make_item):
    drive.discogs.items = [make_item(1), make_item(2)]
    drive.import_collection()
    drive.discogs.items = [make_item(1, rating=3, title="Corrected"), make_item(2)]
    drive.import_collection()
    assert drive.one("SELECT count(*) FROM albums WHERE title = 'Corrected'") == 1
    (line,) = drive.rows("SELECT details FROM discogs_sync_log WHERE action = 'update'")
    walks = [str(row["id"]) for row in drive.rows("SELECT id FROM rekkrd.sweeps ORDER BY started_at")]
    assert line["details"] == {
        "instance_id": 3_000_000_001,
        "change": "updated",
        "changed": ["rating"],
        "before": {"rating": 0},
        "after": {"rating": 3},
        "taken": ["title", "discogs_rating"],
        "album": {
            "before": {"title": "Title 100001", "discogs_rating": None},
            "after": {"title": "Corrected", "discogs_rating": 3},
        },
        "sweep": walks[-1],
    }


def test_an_album_edited_between_look_and_write_wins(drive, make_item, monkeypatch):
    drive.discogs.items = [make_item(1)]
    drive.import_collection()
    from actors.comparing import conflicting

    really = conflicting.merge

    def merge_while_the_app_writes(agreed, ours, theirs, decided):
        drive.execute("UPDATE albums SET title = 'typed just now'")
        return really(agreed, ours, theirs, decided)

    monkeypatch.setattr(conflicting, "merge", merge_while_the_app_writes)
    drive.discogs.items = [make_item(1, folder_id=8)]
    drive.import_collection()
    (album,) = drive.rows("SELECT title, discogs_folder_id FROM albums")
    assert album == {"title": "typed just now", "discogs_folder_id": 1}
    monkeypatch.undo()
    drive.import_collection()
    (album,) = drive.rows("SELECT title, discogs_folder_id FROM albums")
    assert album == {"title": "typed just now", "discogs_folder_id": 8}


def test_folders_and_fields_are_kept_as_listed(drive):
    drive.import_collection()
    assert [row["name"] for row in drive.rows("SELECT name FROM rekkrd.folders ORDER BY folder_id")] == [
        "All",
        "Uncategorized",
    ]
    assert [row["name"] for row in drive.rows("SELECT name FROM rekkrd.fields ORDER BY field_id")] == [
        "Media Condition",
        "Sleeve Condition",
        "Notes",
    ]
