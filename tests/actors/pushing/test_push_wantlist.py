"""A wantlist goes both ways between the app and the simulated Discogs: nothing lost, for the fewest requests."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from actors.catalog import PUSH_WANTLIST, PushArguments
from actors.checkpoints import WantsStage
from actors.comparing.resolving import resolve
from actors.errors import RestoreRefused
from actors.jobs import JOBS
from actors.pushing.guarding import MOST_LOOKS
from actors.pushing.push_preview import preview_push
from actors.syncing.answering import answer_owned, restore_want
from db import conflicts, questions, rules
from simulator import Simulator, SimulatorSettings, running
from workers.errors import JobFailed
from workers.kinds import Done

WANTS = 12
YES = PushArguments(is_confirmed=True)
NEW = 249_504


@pytest.fixture(scope="module")
def simulated() -> Iterator[Simulator]:
    with running(SimulatorSettings(port=0, records=0, wants=0, limit=100_000)) as simulator:
        yield simulator


@pytest.fixture
def account(simulated, request):
    return simulated.world.create_account(f"wants_{abs(hash(request.node.name))}", wants=WANTS)


@pytest.fixture
def collector(drive, simulated, account):
    """A collector whose wantlist was imported."""
    with drive.speaking_to(simulated, account):
        release = min(account.wants)
        simulated.world.put_want(account, release, rating=3, notes=" the German press\r\n")
        drive.import_wantlist()
        simulated.log.arrivals.clear()
        yield drive


@pytest.fixture
def one(collector, account) -> int:
    """A want with notes and a rating."""
    return min(account.wants)


def push(collector, arguments=YES) -> str:
    return collector.run(PUSH_WANTLIST, arguments).outcome


def want(collector, release: int, notes: str = "", rating: int = 0) -> None:
    collector.execute(
        "INSERT INTO discogs_wantlist (user_id, discogs_release_id, notes, rating) VALUES (%s, %s, %s, %s)",
        collector.user_id,
        release,
        notes,
        rating,
    )


def edit(collector, release: int, **columns) -> None:
    places = ", ".join(f"{name} = %s" for name in columns)
    collector.execute(f"UPDATE discogs_wantlist SET {places} WHERE discogs_release_id = %s", *columns.values(), release)


def drop(collector, *releases: int) -> None:
    collector.execute("DELETE FROM discogs_wantlist WHERE discogs_release_id = ANY(%s)", list(releases))


def ours(collector) -> dict[int, tuple[str, int]]:
    return {
        row["discogs_release_id"]: (row["notes"], row["rating"]) for row in collector.rows("TABLE discogs_wantlist")
    }


def theirs(account) -> dict[int, tuple[str, int]]:
    return {number: (want.notes, want.rating) for number, want in account.wants.items()}


def open_conflicts(collector) -> dict[str, object]:
    found = conflicts.page(collector.conn, collector.user_id, is_open=True)
    return {one.clash.field: one for one in found}


def asked(simulated) -> Counter[str]:
    return Counter(arrival.endpoint for arrival in simulated.log.arrivals)


def test_what_comes_over_stands_in_the_apps_list_byte_for_byte(collector, account, one):
    assert len(ours(collector)) == WANTS
    assert ours(collector) == theirs(account)
    assert ours(collector)[one] == (" the German press\r\n", 3)


def test_before_the_first_yes_nothing_goes_out(collector, simulated, one):
    edit(collector, one, rating=5)
    assert "1 change here would go out for the first time" in push(collector, PushArguments())
    assert len(simulated.log.arrivals) == 0
    assert push(collector) == "On Discogs: 1 written."
    edit(collector, one, rating=4)
    assert push(collector, PushArguments()) == "On Discogs: 1 written."


def test_nothing_to_send_costs_no_request(collector, simulated):
    assert push(collector) == "Nothing waited to go out."
    assert len(simulated.log.arrivals) == 0


def test_added_edited_and_removed_here_are_so_there_and_their_echo_is_no_news(collector, simulated, account, one):
    gone = max(account.wants)
    want(collector, NEW)
    edit(collector, one, notes="any\n", rating=0)
    drop(collector, gone)
    seen = preview_push(collector.conn, collector.user_id)
    assert seen.sentence == "On Discogs: 1 to add, 2 to write, 1 to remove; 4 requests."
    assert push(collector) == "On Discogs: 1 added, 1 written, 1 removed."
    assert theirs(account) == ours(collector)
    assert (NEW in account.wants, gone in account.wants, account.wants[one].notes) == (True, False, "any\n")
    assert account.wants[one].rating == 0
    assert sum(asked(simulated).values()) == 1 + 3  # one look at the page that has both, and one request each
    before = collector.one("SELECT count(*) FROM discogs_sync_log")
    collector.import_wantlist()
    assert collector.one("SELECT count(*) FROM discogs_sync_log") == before
    assert push(collector) == "Nothing waited to go out."


def test_a_new_want_costs_one_request_and_a_second_for_its_notes(collector, simulated, account):
    want(collector, NEW)
    want(collector, NEW + 1, notes="mint only", rating=4)
    assert push(collector) == "On Discogs: 2 added, 1 written."
    assert len(simulated.log.arrivals) == 3
    assert (account.wants[NEW + 1].notes, account.wants[NEW + 1].rating) == ("mint only", 4)


def test_wanted_on_both_sides_meanwhile_nothing_is_overwritten(collector, simulated, account):
    simulated.world.put_want(account, NEW, notes="theirs", rating=2)
    simulated.world.put_want(account, NEW + 1, notes="same")
    want(collector, NEW, notes="ours", rating=0)
    want(collector, NEW + 1, notes="same")
    assert push(collector) == "On Discogs: 2 added."
    assert account.wants[NEW].notes == "theirs"
    assert ours(collector)[NEW] == ("ours", 2)
    assert list(open_conflicts(collector)) == ["want_notes"]
    assert ours(collector)[NEW + 1] == theirs(account)[NEW + 1]


def test_a_field_edited_there_meanwhile_is_seen_before_anything_is_sent(collector, simulated, account, one):
    edit(collector, one, notes="ours", rating=5)
    simulated.world.put_want(account, one, notes="theirs")
    assert push(collector) == "On Discogs: 1 written."
    assert theirs(account)[one] == ("theirs", 5)
    assert ours(collector)[one] == ("ours", 5)
    (conflict,) = open_conflicts(collector).values()
    assert (conflict.clash.base, conflict.clash.ours, conflict.clash.theirs) == (
        " the German press\r\n",
        "ours",
        "theirs",
    )


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_conflict_is_decided_for_a_side_and_both_agree(collector, simulated, account, one, side):
    edit(collector, one, notes="ours")
    simulated.world.put_want(account, one, notes="theirs")
    collector.import_wantlist()
    (conflict,) = open_conflicts(collector).values()
    assert resolve(collector.conn, collector.user_id, [conflict.id], side, by="collector") == {conflict.id}
    push(collector)
    assert theirs(account)[one] == ours(collector)[one] == (side, 3)
    assert open_conflicts(collector) == {}


def test_a_conflict_whose_want_changed_since_is_shown_anew(collector, simulated, account, one):
    edit(collector, one, notes="ours")
    simulated.world.put_want(account, one, notes="theirs")
    collector.import_wantlist()
    (conflict,) = open_conflicts(collector).values()
    edit(collector, one, notes="ours again")
    assert resolve(collector.conn, collector.user_id, [conflict.id], "theirs", by="collector") == set()
    assert open_conflicts(collector)["want_notes"].clash.ours == "ours again"
    assert ours(collector)[one][0] == "ours again"


def test_a_conflict_whose_want_was_removed_since_does_not_say_that_it_was_emptied(collector, simulated, account, one):
    edit(collector, one, rating=5)
    simulated.world.put_want(account, one, rating=1)
    collector.import_wantlist()
    (clash,) = conflicts.page(collector.conn, collector.user_id, is_open=True)
    drop(collector, one)
    with collector.conn.transaction():
        assert resolve(collector.conn, collector.user_id, [clash.id], "theirs", by="me") == set()
    (same,) = conflicts.page(collector.conn, collector.user_id, is_open=True)
    assert (same.clash.field, same.clash.ours) == ("want_rating", 5)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_removed_here_and_edited_there_is_decided_and_never_dropped_unseen(collector, simulated, account, one, side):
    drop(collector, one)
    simulated.world.put_want(account, one, notes="now with the insert")
    assert "1 change could not go out" not in push(collector)
    assert one in account.wants
    conflict = open_conflicts(collector)["want_record"]
    resolve(collector.conn, collector.user_id, [conflict.id], side, by="collector")
    push(collector)
    assert (one in account.wants) == (one in ours(collector)) == (side == "theirs")
    assert theirs(account) == ours(collector)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_edited_here_and_gone_there_is_decided(collector, simulated, account, one, side):
    edit(collector, one, notes="still")
    simulated.world.remove_want(account, one)
    collector.import_wantlist()
    conflict = open_conflicts(collector)["want_record"]
    assert ours(collector)[one] == ("still", 3)
    resolve(collector.conn, collector.user_id, [conflict.id], side, by="collector")
    push(collector)
    assert (one in account.wants) == (one in ours(collector)) == (side == "ours")
    assert theirs(account) == ours(collector)


def test_a_rule_decides_without_a_question(collector, simulated, account, one):
    rules.replace(collector.conn, collector.user_id, {"want_notes": "theirs"})
    edit(collector, one, notes="ours")
    simulated.world.put_want(account, one, notes="theirs")
    collector.import_wantlist()
    assert ours(collector)[one][0] == "theirs"
    assert open_conflicts(collector) == {}


def test_gone_there_alone_is_gone_here_and_comes_back_by_one_call(collector, simulated, account, one):
    simulated.world.remove_want(account, one)
    collector.import_wantlist()
    assert one not in ours(collector)
    assert push(collector) == "Nothing waited to go out."
    assert restore_want(collector.conn, collector.user_id, one).was_missing
    with pytest.raises(RestoreRefused, match="on the list already"):
        restore_want(collector.conn, collector.user_id, one)
    assert push(collector) == "On Discogs: 1 added, 1 written."
    assert theirs(account)[one] == (" the German press\r\n", 3)


def test_many_removals_at_once_ask_first(collector, account):
    drop(collector, *sorted(account.wants)[:2])
    assert "2 wants of 12 would be removed on Discogs at once" in push(collector)
    assert len(account.wants) == WANTS
    assert push(collector, PushArguments(allows_removals=True)) == "On Discogs: 2 removed."
    assert theirs(account) == ours(collector)


def test_removals_that_trickle_ask_as_a_burst_does_until_they_are_allowed(collector, account):
    first, second, third = sorted(account.wants)[:3]
    drop(collector, first)
    assert push(collector) == "On Discogs: 1 removed."
    drop(collector, second)
    assert "2 wants of 12 would be removed on Discogs within a day" in push(collector)
    assert second in account.wants
    assert push(collector, PushArguments(allows_removals=True)) == "On Discogs: 1 removed."
    drop(collector, third)
    assert push(collector) == "On Discogs: 1 removed."


def test_a_want_that_is_gone_there_too_is_removed_by_an_answer_of_404(collector, simulated, account, one):
    drop(collector, one)
    steps = collector.steps(PUSH_WANTLIST, YES)
    for at in steps:
        if at.checkpoint.stage is WantsStage.SEND:
            break
    simulated.world.remove_want(account, one)
    assert [at.outcome for at in steps if isinstance(at, Done)] == ["On Discogs: 1 removed."]
    assert push(collector) == "Nothing waited to go out."


def test_who_dies_after_each_answer_and_before_each_commit_doubles_nothing(collector, account, one):
    collector.is_clumsy = True
    want(collector, NEW, notes="x")
    edit(collector, one, notes="y")
    drop(collector, max(account.wants))
    push(collector)
    assert theirs(account) == ours(collector)
    assert len(account.wants) == WANTS
    assert open_conflicts(collector) == {}


def test_edited_while_it_is_sent_the_newer_words_wait_for_the_next_push(collector, account, one):
    edit(collector, one, notes="first")
    for at in collector.steps(PUSH_WANTLIST, YES):
        if not isinstance(at, Done) and at.checkpoint.stage is WantsStage.SEND:
            edit(collector, one, notes="second")
    assert account.wants[one].notes == "second"  # the same push takes it along
    assert open_conflicts(collector) == {}


def test_what_discogs_does_not_show_waits(collector, simulated, account, one):
    edit(collector, one, notes="z")
    simulated.world.remove_want(account, one)
    assert push(collector) == "Nothing waited to go out. 1 change could not go out: the history says why."
    line = collector.rows("SELECT * FROM discogs_sync_log ORDER BY created_at DESC, id LIMIT 1")[0]
    assert (line["status"], line["discogs_release_id"]) == ("skipped", one)
    assert ours(collector)[one] == ("z", 3)


def test_a_want_that_becomes_a_have_offers_to_go_once(collector, simulated, account, one):
    simulated.world.add_copy(account, one, folder_id=1)
    collector.import_collection()
    collector.import_wantlist()
    found = questions.page(collector.conn, collector.user_id, kind="owned_want")
    assert [question.subject for question in found] == [str(one)]
    answer_owned(collector.conn, collector.user_id, found[0], is_dropped=False)
    collector.import_wantlist()
    assert questions.page(collector.conn, collector.user_id, kind="owned_want") == []
    assert one in ours(collector)


def test_a_want_that_may_go_goes_on_both_sides_with_its_alerts(collector, simulated, account, one):
    simulated.world.add_copy(account, one, folder_id=1)
    collector.import_collection()
    collector.execute(
        "INSERT INTO discogs_price_alerts (user_id, discogs_release_id, target_price, currency)"
        " VALUES (%s, %s, 20, 'USD')",
        collector.user_id,
        one,
    )
    (question,) = questions.page(collector.conn, collector.user_id, kind="owned_want")
    answer_owned(collector.conn, collector.user_id, question, is_dropped=True)
    assert push(collector) == "On Discogs: 1 removed."
    assert one not in account.wants
    assert collector.one("SELECT is_active FROM discogs_price_alerts") is False


def test_a_question_whose_want_went_closes_by_itself(collector, simulated, account, one):
    simulated.world.add_copy(account, one, folder_id=1)
    collector.import_collection()
    simulated.world.remove_want(account, one)
    collector.import_wantlist()
    assert questions.page(collector.conn, collector.user_id, kind="owned_want") == []


def test_a_conflict_ends_where_both_sides_come_to_say_the_same(collector, simulated, account, one):
    edit(collector, one, notes="ours")
    simulated.world.put_want(account, one, notes="theirs")
    collector.import_wantlist()
    assert list(open_conflicts(collector)) == ["want_notes"]
    edit(collector, one, notes="theirs")
    collector.import_wantlist()
    assert open_conflicts(collector) == {}
    (ended,) = conflicts.page(collector.conn, collector.user_id)
    assert (ended.resolution, ended.resolved_by) == ("agreed", "sync")


def step_that_sends(collector):
    """The step of a push that is about to send its change; what follows is the caller's."""
    for step in collector.steps(PUSH_WANTLIST, YES):
        if not isinstance(step, Done) and step.checkpoint.stage is WantsStage.SEND:
            return step
    raise AssertionError("nothing was sent")


