"""What changed here goes out to the simulated Discogs: nothing twice, nothing overwritten, for the fewest requests."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from psycopg.errors import CheckViolation
from psycopg.types.json import Jsonb

from actors.catalog import PUSH_COLLECTION, PushArguments
from actors.checkpoints import Act, Doing, PushStage
from actors.comparing.resolving import resolve
from actors.jobs import JOBS
from actors.pushing import guarding, push_collection
from actors.pushing.guarding import MOST_LOOKS
from actors.pushing.push_preview import preview_push
from actors.pushing.sending import Sent, Unclear, send_change
from db import conflicts, outgoing
from discogs.auth import PersonalToken
from discogs.budget import Unlimited
from discogs.client import Discogs, http_client
from discogs.errors import Gone
from discogs.settings import DiscogsSettings
from simulator import Simulator, SimulatorSettings, running
from simulator.faults import Fault
from workers.errors import JobFailed
from workers.kinds import Continue, Done

RECORDS = 60
YES = PushArguments(is_confirmed=True)
MEDIA, SLEEVE, NOTES = 1, 2, 3
STORAGE, PAID = 4, 5


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running(SimulatorSettings(port=0, records=RECORDS, wants=1, limit=10_000)) as simulator:
        yield simulator


@pytest.fixture
def account(simulator):
    return simulator.world.account("demo_collector")


@pytest.fixture
def collector(drive, simulator, account):
    """A collector whose collection was imported, and who said yes to the preview."""
    with drive.speaking_to(simulator, account):
        theirs = chosen(account)
        account.note(theirs.id, MEDIA, "Near Mint (NM or M-)")
        account.note(theirs.id, NOTES, "an old note")
        drive.import_collection()
        simulator.log.arrivals.clear()
        yield drive


def chosen(account):
    """One copy that is the only one of its release."""
    return next(copy for _, copy in sorted(account.instances.items()) if len(account.copies(copy.release_id)) == 1)


@pytest.fixture
def album(collector, account):
    """An album whose copy has a grade and a note."""
    return collector.rows("SELECT * FROM albums WHERE discogs_instance_id = %s", chosen(account).id)[0]


def push(collector, arguments=YES) -> str:
    return collector.run(PUSH_COLLECTION, arguments).outcome


def written(simulator) -> Counter[str]:
    """Requests that were carried out or tried, by endpoint."""
    return Counter(arrival.endpoint for arrival in simulator.log.arrivals)


def agree(collector, account) -> None:
    """At rest each present copy, its album and what was agreed on say the same."""
    for row in collector.rows(
        "SELECT a.*, i.notes, i.folder_id, i.media_condition AS media, i.sleeve_condition AS sleeve, p.fields AS pact"
        " FROM albums a JOIN rekkrd.instances i ON i.user_id = a.user_id AND i.instance_id = a.discogs_instance_id"
        " JOIN rekkrd.agreed p ON p.album_id = a.id WHERE i.missing_since IS NULL"
    ):
        there = account.instances[row["discogs_instance_id"]]
        assert (row["discogs_notes"] or "") == there.notes.get(NOTES, "").replace("\0", "␀")
        assert row["discogs_folder_id"] == there.folder_id == row["folder_id"] == row["pact"]["discogs_folder_id"]
        assert (row["media_condition"], row["sleeve_condition"]) == (row["media"], row["sleeve"])
        assert row["media_condition"] == row["pact"]["media_condition"]
    assert collector.one("SELECT count(*) FROM rekkrd.instances WHERE missing_since IS NULL") == len(account.instances)


def set_album(collector, album, **columns) -> None:
    places = ", ".join(f"{name} = %s" for name in columns)
    collector.execute(f"UPDATE albums SET {places} WHERE id = %s", *columns.values(), album["id"])


def test_before_the_first_yes_nothing_goes_out(collector, simulator, album):
    set_album(collector, album, media_condition="VG")
    assert "1 change here would go out for the first time" in push(collector, PushArguments())
    assert len(simulator.log.arrivals) == 0
    assert push(collector) == "On Discogs: 1 written."
    set_album(collector, album, media_condition="VG+")
    assert push(collector, PushArguments()) == "On Discogs: 1 written."


def test_nothing_to_send_costs_no_request(collector, simulator):
    assert push(collector) == "Nothing waited to go out."
    assert len(simulator.log.arrivals) == 0


def test_grades_notes_and_folder_go_out_by_a_look_and_a_request_each(collector, simulator, account, album):
    folder = account.add_folder("Jazz")
    collector.import_collection()
    simulator.log.arrivals.clear()
    set_album(
        collector,
        album,
        media_condition="VG+",
        sleeve_condition="Generic",
        discogs_notes="  new\nnote €  ",
        discogs_folder_id=folder,
    )
    assert push(collector) == "On Discogs: 4 written."
    there = account.instances[album["discogs_instance_id"]]
    assert there.notes[MEDIA] == "Very Good Plus (VG+)"
    assert there.notes[SLEEVE] == "Generic"
    assert there.notes[NOTES] == "  new\nnote €  "
    assert there.folder_id == folder
    assert len(simulator.log.arrivals) == 1 + 4
    agree(collector, account)
    simulator.log.arrivals.clear()
    assert push(collector) == "Nothing waited to go out."
    before = collector.one("SELECT count(*) FROM discogs_sync_log")
    collector.import_collection()
    assert collector.one("SELECT count(*) FROM discogs_sync_log") == before  # our own echo is no news


def test_a_note_that_is_cleared_here_is_cleared_there(collector, account, album):
    set_album(collector, album, discogs_notes=None, media_condition=None)
    assert push(collector) == "On Discogs: 2 written."
    assert NOTES not in account.instances[album["discogs_instance_id"]].notes
    assert MEDIA not in account.instances[album["discogs_instance_id"]].notes
    agree(collector, account)
    before = collector.one("SELECT count(*) FROM discogs_sync_log")
    collector.import_collection()
    assert collector.one("SELECT count(*) FROM discogs_sync_log") == before


def test_what_changed_there_meanwhile_is_not_overwritten(collector, account, album):
    set_album(collector, album, media_condition="VG", discogs_notes="mine")
    account.note(album["discogs_instance_id"], MEDIA, "Mint (M)")
    assert push(collector) == "On Discogs: 1 written."
    there = account.instances[album["discogs_instance_id"]]
    assert (there.notes[MEDIA], there.notes[NOTES]) == ("Mint (M)", "mine")
    assert collector.one("SELECT media_condition FROM albums WHERE id = %s", album["id"]) == "VG"


def test_what_changed_there_only_comes_in_with_the_look(collector, account, album):
    set_album(collector, album, media_condition="VG")
    account.note(album["discogs_instance_id"], NOTES, "theirs")
    push(collector)
    assert collector.one("SELECT discogs_notes FROM albums WHERE id = %s", album["id"]) == "theirs"
    agree(collector, account)


def test_a_grade_that_discogs_does_not_have_is_said_and_the_rest_goes_out(collector, simulator, album):
    set_album(collector, album, media_condition="Excellent", discogs_notes="new")
    assert push(collector) == "On Discogs: 1 written. 1 change could not go out: the history says why."
    (line,) = collector.rows("SELECT * FROM discogs_sync_log WHERE action = 'export' AND status = 'skipped'")
    assert "'Excellent' is no media condition on Discogs: choose one of Mint (M)" in line["details"]["error"]
    simulator.log.arrivals.clear()
    push(collector)
    assert len(simulator.log.arrivals) == 0  # what cannot go out costs nothing


def test_a_new_album_is_added_once_with_its_grades(collector, simulator, account):
    release_id = next(iter(account.instances.values())).release_id
    known = len(account.copies(release_id))
    album = collector.add_album(artist="A", title="B", discogs_release_id=release_id, media_condition="VG+")
    assert push(collector) == "On Discogs: 1 added, 1 written."
    assert len(account.copies(release_id)) == known + 1
    newest = account.copies(release_id)[-1]
    assert newest.notes[MEDIA] == "Very Good Plus (VG+)"
    assert collector.one("SELECT discogs_instance_id FROM albums WHERE id = %s", album) == newest.id
    assert push(collector) == "Nothing waited to go out."
    assert collector.import_collection().outcome == f"{len(account.instances)} records: complete."
    assert collector.one("SELECT title FROM albums WHERE id = %s", album) == "B"  # what they typed stays theirs


@pytest.mark.parametrize("kind", ["lost", "lost_reset"])
def test_an_add_whose_answer_was_lost_is_found_and_not_repeated(collector, simulator, account, kind):
    """Defect of others: a POST is sent again after a 502 that had committed."""
    release_id = next(iter(account.instances.values())).release_id
    known = len(account.copies(release_id))
    collector.add_album(artist="A", title="B", discogs_release_id=release_id)
    simulator.faults.add(Fault(kind=kind, method="POST", times=1))
    pauses = [at.after for at in followed(collector) if isinstance(at, Continue) and at.after]
    assert [pause.total_seconds() for pause in pauses] == [120]
    assert len(account.copies(release_id)) == known + 1
    assert collector.one("SELECT state FROM rekkrd.intents") == "confirmed"


def test_an_add_that_did_not_happen_is_sent_again(collector, simulator, account):
    release_id = next(iter(account.instances.values())).release_id
    known = len(account.copies(release_id))
    collector.add_album(artist="A", title="B", discogs_release_id=release_id)
    simulator.faults.add(Fault(kind="error", method="POST", times=1))
    assert push(collector) == "On Discogs: 1 added."
    assert len(account.copies(release_id)) == known + 1


def followed(collector):
    """Every outcome of a push."""
    outcomes = []
    collector.on_outcome = outcomes.append
    push(collector)
    return outcomes


def test_a_worker_that_died_after_sending_does_not_send_again(collector, account):
    release_id = next(iter(account.instances.values())).release_id
    known = len(account.copies(release_id))
    collector.add_album(artist="A", title="B", discogs_release_id=release_id)
    for step in collector.steps(PUSH_COLLECTION, YES):
        if step.checkpoint.stage is PushStage.SEND:
            collector.discogs.add_to_collection(account.profile.username, 1, release_id)  # sent, and then killed
            break
    steps = collector.steps(PUSH_COLLECTION, YES, is_repeated=True)
    assert next(at for at in steps if isinstance(at, Done)).outcome == "On Discogs: 1 added."
    assert len(account.copies(release_id)) == known + 1


def test_a_step_that_may_have_sent_its_add_before_looks_instead(collector, simulator, account):
    doing = Doing(act=Act.ADD, release_id=chosen(account).release_id, folder_id=1)
    assert isinstance(send_change(collector.discogs, "demo_collector", doing, is_repeated=True), Unclear)
    assert len(simulator.log.arrivals) == 0
    assert isinstance(send_change(collector.discogs, "demo_collector", doing, is_repeated=False), Sent)


def test_a_record_that_its_owner_added_on_both_sides_is_not_doubled(collector, account):
    release_id = next(iter(account.instances.values())).release_id
    known = len(account.copies(release_id))
    album = collector.add_album(artist="A", title="B", discogs_release_id=release_id)
    made = collector.discogs.add_to_collection(account.profile.username, 1, release_id)
    push(collector)
    assert len(account.copies(release_id)) == known + 1
    assert collector.one("SELECT discogs_instance_id FROM albums WHERE id = %s", album) == made.instance_id


def test_among_several_new_copies_nobody_guesses(collector, account):
    release_id = next(iter(account.instances.values())).release_id
    album = collector.add_album(artist="A", title="B", discogs_release_id=release_id)
    for _ in range(2):
        collector.discogs.add_to_collection(account.profile.username, 1, release_id)
    known = len(account.copies(release_id))
    assert "could not go out" in push(collector)
    assert len(account.copies(release_id)) == known
    assert collector.one("SELECT discogs_instance_id FROM albums WHERE id = %s", album) is None


def test_an_album_deleted_here_is_removed_there_and_what_it_was_is_kept(collector, account, album):
    was = account.instances[album["discogs_instance_id"]]
    collector.execute("DELETE FROM albums WHERE id = %s", album["id"])
    assert push(collector) == "On Discogs: 1 removed."
    assert album["discogs_instance_id"] not in account.instances
    (line,) = collector.rows("SELECT * FROM discogs_sync_log WHERE action = 'delete'")
    kept = line["details"]["removed"]
    assert {field["field_id"]: field["value"] for field in kept["fields"]} == was.notes
    assert (kept["folder_id"], kept["rating"]) == (was.folder_id, was.rating)
    assert collector.import_collection().outcome == f"{RECORDS - 1} records: complete."
    agree(collector, account)


def test_an_album_deleted_here_and_edited_there_is_not_removed(collector, account, album):
    collector.execute("DELETE FROM albums WHERE id = %s", album["id"])
    account.note(album["discogs_instance_id"], NOTES, "edited after")
    push(collector)
    assert account.instances[album["discogs_instance_id"]].notes[NOTES] == "edited after"


def test_gone_on_both_sides_is_settled_without_a_word(collector, simulator, account, album):
    collector.execute("DELETE FROM albums WHERE id = %s", album["id"])
    account.remove(album["discogs_instance_id"])
    push(collector)
    assert push(collector) == "Nothing waited to go out."
    assert written(simulator)["DELETE"] == 0


def test_many_removals_stop_and_ask(collector, simulator, account):
    collector.execute("DELETE FROM albums WHERE id IN (SELECT id FROM albums ORDER BY id LIMIT 11)")
    assert "11 records of 60 would be removed on Discogs at once" in push(collector)
    assert (len(account.instances), len(simulator.log.arrivals)) == (RECORDS, 0)
    assert push(collector, PushArguments(allows_removals=True)) == "On Discogs: 11 removed."
    assert len(account.instances) == RECORDS - 11


def test_a_push_that_ends_anywhere_goes_on_without_doubling(collector, simulator, account, album):
    """Killed before each step in turn; the next push is another job."""
    release_id = next(iter(account.instances.values())).release_id
    known = len(account.copies(release_id))
    set_album(collector, album, media_condition="VG", discogs_notes="new")
    collector.add_album(artist="A", title="B", discogs_release_id=release_id, sleeve_condition="VG")
    for at_most in range(1, 12):
        for nth, _ in enumerate(collector.steps(PUSH_COLLECTION, YES)):
            if nth == at_most:
                break
    assert push(collector) == "Nothing waited to go out."
    assert len(account.copies(release_id)) == known + 1
    agree(collector, account)


def test_albums_from_before_the_first_import_are_never_added(drive, simulator, account):
    settings = DiscogsSettings(api_url=simulator.url)
    drive.add_album(artist="Typed", title="Long ago", discogs_release_id=249504)
    with http_client(settings) as http:
        drive.discogs = Discogs(http, settings, Unlimited(), PersonalToken(account.profile.personal_token))
        drive.execute(
            "UPDATE profiles SET discogs_username = %s, discogs_user_id = %s", "demo_collector", account.profile.id
        )
        drive.import_collection()
        assert push(drive) == "Nothing waited to go out."
    assert len(account.instances) == RECORDS


@pytest.mark.parametrize("gone_at", [Act.WRITE, Act.ADD])
def test_an_album_that_is_deleted_while_its_change_is_sent_ends_no_push(collector, account, album, gone_at):
    """Its line in the log names no album then; it once broke a rule of the table, and the step with it."""
    if gone_at is Act.ADD:
        album = {"id": collector.add_album(artist="A", title="B", discogs_release_id=album["discogs_release_id"])}
    else:
        set_album(collector, album, discogs_notes="new")
    known = set(account.instances)
    for step in collector.steps(PUSH_COLLECTION, YES):
        if not isinstance(step, Done) and step.checkpoint.stage is PushStage.SEND:
            collector.execute("DELETE FROM albums WHERE id = %s", album["id"])
    push(collector)
    assert set(account.instances) - known == set()


def steps_until_sent(collector, wanted: Act):
    """The steps of a push up to one that is about to send this; what follows is the caller's."""
    for step in collector.steps(PUSH_COLLECTION, YES):
        doing = None if isinstance(step, Done) else step.checkpoint.doing
        if doing is not None and step.checkpoint.stage is PushStage.SEND and doing.act is wanted:
            return step
    raise AssertionError("nothing of the kind was sent")


