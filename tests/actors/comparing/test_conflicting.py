"""Conflicts where they are found: in a page, at the end of a sweep, by the rules of the collector."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from actors.comparing.conflicting import newest
from actors.comparing.resolving import resolve
from db import conflicts, outgoing, rules
from db.conflicts import RECORD, Clash
from discogs.records.collection import Note

ONE = 3_000_000_001
AT = datetime(2026, 1, 1, tzinfo=UTC)
CLASH = Clash(ONE, 1, None, "discogs_notes", True, "a", "b", "c")


@pytest.fixture
def clashing(drive, make_item):
    """A copy whose notes changed here and on Discogs."""
    drive.discogs.items = [make_item(1)]
    drive.import_collection()
    drive.execute("UPDATE albums SET discogs_notes = 'ours'")
    drive.discogs.items = [noted(make_item(1), "theirs")]
    return drive


def noted(item, text):
    return replace(item, notes=(*item.notes[:2], Note(3, text)))


def open_ones(drive):
    return {(one.clash.field): one for one in conflicts.page(drive.conn, drive.user_id, is_open=True)}


def ended(drive):
    found = conflicts.page(drive.conn, drive.user_id, is_open=False)
    return [(one.clash.field, one.resolution, one.resolved_by) for one in found]


def notes(drive):
    return drive.one("SELECT discogs_notes FROM albums")


def base(drive):
    return drive.one("SELECT fields ->> 'discogs_notes' FROM rekkrd.agreed")


def test_a_field_that_changed_on_both_sides_becomes_one_conflict(clashing):
    clashing.import_collection()
    clashing.import_collection()
    found = conflicts.page(clashing.conn, clashing.user_id)
    assert [one.clash for one in found] == [
        Clash(
            ONE,
            100_001,
            clashing.one("SELECT id FROM albums"),
            "discogs_notes",
            has_base=True,
            base="note 1",
            ours="ours",
            theirs="theirs",
        )
    ]
    assert (found[0].title, found[0].artist) == ("Title 100001", "Artist 100001")
    assert notes(clashing) == "ours"


def test_a_field_that_changed_on_one_side_only_is_none(drive, make_item):
    drive.discogs.items = [make_item(1), make_item(2)]
    drive.import_collection()
    drive.execute("UPDATE albums SET discogs_notes = 'ours' WHERE discogs_instance_id = %s", ONE)
    drive.discogs.items[1] = noted(make_item(2), "theirs")
    drive.import_collection()
    assert conflicts.page(drive.conn, drive.user_id) == []


def test_an_open_conflict_shows_what_both_sides_say_now(clashing, make_item):
    clashing.import_collection()
    (before,) = open_ones(clashing).values()
    clashing.discogs.items = [noted(make_item(1), "theirs again")]
    clashing.import_collection()
    (after,) = open_ones(clashing).values()
    assert (after.id, after.clash.ours, after.clash.theirs) == (before.id, "ours", "theirs again")


@pytest.mark.parametrize("meeting", ["ours", "theirs"])
def test_a_conflict_ends_when_both_sides_agree_again(clashing, make_item, meeting):
    clashing.import_collection()
    clashing.execute("UPDATE albums SET discogs_notes = %s", meeting)
    clashing.discogs.items = [noted(make_item(1), meeting)]
    clashing.import_collection()
    assert ended(clashing) == [("discogs_notes", "agreed", "sync")]
    assert base(clashing) == meeting


def test_theirs_is_taken_by_rule_and_what_was_here_stays_in_the_conflict(clashing):
    rules.replace(clashing.conn, clashing.user_id, {"discogs_notes": "theirs"})
    clashing.import_collection()
    assert (notes(clashing), base(clashing)) == ("theirs", "theirs")
    (one,) = conflicts.page(clashing.conn, clashing.user_id)
    assert (one.resolution, one.resolved_by, one.clash.ours) == ("theirs", "rule", "ours")


def test_ours_stays_by_rule_and_waits_to_be_pushed(clashing):
    rules.replace(clashing.conn, clashing.user_id, {"discogs_notes": "ours"})
    clashing.import_collection()
    clashing.import_collection()
    assert (notes(clashing), base(clashing)) == ("ours", "theirs")
    assert ended(clashing) == [("discogs_notes", "ours", "rule")]


def test_a_rule_for_another_field_decides_nothing(clashing):
    rules.replace(clashing.conn, clashing.user_id, {"media_condition": "theirs"})
    clashing.import_collection()
    assert list(open_ones(clashing)) == ["discogs_notes"]


def test_newest_asks_where_nobody_can_know(clashing):
    rules.replace(clashing.conn, clashing.user_id, {"discogs_notes": "newest"})
    clashing.import_collection()
    assert list(open_ones(clashing)) == ["discogs_notes"]


def test_newest_takes_the_side_that_moved_since_the_conflict_was_found(clashing):
    clashing.import_collection()
    rules.replace(clashing.conn, clashing.user_id, {"discogs_notes": "newest"})
    clashing.execute("UPDATE albums SET discogs_notes = 'ours again'")
    clashing.import_collection()
    assert (notes(clashing), base(clashing)) == ("ours again", "theirs")


@pytest.mark.parametrize(("ours_at", "side"), [(timedelta(days=-1), "theirs"), (timedelta(days=1), None)])
def test_newest_believes_the_albums_own_time_if_the_app_keeps_one(clashing, ours_at, side):
    rules.replace(clashing.conn, clashing.user_id, {"discogs_notes": "newest"})
    clashing.execute("ALTER TABLE albums ADD updated_at timestamptz")
    clashing.execute("UPDATE albums SET updated_at = now() + %s", ours_at)
    clashing.import_collection()
    assert ended(clashing) == ([("discogs_notes", side, "rule")] if side else [])


def test_newest_knows_the_side_that_moved_alone():
    assert newest(CLASH, CLASH) is None
    assert newest(replace(CLASH, ours="d"), CLASH) == "ours"
    assert newest(replace(CLASH, theirs="d"), CLASH) == "theirs"
    assert newest(replace(CLASH, ours="d", theirs="d"), CLASH) is None
    early = replace(CLASH, ours_changed_at=AT, theirs_changed_after=AT + timedelta(seconds=1))
    assert newest(early, None) == "theirs"
    assert newest(replace(early, theirs_changed_after=AT), None) is None


def test_a_time_that_is_none_stops_no_import(clashing):
    clashing.execute("ALTER TABLE albums ADD updated_at text DEFAULT 'yesterday'")
    clashing.import_collection()
    assert list(open_ones(clashing)) == ["discogs_notes"]


def test_a_copy_edited_on_discogs_whose_album_was_deleted_here_is_a_conflict(clashing):
    clashing.execute("DELETE FROM albums")
    clashing.import_collection()
    clashing.import_collection()
    ((field, one),) = open_ones(clashing).items()
    assert (field, one.clash.ours, one.clash.theirs["discogs_notes"]) == (RECORD, None, "theirs")
    told = clashing.rows("SELECT status FROM discogs_sync_log WHERE action = 'conflict'")
    assert told == [{"status": "conflict"}]


def test_a_deletion_of_what_nobody_edited_is_no_conflict(drive, make_item):
    drive.discogs.items = [make_item(1)]
    drive.import_collection()
    drive.execute("DELETE FROM albums")
    drive.discogs.items = [make_item(1, title="Another name of the release")]
    drive.import_collection()
    assert conflicts.page(drive.conn, drive.user_id) == []


def test_the_conflicts_of_fields_end_with_their_album(clashing):
    clashing.import_collection()
    clashing.execute("DELETE FROM albums")
    clashing.import_collection()
    assert ended(clashing) == [("discogs_notes", "superseded", "sync")]
    assert list(open_ones(clashing)) == [RECORD]


@pytest.mark.parametrize(("rule", "albums", "notes_agreed"), [("ours", 0, "theirs"), ("theirs", 1, "theirs")])
def test_a_rule_decides_about_a_whole_record(clashing, rule, albums, notes_agreed):
    rules.replace(clashing.conn, clashing.user_id, {RECORD: rule})
    clashing.execute("DELETE FROM albums")
    clashing.import_collection()
    clashing.import_collection()
    assert ended(clashing) == [(RECORD, rule, "rule")]
    assert (clashing.one("SELECT count(*) FROM albums"), base(clashing)) == (albums, notes_agreed)


def test_a_deletion_edited_back_on_discogs_is_no_conflict_any_more(clashing, make_item):
    clashing.execute("DELETE FROM albums")
    clashing.import_collection()
    clashing.discogs.items = [make_item(1)]
    clashing.import_collection()
    assert ended(clashing) == [(RECORD, "agreed", "sync")]


@pytest.fixture
def vanished(drive, make_item):
    """A copy that is gone on Discogs while its album was edited here, beside one that only is gone."""
    drive.discogs.items = [make_item(number) for number in range(1, 102)]
    drive.import_collection()
    drive.execute("UPDATE albums SET discogs_notes = 'ours' WHERE discogs_instance_id = %s", ONE)
    drive.discogs.items = drive.discogs.items[2:]
    return drive


def test_a_copy_gone_on_discogs_whose_album_was_edited_here_is_a_conflict(vanished):
    vanished.import_collection()
    vanished.import_collection()
    (one,) = conflicts.page(vanished.conn, vanished.user_id)
    assert (one.clash.field, one.clash.theirs, one.clash.ours["discogs_notes"]) == (RECORD, None, "ours")
    assert one.clash.instance_id == ONE
    assert vanished.missing() == 2


def test_an_album_of_a_missing_copy_edited_later_is_a_conflict_too(drive, make_item):
    drive.discogs.items = [make_item(1), make_item(2)]
    drive.import_collection()
    drive.discogs.items = [make_item(2)]
    drive.import_collection()
    assert conflicts.page(drive.conn, drive.user_id) == []
    drive.execute("UPDATE albums SET discogs_notes = 'ours' WHERE discogs_instance_id = %s", ONE)
    drive.import_collection()
    assert list(open_ones(drive)) == [RECORD]


def test_a_copy_that_is_back_is_no_conflict_any_more(vanished, make_item):
    vanished.import_collection()
    vanished.discogs.items.append(make_item(1))
    vanished.import_collection()
    assert ended(vanished) == [(RECORD, "agreed", "sync")]
    assert vanished.one("SELECT discogs_notes FROM albums WHERE discogs_instance_id = %s", ONE) == "ours"


def test_the_conflicts_of_fields_end_with_their_copy(clashing):
    clashing.import_collection()
    clashing.discogs.items = []
    clashing.import_collection()
    assert ended(clashing) == [("discogs_notes", "superseded", "sync")]
    assert list(open_ones(clashing)) == [RECORD]


def answer(drive, side):
    (one,) = open_ones(drive).values()
    with drive.conn.transaction():
        return resolve(drive.conn, drive.user_id, [one.id], side, by="collector") == {one.id}


def test_taking_theirs_writes_the_album_and_the_base(clashing):
    clashing.import_collection()
    assert answer(clashing, "theirs")
    assert (notes(clashing), base(clashing)) == ("theirs", "theirs")
    clashing.import_collection()
    assert ended(clashing) == [("discogs_notes", "theirs", "collector")]


def test_taking_ours_makes_it_a_local_change_that_waits(clashing):
    clashing.import_collection()
    assert answer(clashing, "ours")
    assert (notes(clashing), base(clashing)) == ("ours", "theirs")
    clashing.import_collection()
    assert ended(clashing) == [("discogs_notes", "ours", "collector")]


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_an_album_edited_since_is_not_decided_unseen(clashing, side):
    clashing.import_collection()
    clashing.execute("UPDATE albums SET discogs_notes = 'typed just now'")
    assert not answer(clashing, side)
    (one,) = open_ones(clashing).values()
    assert (one.clash.ours, notes(clashing), base(clashing)) == ("typed just now", "typed just now", "note 1")
    assert answer(clashing, side)


def test_a_deleted_album_is_made_again_with_what_discogs_has(clashing):
    clashing.execute("DELETE FROM albums")
    clashing.import_collection()
    assert answer(clashing, "theirs")
    clashing.import_collection()
    (album,) = clashing.rows("SELECT discogs_notes, discogs_instance_id FROM albums")
    assert album == {"discogs_notes": "theirs", "discogs_instance_id": ONE}


def test_a_deletion_that_is_meant_waits_to_go_out(clashing):
    clashing.execute("DELETE FROM albums")
    clashing.import_collection()
    assert answer(clashing, "ours")
    clashing.import_collection()
    assert base(clashing) == "theirs"
    assert open_ones(clashing) == {}


def test_an_album_whose_copy_is_gone_may_be_kept_as_it_is(vanished):
    vanished.import_collection()
    assert answer(vanished, "theirs")
    vanished.import_collection()
    assert open_ones(vanished) == {}
    assert vanished.one("SELECT count(*) FROM albums") == 101


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_an_album_edited_since_its_copy_vanished_is_not_decided_unseen(vanished, side):
    vanished.import_collection()
    vanished.execute("UPDATE albums SET title = 'typed just now' WHERE discogs_instance_id = %s", ONE)
    assert not answer(vanished, side)
    (one,) = open_ones(vanished).values()
    assert one.clash.ours["title"] == "typed just now"
    assert answer(vanished, side)


def test_an_album_whose_copy_is_gone_may_get_a_new_one(vanished):
    vanished.import_collection()
    assert answer(vanished, "ours")
    vanished.import_collection()
    freed = vanished.rows("SELECT discogs_notes FROM albums WHERE discogs_instance_id IS NULL")
    assert freed == [{"discogs_notes": "ours"}]
    assert open_ones(vanished) == {}
    (add,) = outgoing.adds(vanished.conn, vanished.user_id)
    assert (add.release_id, outgoing.next_releases(vanished.conn, vanished.user_id, room=2)) == (100_001, [100_001])


def test_an_unchanged_page_asks_one_thing_more_and_writes_nothing(clashing, monkeypatch):
    clashing.import_collection()
    written = []
    monkeypatch.setattr(conflicts, "keep", lambda conn, user_id, clashes: written.extend(clashes))
    monkeypatch.setattr(conflicts, "close", lambda conn, user_id, endings: written.extend(endings))
    clashing.import_collection()
    assert written == []
