"""A look before a sync says what the sync then does, and leaves both sides as they were."""

from dataclasses import replace

import pytest

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST, PREVIEW_SYNC
from actors.syncing.preview import Cursor, preview
from discogs.errors import Unavailable
from discogs.records.collection import Note
from workers.kinds import Done

LOOKED_AT = {"previews", "preview_items", "preview_pages"}
TABLES = (
    "SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname IN ('rekkrd', 'public')"
    " AND tablename <> ALL(ARRAY['jobs', 'previews', 'preview_items', 'preview_pages']) ORDER BY 1"
)


def contents(drive) -> dict[str, str]:
    """A digest of every table that a look may not touch."""
    return {
        row["name"]: drive.one(
            f"SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {row['name']} t"
        )
        for row in drive.rows(TABLES)
    }


def foreseen(drive, way=None, **page):
    with drive.conn.transaction():
        return preview(drive.conn, drive.user_id, way=way, **{"room": 1000, **page})


@pytest.fixture
def known(drive, make_item, make_want):
    """A hundred and fifty copies and two wants, known on both sides."""
    drive.discogs.items = [make_item(number) for number in range(150)]
    drive.discogs.wants = [make_want(200), make_want(201, notes="mono")]
    drive.import_collection()
    drive.import_wantlist()
    return drive


def graded(item, grade: str):
    return replace(item, notes=(Note(1, grade), *item.notes[1:]))


@pytest.fixture
def changed(known, make_item):
    """Each thing that can happen, once: new, edited, edited on both sides, gone, gone and edited; and one goes out."""
    items = known.discogs.items
    known.discogs.items = [
        graded(items[0], "Mint (M)"),
        graded(items[1], "Mint (M)"),
        *items[4:],
        make_item(500, release=777, title="New one"),
    ]
    number = 3_000_000_000
    known.execute("UPDATE albums SET media_condition = 'G' WHERE discogs_instance_id = %s", number + 1)
    known.execute(
        "UPDATE albums SET discogs_notes = 'mine' WHERE discogs_instance_id IN (%s, %s)", number + 3, number + 9
    )
    known.discogs.wants = [replace(known.discogs.wants[0], rating=4)]
    return known


def test_each_thing_that_would_happen_is_listed_with_before_and_after(changed):
    assert changed.run(PREVIEW_SYNC).outcome == "Nothing was changed. 3 would come in, 2 conflicts, 2 would vanish."
    found = foreseen(changed)
    told = [(one.way, one.change, one.field, one.before, one.after) for one in found.items if one.change != "new"]
    assert told == [
        ("comes_in", "changed", "media_condition", "NM", "M"),
        ("conflicts", "changed on both sides", "media_condition", "G", "M"),
        ("vanishes", "gone", None, None, None),
        ("conflicts", "edited here, gone on Discogs", None, None, None),
        ("comes_in", "changed", "want_rating", 0, 4),
        ("vanishes", "gone", None, None, None),
        ("goes_out", "write", "discogs_notes", "note 9", "mine"),
    ]
    (new,) = [one for one in found.items if one.change == "new"]
    assert (new.title, new.after["media_condition"], new.release_id) == ("New one", "NM", 777)
    assert (found.counts.comes_in, found.counts.goes_out, found.counts.conflicts, found.counts.vanishes) == (3, 1, 2, 2)
    assert found.is_whole


def test_own_fields_are_listed_one_by_one(known):
    item = known.discogs.items[0]
    known.discogs.items[0] = replace(item, notes=(*item.notes, Note(4, "Shelf A"), Note(5, "12.50")))
    known.execute(
        "UPDATE albums SET discogs_fields = %s::jsonb WHERE discogs_instance_id = 3000000000",
        '{"field_5": "15", "field_6": "yes"}',
    )
    known.run(PREVIEW_SYNC)
    told = {(one.way, one.field, one.before, one.after) for one in foreseen(known).items}
    assert told == {
        ("comes_in", "field_4", None, "Shelf A"),
        ("conflicts", "field_5", "15", "12.50"),
        ("goes_out", "field_6", None, "yes"),
    }