def repeat(collector, step) -> str:
    """Let another worker take this step again, and bring the job to its end, as the engine does."""
    job = {one.kind.name: one for one in JOBS}[PUSH_COLLECTION.name]
    step = replace(step, is_repeated=True)
    while True:
        fetched = job.fetch(step)
        with collector.conn.transaction():
            outcome = job.store(collector.conn, step, fetched)
        if isinstance(outcome, Done):
            return outcome.outcome
        step = replace(step, checkpoint=outcome.checkpoint, progress=outcome.progress, is_repeated=False)


@pytest.mark.parametrize("was_written", [True, False])
def test_a_repeated_write_does_not_overwrite_what_was_edited_on_discogs_meanwhile(
    collector, account, album, was_written
):
    set_album(collector, album, discogs_notes="ours")
    step = steps_until_sent(collector, Act.WRITE)
    if was_written:
        account.note(album["discogs_instance_id"], NOTES, "ours")  # and nobody lived to note it
    account.note(album["discogs_instance_id"], NOTES, "theirs, later")
    repeat(collector, step)
    assert account.instances[album["discogs_instance_id"]].notes[NOTES] == "theirs, later"
    assert collector.one("SELECT count(*) FROM rekkrd.conflicts WHERE field = 'discogs_notes'") == 1


