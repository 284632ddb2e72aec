"""The last sync is taken back where nothing changed since, once, and no later import brings it again."""

from dataclasses import replace

import pytest

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST, PUSH_COLLECTION, UNDO_SYNC, PushArguments, UndoArguments
from actors.pushing.push_preview import preview_push
from actors.syncing.reversals import UndoAct
from actors.syncing.undo_sync import ALREADY, ANOTHER, NOTHING, UNDER_WAY, preview_undo
from db import sync_log
from discogs.records.collection import Note
from simulator import SimulatorSettings, running

FIRST = 3_000_000_000
YES = PushArguments(is_confirmed=True)
OWN = "bought in Ghent"
PAST = (
    "UPDATE rekkrd.jobs SET started_at = started_at - interval '1 hour', finished_at = now() - interval '59 minutes'",
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


def test_everything_that_came_in_goes_back_and_waits_to_go_out(synced):
    assert ran(synced, UNDO_SYNC).startswith("6 changes taken back. What differs from Discogs now goes out")
    assert album(synced, 0)["media_condition"] == "NM"
    assert synced.rows("SELECT id FROM albums WHERE discogs_release_id = 777") == []
    (lost,) = synced.rows("SELECT * FROM albums WHERE discogs_release_id = 100001")
    assert (lost["discogs_instance_id"], lost["discogs_notes"]) == (None, "note 1")
    wants = synced.rows("SELECT discogs_release_id AS release, notes, rating FROM discogs_wantlist ORDER BY 1")
    assert [tuple(row.values()) for row in wants] == [(100200, "", 0), (100201, "mono", 0)]
    out = waiting(synced)
    assert ("write", "media_condition", "NM") in out
    assert sorted(act for act, _, _ in out) == ["add", "add", "remove", "remove", "write", "write"]


def test_a_later_import_does_not_bring_again_what_was_taken_back(synced):
    ran(synced, UNDO_SYNC)
    before = waiting(synced)
    assert before
    for _ in range(2):
        ran(synced, IMPORT_COLLECTION, IMPORT_WANTLIST)
    assert album(synced, 0)["media_condition"] == "NM"
    assert synced.rows("SELECT id FROM albums WHERE discogs_release_id = 777") == []
    assert synced.one("SELECT count(*) FROM rekkrd.conflicts WHERE resolved_at IS NULL") == 0
    assert waiting(synced) == before


def test_a_second_call_says_that_it_was_done_and_changes_nothing(synced):
    ran(synced, UNDO_SYNC)
    contents = synced.rows("SELECT * FROM albums ORDER BY id")
    said = ran(synced, UNDO_SYNC)
    assert said.startswith(ALREADY)
    assert "6 changes taken back" in said
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
    assert "1 album put back, 1 album dropped again, 1 record added again" in told.sentence
    assert "The numbers that Discogs gave it and the day on which it was added do not come back" in told.sentence
    assert "the next push removes it there too" in told.sentence
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
    assert ran(known, UNDO_SYNC).startswith("60 changes taken back.")
    assert known.one("SELECT count(*) FROM albums WHERE media_condition = 'NM'") == 60
    assert known.one("SELECT count(*) FROM discogs_sync_log WHERE details ->> 'change' = 'undone'") == 60


@pytest.fixture
def pushed(drive):
    """A collector who deleted an album; the push removed its copy on the simulated Discogs. And the account there."""
    with running(SimulatorSettings(port=0, records=60, wants=1, limit=10_000)) as simulator:
        account = simulator.world.account("demo_collector")
        with drive.speaking_to(simulator, account):
            copy = next(one for _, one in sorted(account.instances.items()) if len(account.copies(one.release_id)) == 1)
            for field_id, text in ((1, "Near Mint (NM or M-)"), (2, "Generic"), (3, " an old\nnote ")):
                account.note(copy.id, field_id, text)
            own = next(one.id for one in account.fields.values() if one.id > 3 and one.type == "textarea")
            account.note(copy.id, own, OWN)
            copy.rating = 4
            ran(drive, IMPORT_COLLECTION)
            an_hour_passes(drive)
            drive.execute("DELETE FROM albums WHERE discogs_instance_id = %s", copy.id)
            ran(drive, PUSH_COLLECTION, arguments=YES)
            assert copy.id not in account.instances
            yield drive, account, copy


def test_what_a_sync_removed_on_discogs_is_there_again_after_the_next_push(pushed):
    drive, account, copy = pushed
    (one,) = foretold(drive).reversals
    assert (one.act, one.after["media_condition"]) == (UndoAct.ADD_AGAIN, "NM")
    assert one.problem.startswith("The numbers that Discogs gave it")
    ran(drive, UNDO_SYNC)
    ran(drive, PUSH_COLLECTION, arguments=YES)
    (there,) = account.copies(copy.release_id)
    assert (there.folder_id, there.rating) == (copy.folder_id, 4)
    assert there.notes == copy.notes
    assert OWN in there.notes.values()
    assert len(account.instances) == 60


def test_what_was_added_here_again_already_is_not_added_twice(pushed):
    drive, account, copy = pushed
    drive.add_album(artist="A", title="B", discogs_release_id=copy.release_id)
    ran(drive, UNDO_SYNC)
    ran(drive, PUSH_COLLECTION, arguments=YES)
    assert len(account.copies(copy.release_id)) == 1


def test_a_copy_that_vanished_on_discogs_is_added_again_with_all_its_fields(pushed):
    drive, account, copy = pushed
    ran(drive, UNDO_SYNC)
    ran(drive, PUSH_COLLECTION, arguments=YES)
    (there,) = account.copies(copy.release_id)
    ran(drive, IMPORT_COLLECTION)
    an_hour_passes(drive)
    said = dict(there.notes)
    account.remove(there.id)
    ran(drive, IMPORT_COLLECTION)
    ran(drive, UNDO_SYNC)
    ran(drive, PUSH_COLLECTION, arguments=YES)
    (again,) = account.copies(copy.release_id)
    assert (again.notes, again.rating) == (said, 4)


def test_a_copy_that_vanished_before_its_album_knew_own_fields_is_added_again_with_them(pushed):
    drive, account, copy = pushed
    ran(drive, UNDO_SYNC)
    ran(drive, PUSH_COLLECTION, arguments=YES)
    ran(drive, IMPORT_COLLECTION)
    drive.execute("UPDATE albums SET discogs_fields = NULL WHERE discogs_release_id = %s", copy.release_id)
    drive.execute("UPDATE rekkrd.agreed SET fields = fields - 'field_5'")
    an_hour_passes(drive)
    (there,) = account.copies(copy.release_id)
    account.remove(there.id)
    ran(drive, IMPORT_COLLECTION)
    ran(drive, UNDO_SYNC)
    ran(drive, PUSH_COLLECTION, arguments=YES)
    (again,) = account.copies(copy.release_id)
    assert again.notes == copy.notes


def test_a_copy_that_is_added_again_says_in_own_fields_what_its_album_says_by_now(pushed):
    drive, account, copy = pushed
    ran(drive, UNDO_SYNC)
    drive.execute(
        'UPDATE albums SET discogs_fields = \'{"field_5": "mine"}\' WHERE discogs_release_id = %s', copy.release_id
    )
    ran(drive, PUSH_COLLECTION, arguments=YES)
    (there,) = account.copies(copy.release_id)
    assert there.notes[5] == "mine"
    account.note(there.id, 5, "")
    ran(drive, IMPORT_COLLECTION)
    assert waiting(drive) == []


def test_a_push_that_dies_before_the_last_field_is_ended_by_the_next(pushed):
    drive, account, copy = pushed
    ran(drive, UNDO_SYNC)
    assert waiting(drive) == [("add", None, None)]
    for step in drive.steps(PUSH_COLLECTION, YES):
        doing = step.checkpoint.doing
        if doing is not None and doing.field_id == 5:
            break
    assert OWN not in account.copies(copy.release_id)[0].notes.values()
    assert waiting(drive) == [("write", "field_5", OWN)]
    assert ran(drive, PUSH_COLLECTION, arguments=YES) == "On Discogs: 1 written."
    assert account.copies(copy.release_id)[0].notes == copy.notes
    assert waiting(drive) == []


def test_a_field_that_discogs_refuses_by_now_is_said_once_and_never_sent(pushed):
    drive, account, copy = pushed
    drive.execute(
        "UPDATE discogs_sync_log SET details = jsonb_set(details, '{removed,fields}', %s) WHERE action = 'delete'",
        '[{"field_id": 4, "value": "a shelf that is gone"}, {"field_id": 5, "value": "9 EUR"}]',
    )
    ran(drive, UNDO_SYNC)
    assert "1 change could not go out" in ran(drive, PUSH_COLLECTION, arguments=YES)
    assert account.copies(copy.release_id)[0].notes == {5: "9 EUR"}
    again = ran(drive, PUSH_COLLECTION, arguments=YES)
    assert again == "Nothing waited to go out. 1 change could not go out: the history says why."
    said = drive.rows(
        "SELECT details FROM discogs_sync_log WHERE details ->> 'field' = 'field_4' AND status = 'skipped'"
    )
    assert len(said) == 1


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
    synced.discogs.items = [*synced.discogs.items, make_item(98, release=778)]
    ran(synced, IMPORT_COLLECTION)
    assert foretold(synced).state == "undone"