def test_nothing_is_written_on_either_side(changed):
    before, items = contents(changed), list(changed.discogs.items)
    changed.run(PREVIEW_SYNC)
    assert contents(changed) == before
    assert changed.discogs.items == items


def test_the_import_that_follows_does_what_was_said(changed):
    changed.run(PREVIEW_SYNC)
    said = foreseen(changed).counts
    changed.run(IMPORT_COLLECTION)
    changed.run(IMPORT_WANTLIST)
    assert changed.one("SELECT count(*) FROM rekkrd.conflicts WHERE resolved_at IS NULL") == said.conflicts
    assert changed.missing() + changed.one("SELECT count(*) FROM rekkrd.wants WHERE missing_since IS NOT NULL") == 3
    assert "Records were touched since: look again." in foreseen(changed).sentence


def test_a_look_at_what_is_the_same_finds_nothing_and_costs_the_pages(known):
    known.discogs.asked.clear()
    known.run(PREVIEW_SYNC)
    found = foreseen(known)
    assert (found.items, found.requests.spent, len(known.discogs.asked)) == ([], 3, 3)
    assert found.sentence.startswith("0 would come in, 0 would go out, 0 conflicts, 0 would vanish; Discogs was looked")


def test_without_a_look_it_says_at_once_what_goes_out(known):
    known.execute("UPDATE albums SET discogs_notes = 'mine' WHERE discogs_instance_id = 3000000009")
    known.discogs.asked.clear()
    found = foreseen(known)
    assert [one.after for one in found.items] == ["mine"]
    assert found.sentence == "1 would go out in 2 requests. What would come in takes a look at Discogs."
    assert (found.look, found.age_seconds, known.discogs.asked) == (None, None, [])
    assert found.requests.push == 2  # a look at the release, and the write


def test_what_goes_along_with_another_change_costs_no_request_of_its_own(known):
    known.execute(
        "INSERT INTO rekkrd.folders (user_id, folder_id, name, record_count) VALUES (%s, 5, 'Attic', 0)", known.user_id
    )
    known.execute("UPDATE albums SET discogs_folder_id = 5, discogs_rating = 4 WHERE discogs_instance_id = 3000000009")
    known.execute("UPDATE discogs_wantlist SET notes = 'mono', rating = 3 WHERE discogs_release_id = 100200")
    found = foreseen(known)
    assert [one.field for one in found.items] == ["discogs_folder_id", "discogs_rating", "want_notes", "want_rating"]
    assert (found.counts.goes_out, found.requests.push) == (4, 4)  # a look and the move, a page and the want


def test_pages_follow_each_other_and_one_way_stands_alone(changed):
    changed.run(PREVIEW_SYNC)
    whole = foreseen(changed).items
    page = foreseen(changed, room=2)
    paged = list(page.items)
    while page.next_cursor is not None:
        page = foreseen(changed, cursor=Cursor.read(str(page.next_cursor)), room=2)
        assert len(page.items) <= 2
        paged += page.items
    assert paged == whole
    assert {one.way for one in foreseen(changed, "vanishes").items} == {"vanishes"}
    assert [one.way for one in foreseen(changed, "goes_out").items] == ["goes_out"]