def test_a_repeated_write_that_was_made_is_not_sent_again_and_its_echo_is_no_news(collector, simulator, account, album):
    set_album(collector, album, discogs_notes="ours")
    step = steps_until_sent(collector, Act.WRITE)
    account.note(album["discogs_instance_id"], NOTES, "ours")
    simulator.log.arrivals.clear()
    assert repeat(collector, step) == "On Discogs: 1 written."
    assert written(simulator) == {"copies": 1}
    lines = collector.rows("SELECT action FROM discogs_sync_log WHERE album_id = %s ORDER BY created_at", album["id"])
    assert [line["action"] for line in lines] == ["import", "export"]


def test_a_repeated_move_that_was_made_is_no_failure(collector, account, album):
    folder = account.add_folder("Jazz")
    collector.import_collection()
    set_album(collector, album, discogs_folder_id=folder)
    step = steps_until_sent(collector, Act.MOVE)
    account.change(album["discogs_instance_id"], folder_id=folder)
    assert repeat(collector, step) == "On Discogs: 1 written."
    agree(collector, account)


def test_a_repeated_removal_that_was_made_is_done_and_keeps_what_the_copy_was(collector, account, album):
    collector.execute("DELETE FROM albums WHERE id = %s", album["id"])
    step = steps_until_sent(collector, Act.REMOVE)
    account.remove(album["discogs_instance_id"])
    assert repeat(collector, step) == "On Discogs: 1 removed."
    (line,) = collector.rows("SELECT details FROM discogs_sync_log WHERE action = 'delete'")
    assert line["details"]["removed"]["instance_id"] == album["discogs_instance_id"]


