"""Undo of the last sync: local and reversible, once, and only where nothing changed since."""

from dataclasses import replace

import pytest

from actors.catalog import (
    IMPORT_COLLECTION,
    IMPORT_WANTLIST,
    PREVIEW_SYNC,
    PUSH_COLLECTION,
    PUSH_WANTLIST,
    REFRESH_COLLECTION,
    UNDO_SYNC,
    UndoArguments,
)
from actors.errors import RestoreRefused
from actors.pushing.push_preview import preview_push
from actors.syncing.answering import restore, restore_want
from actors.syncing.resume import resume
from actors.syncing.reversals import UndoAct
from actors.syncing.undo_sync import ALREADY, ANOTHER, NOTHING, UNDER_WAY, preview_undo
from db import sync_log, undone_records
from discogs.records.collection import Note
from services.errors import ChoiceOutdated, NothingToResume
from services.sync.undo_choice import preview
from tests.actors.conftest import JOBS
from tests.new_jobs import enqueue
from workers.errors import JobFailed

FIRST = 3_000_000_000
PAST = (
    (
        "UPDATE rekkrd.jobs SET started_at = started_at - interval '1 hour',"
        " finished_at = now() - interval '59 minutes' WHERE finished_at IS NOT NULL"
    ),
    "UPDATE discogs_sync_log SET created_at = created_at - interval '1 hour'",
    "UPDATE albums SET created_at = created_at - interval '1 hour'",
    "UPDATE rekkrd.links SET collection_first_complete_at = collection_first_complete_at - interval '1 hour'",
)


def ran(drive, *kinds, arguments=None) -> str:
    """Run jobs as one sync: the ledger says from when to when each ran."""
    outcome = ""
    for kind in kinds:
        at = drive.one("SELECT clock_timestamp()")
        done = drive.run(kind) if arguments is None else drive.run(kind, arguments)
        outcome = done.outcome
        drive.execute(
            "UPDATE rekkrd.jobs SET state = 'completed', started_at = %s, finished_at = clock_timestamp()"
            " WHERE kind = %s AND finished_at IS NULL",
            at,
            kind.name,
        )
    return outcome


def an_hour_passes(drive) -> None:
    for statement in PAST:
        drive.execute(statement)


def foretold(drive):
    with drive.conn.transaction():
        return preview_undo(drive.conn, drive.user_id)


def waiting(drive) -> list:
    with drive.conn.transaction():
        return [(one.act.value, one.field, one.after) for one in preview_push(drive.conn, drive.user_id).changes]


def album(drive, number: int) -> dict:
    (row,) = drive.rows("SELECT * FROM albums WHERE discogs_instance_id = %s", FIRST + number)
    return row


def edited(item, grade="Mint (M)", note=None):
    notes = (Note(1, grade), item.notes[1], item.notes[2] if note is None else Note(3, note))
    return replace(item, notes=notes)


@pytest.fixture
def known(drive, make_item, make_want):
    """Sixty copies and two wants that came over an hour ago."""
    drive.discogs.items = [make_item(number) for number in range(60)]
    drive.discogs.wants = [make_want(200), make_want(201, notes="mono")]
    ran(drive, IMPORT_COLLECTION, IMPORT_WANTLIST)
    an_hour_passes(drive)
    return drive


@pytest.fixture
def synced(known, make_item, make_want):
    """A sync that brought an edit, a new copy, a lost one, and the same of wants."""
    items, wants = known.discogs.items, known.discogs.wants
    known.discogs.items = [edited(items[0]), *items[2:], make_item(99, release=777, title="New one")]
    known.discogs.wants = [replace(wants[0], rating=4), make_want(202)]
    ran(known, IMPORT_COLLECTION, IMPORT_WANTLIST)
    return known


def base(drive) -> dict:
    """Albums, wants and what was agreed on them, but for when."""
    return {
        "albums": drive.rows(
            "SELECT discogs_instance_id AS number, media_condition, discogs_notes FROM albums"
            " ORDER BY 1, discogs_release_id"
        ),
        "agreed": drive.rows("SELECT instance_id, fields FROM rekkrd.agreed ORDER BY 1"),
        "list": drive.rows("SELECT discogs_release_id AS release, notes, rating FROM discogs_wantlist ORDER BY 1"),
        "wants": drive.rows("SELECT release_id, agreed FROM rekkrd.wants WHERE agreed IS NOT NULL ORDER BY 1"),
    }


def chosen(drive, choice, **numbers) -> list:
    """Choose how the sync goes on, and run the jobs that follow."""
    with drive.conn.transaction():
        started = resume(drive.conn, drive.user_id, choice, by="test", **numbers)
    return [drive.one("SELECT kind FROM rekkrd.jobs WHERE id = %s", one.job_id) for one in started]