def repeat(collector, step) -> str:
    """Let another worker take this step again, and bring the job to its end, as the engine does."""
    job, step = {one.kind.name: one for one in JOBS}[PUSH_WANTLIST.name], replace(step, is_repeated=True)
    while True:
        fetched = job.fetch(step)
        with collector.conn.transaction():
            outcome = job.store(collector.conn, step, fetched)
        if isinstance(outcome, Done):
            return outcome.outcome
        step = replace(step, checkpoint=outcome.checkpoint, progress=outcome.progress, is_repeated=False)


@pytest.mark.parametrize("was_written", [True, False])
def test_a_repeated_edit_does_not_overwrite_what_was_edited_on_discogs_meanwhile(
    collector, simulated, account, one, was_written
):
    edit(collector, one, notes="ours")
    step = step_that_sends(collector)
    if was_written:
        simulated.world.put_want(account, one, notes="ours")  # and nobody lived to note it
    simulated.world.put_want(account, one, notes="theirs, later")
    repeat(collector, step)
    assert account.wants[one].notes == "theirs, later"
    assert set(open_conflicts(collector)) == {"want_notes"}


def test_an_edit_whose_sending_always_ends_in_the_dark_ends_the_push_after_five_looks(collector, one):
    edit(collector, one, notes="ours")
    step = step_that_sends(collector)
    checkpoint = step.checkpoint.model_copy(update={"looks": MOST_LOOKS})
    with pytest.raises(JobFailed, match="push again later"):
        repeat(collector, replace(step, checkpoint=checkpoint))