def test_a_copy_that_was_moved_on_discogs_is_looked_for_and_not_taken_for_removed(collector, account, album):
    """Discogs finds a copy in its own folder only: elsewhere it answers 404, as for a copy that is gone."""
    folder = account.add_folder("Jazz")
    collector.execute("DELETE FROM albums WHERE id = %s", album["id"])
    for step in collector.steps(PUSH_COLLECTION, YES):
        if not isinstance(step, Done) and step.checkpoint.stage is PushStage.SEND and not step.checkpoint.doubted:
            account.change(album["discogs_instance_id"], folder_id=folder)
    assert album["discogs_instance_id"] in account.instances
    (clash,) = conflicts.page(collector.conn, collector.user_id, is_open=True)
    with collector.conn.transaction():
        resolve(collector.conn, collector.user_id, [clash.id], "ours", by="collector")
    assert push(collector) == "On Discogs: 1 removed."
    assert album["discogs_instance_id"] not in account.instances
    collector.import_collection()
    assert collector.rows("SELECT id FROM albums WHERE discogs_instance_id = %s", album["discogs_instance_id"]) == []


def test_a_copy_that_discogs_shows_and_does_not_find_is_looked_for_once(collector, simulator, album, monkeypatch):
    tried = []

    def find_nothing(*said, **more):
        tried.append((said, more))
        raise Gone("Discogs does not know this, or no longer.", status=404)

    set_album(collector, album, discogs_notes="new")
    monkeypatch.setattr(collector.discogs, "set_field", find_nothing)
    assert push(collector) == "Nothing waited to go out. 1 change could not go out: the history says why."
    assert (len(tried), written(simulator)) == (2, {"copies": 2})


def test_a_copy_that_was_added_by_us_and_vanishes_unedited_is_no_conflict(collector, account):
    release = chosen(account).release_id
    collector.add_album(artist="A", title="B", discogs_release_id=release, media_condition="VG")
    push(collector)
    account.remove(max(account.instances))  # before any import saw it
    collector.import_collection()
    assert collector.rows("SELECT field FROM rekkrd.conflicts") == []


def test_an_album_that_gets_a_new_copy_does_not_clash_with_it_about_when_it_was_added(collector, account, album):
    account.remove(album["discogs_instance_id"])
    set_album(collector, album, discogs_notes="mine")
    collector.import_collection()
    (vanished,) = conflicts.page(collector.conn, collector.user_id, is_open=True)
    with collector.conn.transaction():
        resolve(collector.conn, collector.user_id, [vanished.id], "ours", by="collector")
    assert push(collector).startswith("On Discogs: 1 added")
    collector.import_collection()
    assert collector.rows("SELECT field FROM rekkrd.conflicts WHERE resolved_at IS NULL") == []


def test_a_rating_goes_out_comes_in_and_its_echo_is_no_news(collector, simulator, account, album):
    copy = album["discogs_instance_id"]
    set_album(collector, album, discogs_rating=4)
    assert push(collector) == "On Discogs: 1 written."
    assert account.instances[copy].rating == 4
    assert len(simulator.log.arrivals) == 1 + 1
    before = collector.one("SELECT count(*) FROM discogs_sync_log")
    collector.import_collection()
    assert collector.one("SELECT count(*) FROM discogs_sync_log") == before
    simulator.world.change_copy(account, copy, rating=2)
    collector.import_collection()
    assert collector.one("SELECT discogs_rating FROM albums WHERE id = %s", album["id"]) == 2
    set_album(collector, album, discogs_rating=None)
    assert push(collector) == "On Discogs: 1 written."
    assert account.instances[copy].rating == 0
    assert push(collector) == "Nothing waited to go out."


