"""When an entry comes due, and what lies between."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from actors.catalog import CATALOG
from actors.scheduling.timetable import EPOCH, TIMETABLE, EntryName, entry_of

UPKEEP = entry_of(EntryName.UPKEEP)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
moments = st.integers(0, 10**5).map(lambda seconds: NOON + timedelta(seconds=seconds))


def test_every_entry_says_in_a_sentence_what_it_does() -> None:
    assert all(entry.sentence.endswith(".") for entry in TIMETABLE)
    assert [entry.name for entry in TIMETABLE] == list(EntryName)
    assert all(entry.kind is CATALOG[entry.kind.name] for entry in TIMETABLE)


def test_an_entry_comes_due_by_the_clock_and_not_by_when_somebody_began_to_look() -> None:
    assert UPKEEP.last_due(NOON) == NOON
    assert UPKEEP.last_due(NOON + 9 * MINUTE) == NOON
    assert UPKEEP.last_due(NOON - MINUTE) == NOON - 10 * MINUTE


@given(moments, moments)
def test_times_between_are_those_that_one_would_count(one: datetime, other: datetime) -> None:
    after, before = sorted((one, other))
    first = EPOCH + ((after - EPOCH) // UPKEEP.every + 1) * UPKEEP.every
    counted = 0
    while first + counted * UPKEEP.every < before:
        counted += 1
    assert UPKEEP.times_between(after, before) == counted


def test_the_next_run_is_at_once_when_one_is_to_be_made_up_for() -> None:
    now = NOON + 3 * MINUTE
    assert UPKEEP.next_at(NOON, now) == NOON + 10 * MINUTE
    assert UPKEEP.next_at(NOON - 10 * MINUTE, now) == now
    assert UPKEEP.next_at(None, now) == now, "a task that never ran is due at once"