def test_a_repeated_edit_that_was_made_is_no_change_on_discogs_though_the_want_was_edited_again(
    collector, simulated, account, one
):
    edit(collector, one, notes="first")
    step = step_that_sends(collector)
    simulated.world.put_want(account, one, notes="first")  # and nobody lived to note it
    edit(collector, one, notes="second")
    repeat(collector, step)
    assert open_conflicts(collector) == {}
    assert account.wants[one].notes == "second"


def test_a_want_that_is_removed_while_it_is_sent_is_removed_there_too(collector, account):
    want(collector, NEW)
    for step in collector.steps(PUSH_WANTLIST, YES):
        if not isinstance(step, Done) and step.checkpoint.stage is WantsStage.SEND and NEW not in account.wants:
            drop(collector, NEW)
    push(collector)
    assert NEW not in ours(collector)
    assert NEW not in account.wants


@pytest.fixture
def only_note(collector, simulated, account, one):
    """The one note of the wantlist is cleared there, which looks like a stranger's view."""
    for release in list(account.wants):
        if release != one:
            simulated.world.put_want(account, release, notes="")
    collector.import_wantlist()
    simulated.world.put_want(account, one, notes="")
    simulated.log.arrivals.clear()


@pytest.mark.usefixtures("only_note")
def test_the_only_note_cleared_there_holds_no_push_up(collector, simulated, account, one):
    edit(collector, one, rating=5)
    assert push(collector) == "On Discogs: 1 written."
    assert theirs(account)[one] == ours(collector)[one] == ("", 5)
    assert asked(simulated)["identity"] == 1