def test_a_move_takes_the_rating_along_in_one_request(collector, simulator, account, album):
    folder = account.add_folder("Jazz")
    collector.import_collection()
    simulator.log.arrivals.clear()
    set_album(collector, album, discogs_folder_id=folder, discogs_rating=5)
    seen = preview_push(collector.conn, collector.user_id)
    assert seen.sentence == "On Discogs: 1 to move, 1 to rate; 2 requests."
    push(collector)
    there = account.instances[album["discogs_instance_id"]]
    assert (there.folder_id, there.rating) == (folder, 5)
    assert len(simulator.log.arrivals) == 1 + 1
    fields = collector.rows("SELECT details ->> 'field' AS field FROM discogs_sync_log WHERE action = 'export'")
    assert {row["field"] for row in fields} == {"discogs_folder_id", "discogs_rating"}
    agree(collector, account)
    assert push(collector) == "Nothing waited to go out."


def test_a_move_that_cannot_be_holds_up_no_rating(collector, account, album):
    folder = account.add_folder("Jazz")
    collector.import_collection()
    del account.folders[folder]
    set_album(collector, album, discogs_folder_id=folder, discogs_rating=5)
    assert push(collector) == "On Discogs: 1 written. 1 change could not go out: the history says why."
    assert account.instances[album["discogs_instance_id"]].rating == 5


def test_a_rating_that_discogs_does_not_have_says_so_and_a_rating_on_both_sides_is_a_conflict(
    collector, simulator, account, album
):
    set_album(collector, album, discogs_rating=9)
    assert "1 change could not go out" in push(collector)
    assert preview_push(collector.conn, collector.user_id).changes[0].problem == (
        "9 is no rating on Discogs: choose 1 to 5, or none."
    )
    set_album(collector, album, discogs_rating=3)
    simulator.world.change_copy(account, album["discogs_instance_id"], rating=1)
    assert push(collector) == "Nothing waited to go out."
    collector.import_collection()
    assert [one.clash.field for one in conflicts.page(collector.conn, collector.user_id)] == ["discogs_rating"]


def own_fields(collector, album):
    return collector.one("SELECT discogs_fields FROM albums WHERE id = %s", album["id"]) or {}


def write_own(collector, album, **fields) -> None:
    """Write own fields as another program does: in plain SQL."""
    set_album(collector, album, discogs_fields=Jsonb(fields) if fields else None)


def test_the_collectors_own_fields_go_out_come_in_and_their_echo_is_no_news(collector, simulator, account, album):
    copy = account.instances[album["discogs_instance_id"]]
    write_own(collector, album, field_4="Shelf A", field_5="12.50 €")
    assert push(collector) == "On Discogs: 2 written."
    assert (copy.notes[STORAGE], copy.notes[PAID]) == ("Shelf A", "12.50 €")
    assert len(simulator.log.arrivals) == 1 + 2
    before = collector.one("SELECT count(*) FROM discogs_sync_log")
    collector.import_collection()
    assert collector.one("SELECT count(*) FROM discogs_sync_log") == before
    account.note(copy.id, STORAGE, "Crate 1")
    collector.import_collection()
    assert own_fields(collector, album) == {"field_4": "Crate 1", "field_5": "12.50 €"}
    write_own(collector, album)
    assert push(collector) == "On Discogs: 2 written."
    assert not {STORAGE, PAID} & copy.notes.keys()
    assert push(collector) == "Nothing waited to go out."
    agree(collector, account)


@pytest.mark.parametrize("was_written", [True, False])
def test_a_field_that_was_deleted_on_discogs_is_asked_about_or_said_and_holds_up_nothing(
    collector, account, album, was_written
):
    copy = account.instances[album["discogs_instance_id"]]
    if was_written:
        write_own(collector, album, field_5="12.50")
        push(collector)
    del account.fields[PAID]
    for one in account.instances.values():
        account.note(one.id, PAID, "")
    write_own(collector, album, field_4="Shelf A", field_5="15")
    said = push(collector)
    assert copy.notes[STORAGE] == "Shelf A"
    clashes = conflicts.page(collector.conn, collector.user_id, is_open=True)
    if was_written:
        assert said == "On Discogs: 1 written."
        assert [(one.clash.field, one.clash.ours, one.clash.theirs) for one in clashes] == [("field_5", "15", None)]
        with collector.conn.transaction():
            resolve(collector.conn, collector.user_id, [clashes[0].id], "ours", by="collector")
    else:
        assert said == "On Discogs: 1 written. 1 change could not go out: the history says why."
        assert clashes == []
    collector.import_collection()
    assert own_fields(collector, album) == {"field_4": "Shelf A", "field_5": "15"}
    assert push(collector) == "Nothing waited to go out. 1 change could not go out: the history says why."
    write_own(collector, album, field_4="Shelf A")
    assert push(collector) == "Nothing waited to go out."


def test_a_choice_that_was_renamed_on_discogs_goes_out_once_it_is_known(collector, account, album):
    write_own(collector, album, field_4="Attic", field_5="  Zoë 🎛️\r\n\r\n ")
    assert push(collector) == "On Discogs: 1 written. 1 change could not go out: the history says why."
    copy = account.instances[album["discogs_instance_id"]]
    assert copy.notes[PAID] == "  Zoë 🎛️\r\n\r\n "
    account.fields[STORAGE] = replace(account.fields[STORAGE], options=("Attic", "Shelf A"))
    collector.import_collection()
    assert push(collector) == "On Discogs: 1 written."
    assert copy.notes[STORAGE] == "Attic"
    account.fields[STORAGE] = replace(account.fields[STORAGE], type="textarea", options=())
    collector.import_collection()
    write_own(collector, album, field_4="on the stairs", field_5=copy.notes[PAID])
    assert push(collector) == "On Discogs: 1 written."
    assert copy.notes[STORAGE] == "on the stairs"