def options(drive) -> dict:
    with drive.conn.transaction():
        return {one.choice: one.pushed for one in preview(drive.conn, drive.user_id).options}


def test_undo_restores_both_lists_and_their_base(known, make_item, make_want):
    before = base(known)
    items, wants = known.discogs.items, known.discogs.wants
    known.discogs.items = [edited(items[0]), *items[2:], make_item(99, release=777, title="New one")]
    known.discogs.wants = [replace(wants[0], rating=4), make_want(202)]
    ran(known, IMPORT_COLLECTION, IMPORT_WANTLIST)
    assert base(known) != before
    assert ran(known, UNDO_SYNC).startswith(
        "6 changes undone. Nothing changes on Discogs. Imports and pushes are paused"
    )
    assert base(known) == before
    assert known.one("SELECT count(*) FROM rekkrd.instances WHERE missing_since IS NOT NULL") == 0
    assert waiting(known) == []


def test_import_after_an_undo_brings_the_sync_again(synced):
    after = base(synced)
    ran(synced, UNDO_SYNC)
    assert base(synced) != after
    assert chosen(synced, "import_again") == ["import_collection", "import_wantlist"]
    ran(synced, IMPORT_COLLECTION, IMPORT_WANTLIST)
    assert base(synced) == after
    assert waiting(synced) == []


def test_undo_of_a_first_import_plans_no_deletion(drive, make_item, make_want):
    drive.discogs.items = [make_item(number) for number in range(130)]
    drive.discogs.wants = [make_want(200), make_want(201, notes="mono")]
    ran(drive, IMPORT_COLLECTION, IMPORT_WANTLIST)
    after = base(drive)
    ran(drive, UNDO_SYNC)
    assert base(drive) == {"albums": [], "agreed": [], "list": [], "wants": []}
    assert waiting(drive) == []
    assert drive.one("SELECT collection_first_complete_at FROM rekkrd.links") is None
    chosen(drive, "import_again")
    assert ran(drive, IMPORT_COLLECTION) == "130 records: complete."
    ran(drive, IMPORT_WANTLIST)
    assert base(drive) == after
    assert waiting(drive) == []


def test_paused_jobs_fail_and_say_what_to_do(synced):
    ran(synced, UNDO_SYNC)
    before = base(synced)
    for kind in (IMPORT_COLLECTION, IMPORT_WANTLIST, REFRESH_COLLECTION, PUSH_COLLECTION, PUSH_WANTLIST):
        with pytest.raises(JobFailed, match="Choose how to go on"):
            synced.run(kind)
    assert base(synced) == before


def test_page_that_was_requested_before_the_undo_is_not_stored(synced):
    steps = synced.steps(IMPORT_COLLECTION)
    step = next(steps)
    (job,) = [job for job in JOBS if job.kind is IMPORT_COLLECTION]
    fetched = job.fetch(step)
    with synced.conn.transaction():
        undone_records.pause(synced.conn, synced.user_id)
    with pytest.raises(JobFailed, match="paused"), synced.conn.transaction():
        job.store(synced.conn, step, fetched)


def test_undo_cancels_pushes_that_were_not_sent(synced):
    synced.execute("UPDATE albums SET media_condition = 'P' WHERE discogs_instance_id = %s", FIRST + 5)
    with synced.conn.transaction():
        waits = enqueue(synced.conn, PUSH_COLLECTION, synced.user_id).job
    ran(synced, UNDO_SYNC)
    assert synced.one("SELECT state FROM rekkrd.jobs WHERE id = %s", waits.id) == "cancelled"
    assert waiting(synced) == [("write", "media_condition", "P")]


def test_keep_mine_needs_the_numbers_of_now(synced):
    ran(synced, UNDO_SYNC)
    pushed = options(synced)["keep_mine"]
    assert (pushed.deletions, pushed.overwrites, pushed.adds) == (2, 2, 2)
    before = base(synced)
    for wrong in ({}, {"deletions": 2, "overwrites": 1}, {"deletions": 1, "overwrites": 2}):
        with pytest.raises(ChoiceOutdated, match="2 deletions and 2 overwrites"):
            chosen(synced, "keep_mine", **wrong)
    assert base(synced) == before
    assert options(synced)["keep_mine"] == pushed
    assert chosen(synced, "keep_mine", deletions=2, overwrites=2) == ["push_collection", "push_wantlist"]
    out = waiting(synced)
    assert sorted(act for act, _, _ in out) == ["add", "add", "remove", "remove", "write", "write"]
    assert ("write", "media_condition", "NM") in out


def test_keep_local_leaves_both_sides_as_they_are(synced):
    ran(synced, UNDO_SYNC)
    here = {name: rows for name, rows in base(synced).items() if name in ("albums", "list")}
    assert chosen(synced, "keep_local") == []
    for _ in range(2):
        ran(synced, IMPORT_COLLECTION, IMPORT_WANTLIST)
        assert {name: rows for name, rows in base(synced).items() if name in ("albums", "list")} == here
        assert waiting(synced) == []
    assert synced.one("SELECT count(*) FROM rekkrd.conflicts WHERE resolved_at IS NULL") == 0