@pytest.mark.usefixtures("only_note")
def test_a_page_shown_as_to_a_stranger_by_another_account_changes_nothing(collector, one):
    edit(collector, one, rating=5)
    collector.execute("UPDATE profiles SET discogs_user_id = discogs_user_id + 1")
    with pytest.raises(JobFailed, match="another account"):
        push(collector)
    assert ours(collector)[one] == (" the German press\r\n", 5)


def test_a_removed_want_is_kept_whole_in_the_history(collector, one):
    drop(collector, one)
    push(collector)
    (line,) = collector.rows("SELECT details FROM discogs_sync_log WHERE action = 'delete'")
    assert line["details"]["removed"] == {"notes": " the German press\r\n", "rating": 3}


def test_what_we_sent_leaves_no_line_as_if_it_had_come_from_discogs(collector, one):
    before = collector.one("SELECT count(*) FROM discogs_sync_log WHERE action IN ('import', 'update')")
    want(collector, NEW, notes="mint only")
    edit(collector, one, notes="any", rating=1)
    push(collector)
    assert collector.one("SELECT count(*) FROM discogs_sync_log WHERE action IN ('import', 'update')") == before


def test_wants_that_are_removed_while_a_push_runs_ask_too(collector, account):
    releases = sorted(account.wants)
    drop(collector, releases[0])
    for at in collector.steps(PUSH_WANTLIST, YES):
        if not isinstance(at, Done) and at.checkpoint.stage is WantsStage.SEND:
            drop(collector, *releases[1:8])
    assert "would be removed on Discogs within a day" in at.outcome
    assert len(account.wants) == WANTS - 1
