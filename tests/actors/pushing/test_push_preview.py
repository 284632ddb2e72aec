"""What a push would do is said beforehand, to the request: the simulated Discogs counts those that then come."""

from collections.abc import Iterator

import pytest
from psycopg.types.json import Jsonb

from actors.catalog import PUSH_COLLECTION, PUSH_WANTLIST, PushArguments
from actors.checkpoints import Act
from actors.pushing import push_preview
from actors.pushing.push_preview import preview_push
from simulator import Simulator, SimulatorSettings, running

RECORDS, WANTS = 20, 230
YES = PushArguments(is_confirmed=True, allows_removals=True)
NEW = 99_999


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running(SimulatorSettings(port=0, records=RECORDS, wants=WANTS, limit=10_000)) as simulator:
        yield simulator


@pytest.fixture
def account(simulator):
    account = simulator.world.account("demo_collector")
    account.add_folder("Jazz")
    return account


@pytest.fixture
def collector(drive, simulator, account):
    """A collector of whom both lists were imported."""
    with drive.speaking_to(simulator, account):
        drive.import_collection()
        drive.import_wantlist()
        simulator.log.arrivals.clear()
        yield drive


def said_and_spent(collector, simulator) -> tuple[int, int]:
    """What the preview says, and what both pushes then took."""
    said = preview_push(collector.conn, collector.user_id).requests
    collector.run(PUSH_COLLECTION, YES)
    collector.run(PUSH_WANTLIST, YES)
    assert preview_push(collector.conn, collector.user_id).requests == 0
    return said, len(simulator.log.arrivals)


def add(collector, **columns) -> None:
    names = ", ".join(columns)
    collector.execute(
        f"INSERT INTO albums (user_id, artist, title, discogs_release_id, {names})"
        f" VALUES (%s, 'New', 'One', %s{', %s' * len(columns)})",
        collector.user_id,
        NEW,
        *columns.values(),
    )


def test_edits_moves_with_ratings_and_removals_take_what_was_said(collector, simulator, account):
    folder = max(account.folders)
    first, second, third = sorted(account.instances)[:3]
    collector.execute(
        "UPDATE albums SET discogs_folder_id = %s, discogs_rating = 5, discogs_notes = 'mine'"
        " WHERE discogs_instance_id = %s",
        folder,
        first,
    )
    collector.execute("UPDATE albums SET discogs_rating = 2 WHERE discogs_instance_id = %s", second)
    collector.execute("DELETE FROM albums WHERE discogs_instance_id = %s", third)
    releases = {account.instances[one].release_id for one in (first, second, third)}
    said, spent = said_and_spent(collector, simulator)
    assert said == spent == len(releases) + 4  # looks; the move with its rating, the notes, the rating, the removal


def test_what_follows_an_add_is_said_with_it_and_counted(collector, simulator, account):
    add(
        collector,
        media_condition="VG+",
        sleeve_condition="Generic",
        discogs_notes="mine",
        discogs_rating=4,
        discogs_folder_id=max(account.folders),
        discogs_fields=Jsonb({"field_4": "Shelf A", "field_5": "12"}),
    )
    (change,) = preview_push(collector.conn, collector.user_id).changes
    assert (change.act, change.requests) == (Act.ADD, 7)
    assert set(change.followed_by) == {
        "discogs_rating",
        "media_condition",
        "sleeve_condition",
        "discogs_notes",
        "field_4",
        "field_5",
    }
    assert said_and_spent(collector, simulator) == (8, 8)  # one look before it


def test_what_cannot_follow_an_add_is_said_with_the_reason(collector, simulator):
    add(collector, media_condition="Excellent", discogs_notes="mine", discogs_folder_id=777_777)
    preview = preview_push(collector.conn, collector.user_id)
    added, *stuck = preview.changes
    assert (added.followed_by, added.problem) == (["discogs_notes"], None)
    assert [(one.field, one.instance_id) for one in stuck] == [("discogs_folder_id", None), ("media_condition", None)]
    assert stuck[1].problem.startswith("'Excellent' is no media condition on Discogs")
    assert preview.sentence == "On Discogs: 1 to add; 3 requests. 2 changes cannot go out as they are."
    collector.run(PUSH_COLLECTION, YES)
    assert len(simulator.log.arrivals) == preview.requests


def test_of_more_than_are_looked_at_it_says_so(collector, monkeypatch):
    assert "more wait" not in preview_push(collector.conn, collector.user_id).sentence
    monkeypatch.setattr(push_preview, "MOST", 2)
    collector.execute("UPDATE albums SET discogs_notes = 'mine'")
    preview = preview_push(collector.conn, collector.user_id)
    assert (len(preview.changes), preview.is_whole) == (2, False)
    assert preview.sentence.endswith("of a list: more wait.")


@pytest.mark.parametrize(("place", "pages"), [(0, 1), (150, 2), (WANTS - 1, 3)])
def test_wants_take_the_pages_down_to_the_last_that_changes_and_a_request_each(
    collector, simulator, account, place, pages
):
    listed = sorted(account.wants.values(), key=lambda want: (want.added, want.release_id), reverse=True)
    collector.execute(
        "UPDATE discogs_wantlist SET notes = 'mono', rating = 3 WHERE discogs_release_id = %s",
        listed[place].release_id,
    )
    for number, (notes, rating) in enumerate([("", 0), ("a first press", 4)]):
        collector.execute(
            "INSERT INTO discogs_wantlist (user_id, discogs_release_id, notes, rating) VALUES (%s, %s, %s, %s)",
            collector.user_id,
            NEW + number,
            notes,
            rating,
        )
    changes = preview_push(collector.conn, collector.user_id).changes
    assert [(one.act, list(one.followed_by)) for one in changes if one.act is Act.ADD] == [
        (Act.ADD, []),
        (Act.ADD, ["want_notes", "want_rating"]),
    ]
    said, spent = said_and_spent(collector, simulator)
    assert said == spent == pages + 1 + 1 + 2
