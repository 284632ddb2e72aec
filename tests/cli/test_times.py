"""Times as a person types them, in the zone of the machine, across the change of the clocks too."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cli.times import BadTime, age, moment

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 17, 30, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("typed", "until"),
    [
        ("30m", "2026-11-23T17:00"),
        ("2h", "2026-11-23T18:30"),
        ("1d 2h", "2026-11-24T18:30"),
        ("90s", "2026-11-23T16:31:30"),
        ("18:00", "2026-11-23T17:00"),
        ("6:05", "2026-11-24T05:05"),
        ("17:30", "2026-11-24T16:30"),
        ("2026-11-25T06:30", "2026-11-25T05:30"),
        ("2026-11-25 06:30", "2026-11-25T05:30"),
        ("2026-11-25T06:30Z", "2026-11-25T06:30"),
    ],
)
def test_a_time_is_read_by_the_clock_of_this_machine(typed, until):
    assert moment(typed, NOW) == datetime.fromisoformat(until).replace(tzinfo=UTC)


@pytest.mark.parametrize("typed", ["", "soon", "25:00", "12:60", "0m", "2026-11-22", "2d-1h"])
def test_what_is_no_time_to_come_is_refused_with_an_example(typed):
    with pytest.raises(BadTime) as told:
        moment(typed, NOW)
    assert told.value.next_step


def test_two_hours_are_two_hours_in_the_night_when_the_clocks_go_back():
    before = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN)
    assert moment("2h", before) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_an_age_is_a_length_of_time():
    assert age("1h 30m") == timedelta(minutes=90)


@pytest.mark.parametrize("typed", ["", "0m", "18:00", "long ago"])
def test_what_is_no_length_is_refused(typed):
    with pytest.raises(BadTime):
        age(typed)
