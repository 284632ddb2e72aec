"""Values of other types than the documentation says, and values that are not there."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from discogs.records import reading


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7),
        ("1982", 1982),
        (2**31 - 1, 2**31 - 1),
        *((odd, None) for odd in (True, "", "1982?", "٣", "9" * 5000, 2**31, -(2**31), None, [])),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_number_is_read_out_of_a_string_and_never_guessed(value, expected):
    assert reading.number_or_none({"n": value}, "n") == expected


@pytest.mark.parametrize("value", [0, "0", None, ""])
def test_zero_is_how_discogs_writes_unknown(value):
    assert reading.known_number({"year": value}, "year") is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2021-12-21T15:43:46-08:00", datetime(2021, 12, 21, 23, 43, 46, tzinfo=UTC)),
        ("2021-07-01T00:00:00-07:00", datetime(2021, 7, 1, 7, tzinfo=UTC)),
        ("2011-08-30 14:21:45", datetime(2011, 8, 30, 14, 21, 45, tzinfo=UTC)),
        ("0001-01-01T00:00:00+08:00", None),
        ("1999-03-00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (12, None),
    ],
)
def test_times_become_utc_and_what_is_no_time_becomes_none(written, expected):
    got = reading.moment({"t": written}, "t")
    assert got == expected
    assert got is None or got.tzinfo is UTC


def test_what_is_missing_is_empty_and_what_the_answer_is_about_must_be_there():
    assert reading.text({}, "x") == ""
    assert reading.text_or_none({}, "x") is None
    assert reading.texts({"x": None}, "x") == ()
    assert reading.texts({"x": "Vinyl"}, "x") == ("Vinyl",)
    assert reading.rows({"x": None}, "x", reading.an_object) == ()
    assert reading.decimal_or_none({"x": Decimal("1.10")}, "x") == Decimal("1.10")
    with pytest.raises(reading.Unreadable, match="'x'"):
        reading.needed_rows({}, "x", reading.an_object)
    with pytest.raises(reading.Unreadable, match="'x'"):
        reading.needed_number({"x": "?"}, "x")


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), ("7", 7), (2**63 - 1, 2**63 - 1), (2**63, None), (-1, None), (True, None)]
)
def test_an_id_is_what_64_bits_can_hold(value, expected):
    assert reading.id_or_none({"id": value}, "id") == expected


@pytest.mark.parametrize("value", [Decimal("1e15"), Decimal("-1e400"), 10**15, Decimal("NaN"), True, "1"])
def test_an_amount_out_of_range_is_unknown(value):
    assert reading.decimal_or_none({"x": value}, "x") is None
