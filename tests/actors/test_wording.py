"""Numbers and times as a person reads them inside our sentences."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from actors.wording import count, ordinal
from services.wording import clock, lasting


def test_places_and_lengths_read_like_words():
    assert [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 102, 1111)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "1,111th",
    ]  # fmt: skip
    assert [lasting(seconds) for seconds in (0.2, 4.4, 110, 3_600, 4_800)] == [
        "1 s",
        "4 s",
        "2 min",
        "1 h",
        "1 h 20 min",
    ]


def test_one_record_is_not_one_records():
    assert [count(number, "record") for number in (0, 1, 1_000)] == ["0 records", "1 record", "1,000 records"]


def test_a_moment_is_said_by_the_readers_clock_with_the_date_of_another_day():
    now = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert clock(now.replace(hour=22), now) == "22:30:00 UTC"
    assert clock(now.replace(hour=22), now, ZoneInfo("Europe/Berlin")) == "2026-03-01 23:30:00"