def test_fields_in_another_order_are_no_news(collector, account, album):
    copy = account.instances[album["discogs_instance_id"]]
    copy.notes.clear()
    account.note(copy.id, PAID, "12.50")
    collector.import_collection()
    set_album(collector, album, discogs_notes="new")
    assert push(collector) == "On Discogs: 1 written."
    before = collector.one("SELECT count(*) FROM discogs_sync_log")
    collector.import_collection()
    assert collector.one("SELECT count(*) FROM discogs_sync_log") == before
    copy.notes = dict(reversed(copy.notes.items()))
    copy.written = None
    collector.import_collection()
    assert collector.one("SELECT count(*) FROM discogs_sync_log") == before


def test_all_that_copies_say_in_own_fields_stands_in_their_albums(collector, account):
    rows = collector.rows("SELECT discogs_instance_id AS number, discogs_fields FROM albums")
    said = {row["number"]: row["discogs_fields"] or {} for row in rows}
    there = {
        number: {f"field_{field}": text for field, text in copy.notes.items() if field > NOTES}
        for number, copy in account.instances.items()
    }
    assert said == there
    assert any(there.values())


def test_a_value_that_an_own_field_does_not_have_is_said_and_nothing_is_sent(collector, simulator, account, album):
    write_own(collector, album, field_4="Shelf Z", field_9="lost")
    seen = preview_push(collector.conn, collector.user_id)
    assert [(one.field, one.called, one.problem) for one in seen.changes] == [
        (
            "field_4",
            "Storage",
            (
                "'Shelf Z' is no choice of Storage on Discogs: choose one of Shelf A, Shelf B, Crate 1, Crate 2, "
                "On Loan; import again if it is new there."
            ),
        ),
        (
            "field_9",
            None,
            "The collection on Discogs has no field number 9 any more; import again to see those that it has.",
        ),
    ]
    assert push(collector) == "Nothing waited to go out. 2 changes could not go out: the history says why."
    assert len(simulator.log.arrivals) == 0
    skipped = collector.rows("SELECT details ->> 'field' AS field FROM discogs_sync_log WHERE status = 'skipped'")
    assert [row["field"] for row in skipped] == ["field_4", "field_9"]


def test_own_fields_that_changed_on_both_sides_are_conflicts_one_by_one(collector, account, album):
    copy = account.instances[album["discogs_instance_id"]]
    write_own(collector, album, field_4="Shelf A", field_5="12.50")
    account.note(copy.id, STORAGE, "Crate 2")
    assert push(collector) == "On Discogs: 1 written."
    assert (copy.notes[STORAGE], copy.notes[PAID]) == ("Crate 2", "12.50")
    (clash,) = conflicts.page(collector.conn, collector.user_id, is_open=True)
    assert (clash.clash.field, clash.clash.ours, clash.clash.theirs) == ("field_4", "Shelf A", "Crate 2")
    with collector.conn.transaction():
        resolve(collector.conn, collector.user_id, [clash.id], "ours", by="collector")
    assert push(collector) == "On Discogs: 1 written."
    assert copy.notes[STORAGE] == "Shelf A"
    write_own(collector, album, field_4="Shelf B", field_5="12.50")
    account.note(copy.id, STORAGE, "On Loan")
    collector.import_collection()
    (clash,) = conflicts.page(collector.conn, collector.user_id, is_open=True)
    with collector.conn.transaction():
        resolve(collector.conn, collector.user_id, [clash.id], "theirs", by="collector")
    assert own_fields(collector, album) == {"field_4": "On Loan", "field_5": "12.50"}
    assert push(collector) == "Nothing waited to go out."


def test_a_conflict_about_a_field_that_was_empty_here_shows_what_was_written_since(collector, account, album):
    write_own(collector, album, field_5="12.50")
    push(collector)
    write_own(collector, album)
    account.note(album["discogs_instance_id"], PAID, "15")
    collector.import_collection()
    (clash,) = conflicts.page(collector.conn, collector.user_id, is_open=True)
    assert (clash.clash.ours, clash.clash.theirs) == (None, "15")
    write_own(collector, album, field_5="20")
    with collector.conn.transaction():
        assert resolve(collector.conn, collector.user_id, [clash.id], "theirs", by="collector") == set()
    (shown,) = conflicts.page(collector.conn, collector.user_id, is_open=True)
    assert (shown.clash.ours, shown.clash.theirs) == ("20", "15")


def test_a_copy_whose_own_field_was_edited_on_discogs_is_not_removed_unseen(collector, account, album):
    copy = account.instances[album["discogs_instance_id"]]
    write_own(collector, album, field_5="12.50")
    push(collector)
    account.note(copy.id, PAID, "15")
    collector.execute("DELETE FROM albums WHERE id = %s", album["id"])
    assert push(collector) == "Nothing waited to go out."
    assert copy.id in account.instances
    assert [one.clash.field for one in conflicts.page(collector.conn, collector.user_id)] == ["_record"]


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_an_own_field_that_was_emptied_on_discogs_stands_in_the_way_of_no_answer(collector, account, album, side):
    copy = account.instances[album["discogs_instance_id"]]
    write_own(collector, album, field_5="12.50")
    push(collector)
    account.note(copy.id, PAID, "")
    collector.execute("DELETE FROM albums WHERE id = %s", album["id"])
    push(collector)
    (clash,) = conflicts.page(collector.conn, collector.user_id, is_open=True)
    with collector.conn.transaction():
        resolve(collector.conn, collector.user_id, [clash.id], side, by="collector")
    assert push(collector) == ("On Discogs: 1 removed." if side == "ours" else "Nothing waited to go out.")
    collector.import_collection()
    assert (copy.id in account.instances) == (side == "theirs")
    assert conflicts.page(collector.conn, collector.user_id, is_open=True) == []


