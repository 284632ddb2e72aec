"""A user's night comes exactly once a date of their own zone, whatever clocks, zones and schedulers do."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.nights import LASTS, beginning, night_around, place_in, zone_named

ZONES = sorted(name for name in available_timezones() if name not in {"Factory", "localtime"})
HOUR = timedelta(hours=1)
ATHENS, BERLIN, APIA = (ZoneInfo(name) for name in ("Europe/Athens", "Europe/Berlin", "Pacific/Apia"))


@cache
def changes(zone: ZoneInfo) -> list[datetime]:
    """Hours of 2005 to 2030 after which the clocks of a zone went differently."""
    days = [datetime(2005, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(25 * 365)]
    return [day for day, following in pairwise(days) if day.astimezone(zone).utcoffset() != _offset(following, zone)]


def _offset(when: datetime, zone: ZoneInfo) -> timedelta | None:
    return when.astimezone(zone).utcoffset()


@st.composite
def looks(draw: st.DrawFn) -> tuple[ZoneInfo, list[datetime]]:
    """Eight days of looks of a zone, around a change of its clocks if it has one; never more than 12 hours apart."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    some_day = datetime(2026, 6, 1, tzinfo=UTC)
    around = draw(st.sampled_from(changes(zone) or [some_day]))
    at, end = around - timedelta(days=4, seconds=draw(st.integers(0, 86_399))), around + timedelta(days=4)
    times = []
    while at < end:
        times.append(at)
        at += draw(st.sampled_from([HOUR, HOUR, HOUR, 5 * HOUR, timedelta(hours=12)]))
    return zone, times


def had(zone: ZoneInfo, times: list[datetime]) -> list[tuple[date, datetime, datetime]]:
    """The nights that one user has by these looks, as the ledger keeps them: date, beginning, and the look's time."""
    found: list[tuple[date, datetime, datetime]] = []
    for at in times:
        night = night_around(zone, at)
        if night is not None and (not found or found[-1][0] < night.date):
            found.append((night.date, night.begins_at, at))
    return found


@settings(max_examples=300, deadline=None)
@given(looks())
def test_a_user_has_each_date_of_their_zone_exactly_once(given_looks: tuple[ZoneInfo, list[datetime]]) -> None:
    zone, times = given_looks
    nights = had(zone, times)
    first, last = times[0] + HOUR, times[-1] - timedelta(hours=12)
    day, there_are = first.astimezone(zone).date(), []
    while day <= last.astimezone(zone).date():
        begins_at = beginning(zone, day)
        if begins_at is not None and first <= begins_at <= last:
            there_are.append(day)
        day += timedelta(days=1)
    assert len({night for night, *_ in nights}) == len(nights)
    assert set(there_are) <= {night for night, *_ in nights}
    assert len(there_are) >= 5


@settings(max_examples=300, deadline=None)
@given(looks())
def test_a_night_begins_at_three_or_where_the_clocks_jump_over_three(
    given_looks: tuple[ZoneInfo, list[datetime]],
) -> None:
    zone, times = given_looks
    for night, begins_at, at in had(zone, times):
        local, before = begins_at.astimezone(zone), (begins_at - timedelta(seconds=1)).astimezone(zone)
        assert local.date() == night
        assert local.hour == 3 or before.hour < 3 < local.hour or local.utcoffset() != before.utcoffset()
        assert -HOUR <= at - begins_at <= timedelta(hours=12)


def test_where_three_is_left_out_the_night_begins_with_the_jump() -> None:
    assert beginning(ATHENS, date(2026, 3, 29)) == datetime(2026, 3, 29, 1, tzinfo=UTC)  # 03:00 became 04:00


def test_where_three_comes_twice_the_first_one_counts() -> None:
    assert beginning(ATHENS, date(2026, 10, 25)) == datetime(2026, 10, 25, 0, tzinfo=UTC)  # 04:00 became 03:00


def test_a_date_that_a_country_left_out_has_no_night() -> None:
    assert beginning(APIA, date(2011, 12, 30)) is None
    assert beginning(APIA, date(2011, 12, 31)) is not None


def test_a_night_is_found_up_to_twelve_hours_later_and_no_longer() -> None:
    begins_at = datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert night_around(BERLIN, begins_at - HOUR) is None
    for at in (begins_at - HOUR + timedelta(seconds=1), begins_at, begins_at + timedelta(hours=12)):
        assert night_around(BERLIN, at) is not None
    assert night_around(BERLIN, begins_at + timedelta(hours=12, seconds=1)) is None


@pytest.mark.parametrize("name", ["Mars/Base", "", "America", "../etc/passwd", "/etc/localtime", "a\0b", "x" * 5000])
def test_what_is_no_zone_is_none(name: str) -> None:
    assert zone_named(name) is None


def test_places_are_even_over_the_night_and_another_order_each_night() -> None:
    users = [UUID(int=n) for n in range(1000)]
    monday, tuesday = ({user: place_in(user, date(2026, 11, day)) for user in users} for day in (23, 24))
    assert monday == {user: place_in(user, date(2026, 11, 23)) for user in users}
    assert all(timedelta(0) <= place < LASTS for place in monday.values())
    in_tenths = [sum(place // (LASTS / 10) == tenth for place in monday.values()) for tenth in range(10)]
    assert all(60 < users_there < 140 for users_there in in_tenths)
    first = set(sorted(users, key=monday.__getitem__)[:100])
    assert len(first & set(sorted(users, key=tuesday.__getitem__)[:100])) < 30