def test_record_kept_local_is_synced_again_once_restored(synced):
    ran(synced, UNDO_SYNC)
    chosen(synced, "keep_local")
    with synced.conn.transaction():
        gone = restore(synced.conn, synced.user_id, FIRST + 99)
        restore(synced.conn, synced.user_id, FIRST)
        restore_want(synced.conn, synced.user_id, 100202)
    assert synced.one("SELECT discogs_release_id FROM albums WHERE id = %s", gone.album_id) == 777
    ran(synced, IMPORT_COLLECTION, IMPORT_WANTLIST)
    assert album(synced, 0)["media_condition"] == "M"
    assert waiting(synced) == []


def test_restore_brings_back_what_the_undo_removed(synced):
    ran(synced, UNDO_SYNC)
    with synced.conn.transaction():
        restored = restore(synced.conn, synced.user_id, FIRST + 99)
        assert not restored.was_missing
        restore_want(synced.conn, synced.user_id, 100202)
    assert album(synced, 99)["id"] == restored.album_id
    assert waiting(synced) == []
    for again, number in ((restore, FIRST + 99), (restore_want, 100202)):
        with pytest.raises(RestoreRefused, match="already"), synced.conn.transaction():
            again(synced.conn, synced.user_id, number)
    assert options(synced)["keep_mine"].deletions == 0


def test_choice_without_a_pause_is_refused(synced):
    with pytest.raises(NothingToResume, match="not paused"):
        chosen(synced, "import_again")


def test_choice_waits_for_the_end_of_the_undo(known, monkeypatch):
    monkeypatch.setattr("actors.syncing.undo_sync.PIECE", 2)
    known.discogs.items = [edited(item) for item in known.discogs.items]
    ran(known, IMPORT_COLLECTION)
    steps = known.steps(UNDO_SYNC)
    for _ in range(3):
        next(steps)
    steps.close()
    with pytest.raises(NothingToResume, match="has not ended"):
        chosen(known, "import_again")


def test_undo_that_changed_nothing_does_not_pause(synced):
    synced.execute("UPDATE albums SET media_condition = 'G' WHERE discogs_instance_id = %s", FIRST)
    synced.execute("DELETE FROM discogs_sync_log WHERE details ->> 'change' <> 'updated' OR details ? 'list'")
    assert ran(synced, UNDO_SYNC) == "Nothing was undone. 1 change left alone: the history says why."
    assert synced.one("SELECT paused_reason FROM rekkrd.links") is None


def test_preview_while_paused_says_what_an_import_brings(synced):
    ran(synced, UNDO_SYNC)
    synced.run(PREVIEW_SYNC)
    found = synced.rows("SELECT change, is_want, field FROM rekkrd.preview_items WHERE way = 'comes_in'")
    assert {(row["change"], row["field"]) for row in found if not row["is_want"]} == {
        ("new", None),
        ("changed", "media_condition"),
    }
    assert {row["change"] for row in found if row["is_want"]} == {"new", "changed"}


def test_a_second_call_says_that_it_was_done_and_changes_nothing(synced):
    ran(synced, UNDO_SYNC)
    contents = synced.rows("SELECT * FROM albums ORDER BY id")
    said = ran(synced, UNDO_SYNC)
    assert said.startswith(ALREADY)
    assert "6 changes undone" in said
    assert synced.rows("SELECT * FROM albums ORDER BY id") == contents
    assert foretold(synced).state == "undone"


def test_what_changed_since_is_left_alone_and_the_history_says_why(synced):
    synced.execute("UPDATE albums SET media_condition = 'G' WHERE discogs_instance_id = %s", FIRST)
    synced.execute("UPDATE albums SET pressing_country = 'my own word' WHERE discogs_release_id = 777")
    synced.execute("UPDATE discogs_wantlist SET notes = 'please' WHERE discogs_release_id = 100202")
    told = foretold(synced)
    assert sum(not one.is_done for one in told.reversals) == 3
    assert "3 changes left alone: the history says why." in ran(synced, UNDO_SYNC)
    assert album(synced, 0)["media_condition"] == "G"
    assert synced.one("SELECT pressing_country FROM albums WHERE discogs_release_id = 777") == "my own word"
    assert synced.one("SELECT notes FROM discogs_wantlist WHERE discogs_release_id = 100202") == "please"
    with synced.conn.transaction():
        skipped = [line for line in sync_log.of_user(synced.conn, synced.user_id) if line.status == "skipped"]
    assert {line.details["error"] for line in skipped} == {
        "It changed here since.",
        "It was edited or used here since.",
    }