def test_an_album_of_a_vanished_copy_without_its_own_fields_is_asked_about_once(collector, account, album):
    write_own(collector, album, field_5="12.50")
    push(collector)
    account.remove(album["discogs_instance_id"])
    write_own(collector, album)
    collector.import_collection()
    (clash,) = conflicts.page(collector.conn, collector.user_id, is_open=True)
    with collector.conn.transaction():
        resolve(collector.conn, collector.user_id, [clash.id], "theirs", by="collector")
    collector.import_collection()
    assert conflicts.page(collector.conn, collector.user_id, is_open=True) == []


def test_a_new_album_brings_its_own_fields_to_its_copy(collector, account, album):
    collector.execute(
        "INSERT INTO albums (user_id, artist, title, discogs_release_id, discogs_fields)"
        " VALUES (%s, 'New', 'One', 99999, %s)",
        collector.user_id,
        Jsonb({"field_4": "Shelf B"}),
    )
    assert push(collector) == "On Discogs: 1 added, 1 written."
    assert next(iter(account.copies(99999))).notes == {STORAGE: "Shelf B"}


@pytest.mark.parametrize("change", [{"rating": 2}, {"folder_id": "new"}])
@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_copy_that_was_rated_or_moved_on_discogs_is_not_removed_unseen(
    collector, simulator, account, album, change, side
):
    copy = account.instances[album["discogs_instance_id"]]
    moved = {"folder_id": account.add_folder("Jazz")} if "folder_id" in change else change
    simulator.world.change_copy(account, copy.id, **moved)
    collector.execute("DELETE FROM albums WHERE id = %s", album["id"])
    assert push(collector) == "Nothing waited to go out."
    assert copy.id in account.instances
    (clash,) = conflicts.page(collector.conn, collector.user_id, is_open=True)
    assert clash.clash.field == "_record"
    simulator.log.arrivals.clear()
    assert push(collector) == "Nothing waited to go out."
    assert len(simulator.log.arrivals) == 0  # it waits for its answer, and costs nothing meanwhile
    with collector.conn.transaction():
        resolve(collector.conn, collector.user_id, [clash.id], side, by="collector")
    assert push(collector) == ("On Discogs: 1 removed." if side == "ours" else "Nothing waited to go out.")
    collector.import_collection()
    assert (copy.id in account.instances) == (side == "theirs")
    agree(collector, account)


@pytest.mark.parametrize(
    "wrong",
    [
        '{"field_4": 4}',
        '{"field_4": ["Shelf A"]}',
        '{"field_4": []}',
        '{"field_3": "note"}',
        '{"Storage": "Shelf A"}',
        '["field_4"]',
    ],
)
def test_own_fields_that_nobody_could_read_are_refused_where_they_are_written(collector, album, wrong):
    with pytest.raises(CheckViolation, match="albums_discogs_fields_are_texts"):
        collector.execute("UPDATE albums SET discogs_fields = %s::jsonb WHERE id = %s", wrong, album["id"])


def test_a_change_whose_sending_always_ends_in_the_dark_ends_the_push_after_five_looks(
    collector, simulator, account, album
):
    set_album(collector, album, discogs_notes="ours")
    step = steps_until_sent(collector, Act.WRITE)
    job = {one.kind.name: one for one in JOBS}[PUSH_COLLECTION.name]
    simulator.log.arrivals.clear()
    for _ in range(MOST_LOOKS):
        with collector.conn.transaction():
            outcome = job.store(collector.conn, step, job.fetch(replace(step, is_repeated=True)))
        step = replace(step, checkpoint=outcome.checkpoint)
        assert step.checkpoint.stage is PushStage.SEND
    with pytest.raises(JobFailed, match="push again later"):
        job.fetch(replace(step, is_repeated=True))
    assert written(simulator) == {"copies": MOST_LOOKS}


def test_an_edit_that_is_taken_back_while_it_is_sent_goes_out_too(collector, account, album):
    set_album(collector, album, discogs_notes="new")
    for step in collector.steps(PUSH_COLLECTION, YES):
        doing = None if isinstance(step, Done) else step.checkpoint.doing
        if doing is not None and step.checkpoint.stage is PushStage.SEND and doing.value == "new":
            set_album(collector, album, discogs_notes="an old note")
    assert account.instances[album["discogs_instance_id"]].notes[NOTES] == "an old note"
    agree(collector, account)


def test_a_copy_that_its_owner_added_is_not_removed_with_an_album_that_was_deleted_unsent(
    collector, simulator, account
):
    release = chosen(account).release_id
    album = collector.add_album(artist="A", title="B", discogs_release_id=release)
    theirs = simulator.world.add_copy(account, release)
    for step in collector.steps(PUSH_COLLECTION, YES):
        if not isinstance(step, Done) and step.checkpoint.stage is PushStage.CHECK:
            collector.execute("DELETE FROM albums WHERE id = %s", album)
    push(collector)
    assert theirs.id in account.instances
    collector.import_collection()
    assert collector.one("SELECT count(*) FROM albums WHERE discogs_instance_id = %s", theirs.id) == 1
    simulator.log.arrivals.clear()
    assert push(collector) == "Nothing waited to go out."
    assert len(simulator.log.arrivals) == 0  # it waits for its answer, and costs nothing meanwhile


def test_after_an_add_what_else_changed_of_its_release_overwrites_nothing(collector, account, album):
    collector.add_album(artist="A", title="B", discogs_release_id=album["discogs_release_id"])
    account.note(album["discogs_instance_id"], NOTES, "theirs")
    for step in collector.steps(PUSH_COLLECTION, YES):
        if not isinstance(step, Done) and step.checkpoint.stage is PushStage.CHECK:
            set_album(collector, album, discogs_notes="ours")  # too late for the release's plan to begin with a look
    assert account.instances[album["discogs_instance_id"]].notes[NOTES] == "theirs"
    assert [one.clash.field for one in conflicts.page(collector.conn, collector.user_id)] == ["discogs_notes"]


