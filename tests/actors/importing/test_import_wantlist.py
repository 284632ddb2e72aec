"""The wantlist's import against a real database: pages only, and who we are is asked in doubt."""

from dataclasses import replace

import pytest

from actors.catalog import IMPORT_WANTLIST
from discogs.errors import Unavailable
from workers.errors import JobFailed
from workers.kinds import Done


def missing(drive) -> int:
    return drive.one("SELECT count(*) FROM rekkrd.wants WHERE missing_since IS NOT NULL")


def test_every_field_of_a_want_is_stored(drive, make_want):
    want = make_want(1, rating=5, notes="only the German press\n")
    drive.discogs.wants = [want]
    assert drive.import_wantlist().outcome == "1 want: complete."
    assert drive.discogs.asked == ["wants 1/100 added desc"]
    (row,) = drive.rows("SELECT * FROM rekkrd.wants")
    assert (row["release_id"], row["rating"], row["notes"]) == (want.release_id, 5, "only the German press\n")
    assert row["date_added"] == want.date_added
    assert drive.one("SELECT title FROM rekkrd.releases") == want.basic.title
    assert drive.account().wantlist_complete_at is not None


def test_an_empty_wantlist_is_complete_for_one_request(drive):
    assert drive.import_wantlist().outcome == "0 wants: complete."
    assert len(drive.discogs.asked) == 1


def test_a_wantlist_that_is_suddenly_empty_is_doubted_first(drive, make_want):
    drive.discogs.wants = [make_want(1)]
    drive.import_wantlist()
    drive.discogs.wants, drive.discogs.asked = [], []
    drive.import_wantlist()
    assert [line.split()[0] for line in drive.discogs.asked] == ["wants", "identity", "wants"]
    assert missing(drive) == 1


def test_notes_that_vanish_all_at_once_are_a_strangers_view(drive, make_want):
    drive.discogs.wants = [make_want(number, notes=f"note {number}") for number in range(3)]
    drive.import_wantlist()
    seen = []

    def as_a_stranger(page):
        seen.append(page)
        stripped = tuple(replace(want, notes=None) for want in page.items)
        return replace(page, items=stripped) if len(seen) == 1 else page

    drive.discogs.lie = as_a_stranger
    drive.import_wantlist()
    assert [line.split()[0] for line in drive.discogs.asked[1:]] == ["wants", "identity", "wants"]
    assert drive.one("SELECT count(*) FROM rekkrd.wants WHERE notes <> ''") == 3


def test_another_account_is_refused_and_nothing_touched(drive, make_want):
    drive.discogs.wants = [make_want(1)]
    drive.import_wantlist()
    drive.discogs.wants, drive.discogs.user_id = [], 43
    with pytest.raises(JobFailed, match="Nothing was changed"):
        drive.import_wantlist()
    assert missing(drive) == 0


def test_a_renamed_account_goes_on_under_its_new_name(drive, make_want):
    drive.discogs.wants = [make_want(1)]
    drive.discogs.username = "renamed"
    assert drive.import_wantlist().outcome == "1 want: complete."
    assert drive.account().username == "renamed"


def test_a_list_that_is_not_there_says_so(drive):
    drive.discogs.username = "renamed"
    drive.discogs.before_page = lambda page: setattr(drive.discogs, "username", f"{drive.discogs.username}!")
    with pytest.raises(Unavailable, match="knows no wantlist"):
        drive.import_wantlist()


def test_a_want_that_is_gone_is_marked_and_comes_back(drive, make_want):
    drive.discogs.wants = [make_want(number) for number in range(5)]
    drive.import_wantlist()
    gone = drive.discogs.wants.pop()
    assert "1 want no longer on Discogs" in drive.import_wantlist().outcome
    assert missing(drive) == 1
    drive.discogs.wants.append(gone)
    drive.import_wantlist()
    assert missing(drive) == 0


def test_too_many_wants_gone_at_once_are_asked_about(drive, make_want):
    drive.discogs.wants = [make_want(number) for number in range(100)]
    drive.import_wantlist()
    del drive.discogs.wants[:3]
    assert "3 wants would go missing at once" in drive.import_wantlist().outcome
    assert missing(drive) == 0
    assert drive.one("SELECT subject FROM rekkrd.questions") == "wantlist"


def test_a_free_account_holds_the_fifty_newest_wants_and_its_link_is_as_the_collection_says(drive, make_want):
    drive.tier = "collector"
    drive.discogs.wants = [make_want(number) for number in range(80)]
    drive.discogs.lie = lambda page: replace(page, items=tuple(drive.discogs.wants))  # more than asked for
    assert drive.import_wantlist().outcome == "The 50 newest of 80 wants; upgrade to go on."
    assert drive.one("SELECT count(*) FROM rekkrd.wants") == 50
    assert not drive.account().is_partial


def test_a_worker_that_dies_twice_in_every_step_changes_nothing(drive, make_want):
    drive.is_clumsy = True
    drive.discogs.wants = [make_want(number) for number in range(250)]
    assert drive.import_wantlist().outcome == "250 wants: complete."
    assert drive.one("SELECT count(*) FROM discogs_sync_log") == 250


def test_wants_that_come_and_go_on_the_way_are_walked_again(drive, make_want):
    drive.discogs.wants = [make_want(number) for number in range(250)]
    drive.import_wantlist()
    for at in drive.steps(IMPORT_WANTLIST):
        if isinstance(at, Done):
            break
        if at.checkpoint.current_page == 1 and at.checkpoint.nth_try == 1:
            del drive.discogs.wants[-1]
    assert "wants 1/100 label asc" in drive.discogs.asked  # a wantlist is not known to take title
    assert missing(drive) == 1
    assert [row["outcome"] for row in drive.rows("SELECT outcome FROM rekkrd.sweeps ORDER BY started_at")] == [
        "complete",
        "changed",
        "complete",
    ]


def test_a_second_import_writes_a_line_only_for_what_changed(drive, make_want):
    drive.discogs.wants = [make_want(1), make_want(2)]
    drive.import_wantlist()
    drive.discogs.wants = [make_want(1, rating=2), make_want(2)]
    drive.import_wantlist()
    (line,) = drive.rows("SELECT details FROM discogs_sync_log WHERE action = 'update'")
    assert line["details"] == {
        "list": "wantlist",
        "change": "updated",
        "changed": ["rating"],
        "before": {"rating": 0},
        "after": {"rating": 2},
        "sweep": str(drive.one("SELECT id FROM rekkrd.sweeps ORDER BY started_at DESC LIMIT 1")),
    }