def test_of_one_record_the_fields_that_changed_since_stay_and_the_others_go_back(known):
    known.discogs.items[0] = edited(known.discogs.items[0], note="theirs")
    ran(known, IMPORT_COLLECTION)
    known.execute("UPDATE albums SET discogs_notes = 'mine since' WHERE discogs_instance_id = %s", FIRST)
    (one,) = foretold(known).reversals
    assert (one.act, one.kept, dict(one.after)) == (UndoAct.PUT_BACK, ("discogs_notes",), {"media_condition": "NM"})
    ran(known, UNDO_SYNC)
    row = album(known, 0)
    assert (row["media_condition"], row["discogs_notes"]) == ("NM", "mine since")


def test_own_fields_go_back_one_by_one(known):
    item = known.discogs.items[0]
    known.discogs.items[0] = replace(item, notes=(*item.notes, Note(4, "Shelf A"), Note(5, "12.50")))
    ran(known, IMPORT_COLLECTION)
    assert album(known, 0)["discogs_fields"] == {"field_4": "Shelf A", "field_5": "12.50"}
    known.execute(
        'UPDATE albums SET discogs_fields = discogs_fields || \'{"field_5": "15"}\' WHERE discogs_instance_id = %s',
        FIRST,
    )
    (one,) = foretold(known).reversals
    assert (one.act, one.kept, dict(one.after)) == (UndoAct.PUT_BACK, ("field_5",), {"field_4": None})
    ran(known, UNDO_SYNC)
    assert album(known, 0)["discogs_fields"] == {"field_5": "15"}


def test_beforehand_it_is_said_and_nothing_happens(synced):
    albums = synced.rows("SELECT * FROM albums ORDER BY id")
    lines = synced.one("SELECT count(*) FROM discogs_sync_log")
    told = foretold(synced)
    assert (told.state, told.is_whole) == ("undoable", True)
    assert "1 album restored, 1 album removed here, 1 record no longer marked as missing" in told.sentence
    assert "Nothing changes on Discogs. Imports and pushes are then paused" in told.sentence
    assert synced.rows("SELECT * FROM albums ORDER BY id") == albums
    assert synced.one("SELECT count(*) FROM discogs_sync_log") == lines
    assert synced.rows("SELECT * FROM rekkrd.undos") == []


def test_only_the_last_sync_goes_and_what_the_collector_answered_stays(synced):
    synced.execute('UPDATE discogs_sync_log SET details = details || \'{"by": "collector"}\'')
    assert foretold(synced).state == "nothing"
    assert ran(synced, UNDO_SYNC) == NOTHING
    assert synced.one("SELECT count(*) FROM albums") == 61


def test_while_a_sync_is_under_way_nothing_is_taken_back(synced):
    synced.execute(
        "UPDATE rekkrd.jobs SET state = 'running', finished_at = NULL, outcome = NULL WHERE kind = 'import_wantlist'"
        " AND started_at > now() - interval '30 minutes'"
    )
    assert foretold(synced).state == "under_way"
    assert ran(synced, UNDO_SYNC) == UNDER_WAY


def test_a_worker_that_dies_half_way_leaves_the_rest_to_the_next_call(known, monkeypatch):
    monkeypatch.setattr("actors.syncing.undo_sync.PIECE", 2)
    known.discogs.items = [edited(item) for item in known.discogs.items]
    ran(known, IMPORT_COLLECTION)
    steps = known.steps(UNDO_SYNC)
    for _ in range(5):
        next(steps)
    steps.close()
    assert foretold(known).state == "begun"
    known.is_clumsy = True
    assert ran(known, UNDO_SYNC).startswith("60 changes undone.")
    assert known.one("SELECT count(*) FROM albums WHERE media_condition = 'NM'") == 60
    assert known.one("SELECT count(*) FROM discogs_sync_log WHERE details ->> 'change' = 'undone'") == 60


def test_another_sync_than_the_one_that_was_shown_is_not_taken_back(synced, make_item):
    shown = foretold(synced).sync
    an_hour_passes(synced)
    synced.discogs.items = [*synced.discogs.items, make_item(98, release=778)]
    ran(synced, IMPORT_COLLECTION)
    before = synced.rows("SELECT * FROM albums ORDER BY id")
    said = synced.run(UNDO_SYNC, UndoArguments(synced_until=shown.synced_until)).outcome
    assert said == ANOTHER
    assert synced.rows("SELECT * FROM albums ORDER BY id") == before


def test_what_follows_soon_after_it_was_taken_back_does_not_offer_it_again(synced, make_item):
    ran(synced, UNDO_SYNC)
    chosen(synced, "keep_local")
    synced.discogs.items = [*synced.discogs.items, make_item(98, release=778)]
    ran(synced, IMPORT_COLLECTION)
    assert foretold(synced).state == "undone"