def test_the_folder_that_its_owner_added_a_copy_to_is_not_overwritten_unasked(collector, simulator, account):
    folder, other = account.add_folder("Jazz"), account.add_folder("Rock")
    collector.import_collection()
    release = chosen(account).release_id
    collector.add_album(artist="A", title="B", discogs_release_id=release, discogs_folder_id=folder)
    theirs = simulator.world.add_copy(account, release, folder_id=other)
    push(collector)
    assert account.instances[theirs.id].folder_id == other
    found = {one.clash.field for one in conflicts.page(collector.conn, collector.user_id, is_open=True)}
    assert "discogs_folder_id" in found


def test_albums_that_are_deleted_while_a_push_runs_ask_too(collector, account, album):
    collector.execute("DELETE FROM albums WHERE id = %s", album["id"])
    for at in collector.steps(PUSH_COLLECTION, YES):
        if not isinstance(at, Done) and at.checkpoint.stage is PushStage.SEND:
            collector.execute("DELETE FROM albums")
    assert "60 records of 60 would be removed on Discogs within a day" in at.outcome
    assert len(account.instances) >= RECORDS - len(account.copies(album["discogs_release_id"])) - 1


def test_removals_that_trickle_ask_as_a_burst_does_until_they_are_allowed(collector, account, monkeypatch):
    monkeypatch.setattr(guarding, "GUARDED_SHARE", 0.06)  # three of sixty
    singles = [copy.id for _, copy in sorted(account.instances.items()) if len(account.copies(copy.release_id)) == 1]

    def delete(number: int, arguments=YES) -> str:
        collector.execute("DELETE FROM albums WHERE discogs_instance_id = %s", singles[number])
        return push(collector, arguments)

    assert [delete(number) for number in range(3)] == ["On Discogs: 1 removed."] * 3
    assert delete(3) == (
        "4 records of 60 would be removed on Discogs within a day, because they were deleted here. If that is meant, "
        "push again and allow removals. 3 of them are removed."
    )
    assert preview_push(collector.conn, collector.user_id).asks_about_removals
    assert singles[3] in account.instances
    assert delete(4, PushArguments(allows_removals=True)) == "On Discogs: 2 removed."
    assert delete(5) == "On Discogs: 1 removed."  # what was allowed is counted no more, nor what went before
    assert not preview_push(collector.conn, collector.user_id).asks_about_removals
    assert [delete(6), delete(7)] == ["On Discogs: 1 removed."] * 2
    assert "4 records of" in delete(8)
    collector.execute("UPDATE discogs_sync_log SET created_at = created_at - interval '1 day'")
    assert push(collector) == "On Discogs: 1 removed."


def test_what_goes_out_is_found_many_releases_at_a_time(collector, monkeypatch):
    looks = []
    find = outgoing.next_releases
    monkeypatch.setattr(outgoing, "next_releases", lambda *at, **how: looks.append(how["after"]) or find(*at, **how))
    monkeypatch.setattr(push_collection, "RELEASES_A_LOOK", 7)
    collector.execute("UPDATE albums SET discogs_notes = 'new' WHERE discogs_release_id IS NOT NULL")
    releases = [row["it"] for row in collector.rows("SELECT DISTINCT discogs_release_id AS it FROM albums ORDER BY 1")]
    assert push(collector) == f"On Discogs: {RECORDS} written."
    assert looks == [0, *releases[6::7], *([] if len(releases) % 7 == 0 else [releases[-1]])]


def test_the_next_releases_are_those_that_changed_and_those_to_be_added_in_one_order(collector, album):
    release = album["discogs_release_id"]
    set_album(collector, album, discogs_notes="new")
    collector.add_album(artist="A", title="B", discogs_release_id=release + 1)
    collector.add_album(artist="A", title="C", discogs_release_id=release - 1)
    collector.add_album(artist="A", title="D", discogs_release_id=release)
    wanted = [release - 1, release, release + 1]
    assert outgoing.next_releases(collector.conn, collector.user_id, room=9) == wanted
    assert outgoing.next_releases(collector.conn, collector.user_id, room=2) == wanted[:2]
    assert outgoing.next_releases(collector.conn, collector.user_id, after=release, room=9) == wanted[2:]


def test_deletions_that_wait_for_an_answer_count_for_no_question(collector, account):
    copies = sorted(account.instances)[:5]
    for copy in copies:
        account.note(copy, NOTES, "edited there")
    collector.execute("DELETE FROM albums WHERE discogs_instance_id = ANY(%s)", copies)
    collector.import_collection()
    assert outgoing.removals(collector.conn, collector.user_id).removals == 0
    assert "would be removed" not in push(collector)


def test_a_copy_that_became_another_albums_is_nobody_elses(collector, account, album):
    release = album["discogs_release_id"]
    fresh = collector.one(
        "INSERT INTO albums (user_id, discogs_release_id, created_at) VALUES (%s, %s, now() + interval '1 hour')"
        " RETURNING id",
        collector.user_id,
        release,
    )
    outgoing.intend(collector.conn, collector.user_id, album_id=fresh, release_id=release)  # and the push was cancelled
    theirs = collector.discogs.add_to_collection(account.profile.username, 1, release).instance_id
    collector.execute(
        "INSERT INTO albums (user_id, discogs_release_id, discogs_instance_id) VALUES (%s, %s, %s)",
        collector.user_id,
        release,
        theirs,
    )
    assert push(collector).startswith("On Discogs: 1 added")
    assert len(account.copies(release)) == 3
