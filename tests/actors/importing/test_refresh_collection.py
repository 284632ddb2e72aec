"""What is new comes over for the fewest requests, and nothing that lay between is ever passed over."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.catalog import IMPORT_COLLECTION, REFRESH_COLLECTION
from actors.checkpoints import Stage
from actors.importing.refresh_collection import UNDER_WAY, WHOLE_FIRST
from workers.kinds import Done


@pytest.fixture
def known(drive, make_item):
    """A collector whose 250 records were imported, and who was asked for nothing since."""
    drive.discogs.items = [make_item(number) for number in range(250)]
    drive.import_collection()
    drive.execute("UPDATE rekkrd.jobs SET state = 'completed', started_at = now(), finished_at = now()")
    drive.discogs.asked.clear()
    return drive


def refresh(drive):
    drive.discogs.asked.clear()
    return drive.run(REFRESH_COLLECTION)


def held(drive) -> int:
    return drive.one("SELECT count(*) FROM rekkrd.instances WHERE missing_since IS NULL")


def whole_imports(drive) -> int:
    return drive.one(
        "SELECT count(*) FROM rekkrd.jobs WHERE kind = 'import_collection' AND unique_key IS NOT NULL"
        " AND finished_at IS NULL"
    )


def test_an_unchanged_collection_costs_one_request(known):
    done = refresh(known)
    assert done.outcome == "Nothing new. 250 records."
    assert known.discogs.asked == ["collection 1/100 added desc"]
    assert known.one("SELECT syncs FROM discogs_usage") == 1


@pytest.mark.parametrize(("new", "requests"), [(1, 1), (98, 1), (99, 2), (100, 2), (198, 2), (200, 3)])
def test_new_records_cost_a_request_a_hundred_and_at_most_one_more(known, make_item, new, requests):
    known.discogs.items += [make_item(number) for number in range(250, 250 + new)]
    done = refresh(known)
    assert len(known.discogs.asked) == requests <= -(-new // 100) + 1
    assert done.outcome.startswith(f"{new} new record")
    assert (held(known), known.one("SELECT count(*) FROM albums")) == (250 + new, 250 + new)
    assert refresh(known).outcome.startswith("Nothing new.")


def test_what_lay_between_is_not_lost_when_an_earlier_look_ended_half_way(known, make_item):
    """Defect of others: the since-cursor moves to the newest item although the run stopped before the old one."""
    known.discogs.items += [make_item(number) for number in range(250, 520)]
    steps = known.steps(REFRESH_COLLECTION)
    next(steps), next(steps)  # the newest hundred are stored, then the worker is gone and the job cancelled
    known.execute("UPDATE rekkrd.jobs SET state = 'cancelled', finished_at = now() WHERE finished_at IS NULL")
    assert held(known) == 350
    known.discogs.items = known.discogs.items[170:]  # as many go as are not known: the counts are equal
    assert len(known.discogs.items) == held(known)
    refresh(known)
    assert {item.instance_id for item in known.discogs.items} <= {
        row["instance_id"] for row in known.rows("SELECT instance_id FROM rekkrd.instances")
    }


def test_what_is_gone_is_left_to_a_whole_import_which_is_begun(known):
    known.discogs.items.pop(3)
    done = refresh(known)
    assert len(known.discogs.asked) == 1
    assert "Discogs counts 249 records, 250 are known here." in done.outcome
    assert (known.missing(), whole_imports(known)) == (0, 1)


def test_a_record_that_goes_between_two_pages_hides_none_for_good(known, make_item):
    known.discogs.items += [make_item(number) for number in range(250, 400)]
    known.discogs.before_page = lambda page: known.discogs.items.pop(390) if page == 2 else None
    done = refresh(known)
    assert "changed meanwhile" in done.outcome
    assert whole_imports(known) == 1
    known.discogs.before_page = lambda page: None
    known.discogs.items = [item for item in known.discogs.items if item.instance_id != 3_000_000_000 + 5]
    refresh(known)
    assert {item.instance_id for item in known.discogs.items} <= {
        row["instance_id"] for row in known.rows("SELECT instance_id FROM rekkrd.instances")
    }


def test_a_copy_that_came_in_by_another_way_moves_nothing(known, make_item):
    between, pushed = make_item(300), make_item(301)
    known.discogs.items.append(pushed)
    refresh(known)
    # As if a push had stored its own copy, which is newer than what somebody added at Discogs meanwhile.
    known.execute("UPDATE rekkrd.links SET collection_known_to = now() - interval '100 years'")
    known.discogs.items.append(between)
    refresh(known)
    assert held(known) == 252


def test_equal_dates_at_the_border_are_read_to_their_end(known, make_item):
    newest = max(item.date_added for item in known.discogs.items)
    known.discogs.items += [make_item(number, date_added=newest) for number in range(300, 450)]
    done = refresh(known)
    assert done.outcome == "150 new records. 400 records."


def test_without_a_whole_import_nothing_is_asked_and_one_is_begun(drive, make_item):
    drive.discogs.items = [make_item(1)]
    assert refresh(drive).outcome == WHOLE_FIRST
    assert drive.discogs.asked == []
    assert whole_imports(drive) == 1


def test_a_free_account_gets_its_whole_import_of_the_newest(known):
    known.tier = "collector"
    assert refresh(known).outcome == WHOLE_FIRST


def test_a_whole_import_under_way_is_left_alone(known, make_item):
    known.discogs.items.append(make_item(300))
    whole = known.steps(IMPORT_COLLECTION)
    for step in whole:
        if step.checkpoint.stage is Stage.PAGES and step.checkpoint.current_page == 1:
            break
    assert refresh(known).outcome == UNDER_WAY
    assert next(at for at in whole if isinstance(at, Done)).outcome == "251 records: complete."
    assert known.missing() == 0


def test_a_whole_import_that_begins_meanwhile_ends_the_look(known, make_item):
    known.discogs.items += [make_item(number) for number in range(250, 480)]
    looking = known.steps(REFRESH_COLLECTION)
    next(looking), next(looking)
    known.import_collection()
    assert next(looking).outcome == UNDER_WAY
    assert (held(known), known.missing()) == (480, 0)


def test_a_strangers_view_changes_nothing(known):
    known.discogs.lie = lambda page: replace(page, items=tuple(replace(item, folder_id=None) for item in page.items))
    with pytest.raises(Exception, match="as to a stranger"):
        refresh(known)
    known.discogs.lie = lambda page: page
    assert refresh(known).outcome == "Nothing new. 250 records."


def test_new_copies_find_albums_that_were_here_before(known, make_item):
    album = known.add_album(artist="Typed", title="In", year=1970)
    known.discogs.items.append(make_item(300, artist="Typed", title="In"))
    refresh(known)
    assert known.one("SELECT discogs_instance_id FROM albums WHERE id = %s", album) == 3_000_000_300


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 130)),
        st.tuples(st.just("remove"), st.integers(0, 1_000_000)),
        st.tuples(st.just("look"), st.just(0)),
        st.tuples(st.just("die"), st.integers(1, 3)),
    ),
    max_size=8,
)


@given(CHANGES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_a_look_nothing_new_is_unknown_whatever_came_before(drive, make_item, changes):
    """Adds, removals, looks, and workers that die in the middle of one."""
    drive.execute("DELETE FROM rekkrd.jobs")
    drive.execute("DELETE FROM albums")
    drive.execute("DELETE FROM rekkrd.agreed")
    drive.execute("DELETE FROM rekkrd.instances")
    drive.execute("UPDATE rekkrd.links SET collection_known_to = NULL, collection_complete_at = NULL")
    drive.discogs.items = [make_item(number) for number in range(120)]
    drive.import_collection()
    number = 120
    for change, amount in [*changes, ("look", 0)]:
        drive.execute("UPDATE rekkrd.jobs SET state = 'cancelled', finished_at = now() WHERE finished_at IS NULL")
        if change == "add":
            drive.discogs.items += [make_item(number + nth) for nth in range(amount)]
            number += amount
        elif change == "remove" and drive.discogs.items:
            drive.discogs.items.pop(amount % len(drive.discogs.items))
        elif change == "die":
            steps = drive.steps(REFRESH_COLLECTION)
            for _ in range(amount):
                if isinstance(next(steps), Done):
                    break
        else:
            said = refresh(drive).outcome
            known = {row["instance_id"] for row in drive.rows("SELECT instance_id FROM rekkrd.instances")}
            assert {item.instance_id for item in drive.discogs.items} <= known or "whole" in said or "all of it" in said
            assert len(drive.discogs.asked) <= number // 100 + 1
    assert drive.missing() == 0
