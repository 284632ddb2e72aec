from datetime import UTC, datetime, timedelta

import pytest

from cli import words

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (16.4, "16 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min"), (100_000, "1 d 3 h")],
)
def test_a_length_of_time_is_said_in_its_two_largest_parts(seconds, said):
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "now"), (12, "12 s ago"), (300, "5 min ago"), (259_200, "3 d ago")]
)
def test_the_past_is_said_in_one_part(seconds, said):
    assert words.ago(NOW - timedelta(seconds=seconds), NOW) == said


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "now"), (12, "in 12 s"), (300, "in 5 min")])
def test_the_future_is_not_said_to_be_now(seconds, said):
    assert words.ago(NOW + timedelta(seconds=seconds), NOW) == said