def test_a_page_goes_on_where_the_one_before_ended_whatever_came_and_went_meanwhile(changed, make_item):
    number = 3_000_000_000
    changed.execute("UPDATE albums SET discogs_notes = 'mine' WHERE discogs_instance_id > %s", number + 100)
    changed.run(PREVIEW_SYNC)
    whole = [one.cursor for one in foreseen(changed).items]
    cursor, paged = None, []
    for went in range(len(whole)):
        page = foreseen(changed, cursor=cursor, room=3)
        paged += [one.cursor for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        changed.execute("UPDATE albums SET discogs_notes = NULL WHERE discogs_instance_id = %s", number + 101 + went)
        changed.execute(
            "UPDATE rekkrd.agreed SET fields = fields || '{\"discogs_notes\": null}' WHERE instance_id = %s",
            number + 101 + went,
        )
        changed.discogs.items.append(make_item(600 + went, release=1 + went))
        changed.run(PREVIEW_SYNC)
    left = {one.cursor for one in foreseen(changed).items}
    assert len(paged) == len(set(paged))
    assert [one for one in whole if one in left] == [one for one in paged if one in left and one in whole]


def test_what_is_shown_twice_by_a_list_that_moves_is_told_once(known, make_item):
    known.discogs.items = [make_item(900), *known.discogs.items]
    known.discogs.before_page = lambda _: known.discogs.items.insert(0, known.discogs.items[0])
    known.run(PREVIEW_SYNC)
    places = [one.cursor for one in foreseen(known).items]
    assert len(places) == len(set(places))


def test_a_first_look_at_an_account_asks_what_its_fields_mean(drive, make_item):
    drive.discogs.items = [make_item(1)]
    drive.run(PREVIEW_SYNC)
    (item,) = foreseen(drive).items
    assert item.after["media_condition"] == "NM"
    assert drive.one("SELECT count(*) FROM rekkrd.fields") == 0
    assert drive.discogs.asked.count("fields") == 1


def test_a_list_that_changes_while_it_is_looked_at_says_nothing_of_what_would_vanish(known, make_item):
    known.discogs.items = known.discogs.items[1:] + [make_item(300 + number) for number in range(120)]
    grown = iter(range(1000, 2000))
    known.discogs.before_page = lambda _: known.discogs.items.append(make_item(next(grown)))
    known.run(PREVIEW_SYNC)
    found = foreseen(known)
    assert (found.counts.vanishes, found.is_whole) == (0, False)
    assert "nothing is said of what would vanish" in found.sentence


def test_a_list_that_changed_once_is_looked_at_anew_and_nothing_is_told_twice(known, make_item):
    known.discogs.items += [make_item(300 + number) for number in range(120)]
    late = [make_item(999)]
    known.discogs.before_page = lambda page: known.discogs.items.append(late.pop()) if page == 2 and late else None
    known.run(PREVIEW_SYNC)
    found = foreseen(known)
    assert (found.counts.comes_in, found.is_whole) == (121, True)


def test_who_dies_after_any_step_looks_on_from_there(changed):
    changed.is_clumsy = True
    changed.run(PREVIEW_SYNC)
    found = foreseen(changed)
    assert (found.counts.comes_in, found.counts.conflicts, found.counts.vanishes) == (3, 2, 2)


def test_a_page_as_a_stranger_sees_it_is_no_look(known):
    known.discogs.lie = lambda page: replace(page, items=tuple(replace(one, folder_id=None) for one in page.items))
    with pytest.raises(Unavailable):
        known.run(PREVIEW_SYNC)
    assert foreseen(known).look is None


def test_while_a_look_goes_on_it_says_so(known):
    steps = known.steps(PREVIEW_SYNC)
    next(steps)
    next(steps)
    assert "A look at Discogs is under way." in foreseen(known).sentence
    assert isinstance(list(steps)[-1], Done)


def test_a_look_that_was_cancelled_midway_is_not_under_way(known):
    steps = known.steps(PREVIEW_SYNC)
    next(steps)
    next(steps)
    known.execute("UPDATE rekkrd.jobs SET state = 'cancelled', finished_at = now() WHERE finished_at IS NULL")
    assert "A look at Discogs ended before it was done: look again." in foreseen(known).sentence
    known.run(PREVIEW_SYNC)
    assert foreseen(known).is_whole


def test_who_is_not_connected_reads_that_nothing_will_happen(known):
    assert "is connected" not in foreseen(known).sentence
    known.execute("UPDATE rekkrd.links SET state = 'disconnected'")
    assert foreseen(known).sentence.startswith("No Discogs account is connected")


def test_so_many_that_an_import_would_ask_are_told_as_that(known):
    known.discogs.items = known.discogs.items[30:]
    known.run(PREVIEW_SYNC)
    assert "an import would ask before it marks them" in foreseen(known).sentence


def test_a_free_account_looks_at_its_fifty_newest_and_nothing_vanishes(known):
    known.tier = "collector"
    known.discogs.items = known.discogs.items[2:]
    known.run(PREVIEW_SYNC)
    found = foreseen(known)
    assert (found.counts.vanishes, found.is_whole, found.requests.spent) == (0, False, 2)
