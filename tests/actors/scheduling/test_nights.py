"""A user's night comes exactly once a date of their own zone, whatever clocks, zones and schedulers do."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.scheduling.nights import (
    LASTS,
    LATE,
    LOOKS_EVERY,
    MADE_UP_WITHIN,
    Night,
    beginning,
    is_due,
    night_around,
    place_in,
    run_at,
    zone_named,
)

ZONES = sorted(name for name in available_timezones() if name not in {"Factory", "localtime"})
HOUR = timedelta(hours=1)
ATHENS, BERLIN, APIA = (ZoneInfo(name) for name in ("Europe/Athens", "Europe/Berlin", "Pacific/Apia"))
ADA = UUID(int=1)
APART = st.lists(st.sampled_from([LOOKS_EVERY, HOUR, 5 * HOUR, LATE]), min_size=1, max_size=60)


@cache
def changes(zone: ZoneInfo) -> list[datetime]:
    """Days of 2005 to 2030 within three of which the clocks of a zone went differently."""
    days = [datetime(2005, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(0, 25 * 365, 3)]
    return [day for day, following in pairwise(days) if day.astimezone(zone).utcoffset() != _offset(following, zone)]


def _offset(when: datetime, zone: ZoneInfo) -> timedelta | None:
    return when.astimezone(zone).utcoffset()


@dataclass(frozen=True)
class Looks:
    """Nine days of looks at a zone. Hypothesis prints an example whole: hundreds of times would be too much."""

    zone: ZoneInfo
    starts_at: datetime
    apart: tuple[timedelta, ...]

    @property
    def times(self) -> list[datetime]:
        at, times = self.starts_at, []
        while at < self.starts_at + timedelta(days=9):
            times.append(at)
            at += self.apart[len(times) % len(self.apart)]
        return times


@st.composite
def looks(draw: st.DrawFn) -> Looks:
    """Draw looks around a change of the zone's clocks if it has one; never more than 12 hours apart."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    some_day = datetime(2026, 6, 1, tzinfo=UTC)
    around = draw(st.sampled_from(changes(zone) or [some_day]))
    starts_at = around - timedelta(days=3, seconds=draw(st.integers(0, 86_399)))
    return Looks(zone, starts_at, tuple(draw(APART)))


def had(user: UUID, zone: ZoneInfo, times: list[datetime]) -> list[tuple[Night, datetime]]:
    """The nights that a user has by these looks, as the ledger keeps them, and the look's time."""
    found: list[tuple[Night, datetime]] = []
    for at in times:
        night = night_around(zone, at)
        is_open = night is not None and (not found or found[-1][0].date < night.date)
        if night is not None and is_open and is_due(user, night, at):
            found.append((night, at))
    return found


@settings(max_examples=300)
@given(looks(), st.uuids())
def test_a_user_has_each_date_of_their_zone_exactly_once(given_looks: Looks, user: UUID) -> None:
    zone, times = given_looks.zone, given_looks.times
    nights = [night.date for night, _ in had(user, zone, times)]
    day, there_are = times[0].astimezone(zone).date(), []
    while day <= times[-1].astimezone(zone).date():
        begins_at = beginning(zone, day)
        if begins_at is not None and times[0] + LOOKS_EVERY <= begins_at <= times[-1] - LATE:
            there_are.append(day)
        day += timedelta(days=1)
    assert len(set(nights)) == len(nights)
    assert set(there_are) <= set(nights)
    assert len(there_are) >= 5


@settings(max_examples=300)
@given(looks(), st.uuids())
@example(Looks(ZoneInfo("Europe/Simferopol"), datetime(2014, 3, 27, tzinfo=UTC), (HOUR,)), ADA)  # jumped by two hours
def test_night_begins_at_three_or_at_a_clock_jump(given_looks: Looks, user: UUID) -> None:
    zone, times = given_looks.zone, given_looks.times
    for night, at in had(user, zone, times):
        local = night.begins_at.astimezone(zone)
        before = (night.begins_at - 3 * HOUR).astimezone(zone)  # no clock jumped by more
        assert local.date() == night.date
        # Casey jumped by three hours in October 2009.
        assert local.hour == 3 or (local.hour in {4, 5, 6} and before.utcoffset() != local.utcoffset())
        runs_at = run_at(user, night, at)
        assert at <= runs_at < at + MADE_UP_WITHIN
        is_within = night.begins_at <= runs_at < night.begins_at + LASTS
        assert is_within or at - night.begins_at < LATE + LASTS


def test_where_three_is_left_out_the_night_begins_with_the_jump() -> None:
    assert beginning(ATHENS, date(2026, 3, 29)) == datetime(2026, 3, 29, 1, tzinfo=UTC)  # 03:00 became 04:00


def test_where_three_comes_twice_the_first_one_counts() -> None:
    assert beginning(ATHENS, date(2026, 10, 25)) == datetime(2026, 10, 25, 0, tzinfo=UTC)  # 04:00 became 03:00


def test_a_date_that_a_country_left_out_has_no_night() -> None:
    assert beginning(APIA, date(2011, 12, 30)) is None
    assert beginning(APIA, date(2011, 12, 31)) is not None


def test_a_user_is_found_up_to_twelve_hours_after_the_moment_and_no_longer() -> None:
    night = Night(date(2026, 11, 23), datetime(2026, 11, 23, 2, tzinfo=UTC))
    moment = run_at(ADA, night, night.begins_at)
    assert night.begins_at < moment < night.begins_at + LASTS
    for at in (moment - LOOKS_EVERY + timedelta(seconds=1), moment, moment + LATE):
        assert night_around(BERLIN, at) == night
        assert is_due(ADA, night, at)
    for at in (moment - LOOKS_EVERY, moment + LATE + timedelta(seconds=1)):
        assert not is_due(ADA, night, at)


def test_a_moment_that_comes_is_kept_and_one_that_was_missed_comes_within_the_hour() -> None:
    night = Night(date(2026, 11, 23), datetime(2026, 11, 23, 2, tzinfo=UTC))
    late = night.begins_at + 9 * HOUR
    assert run_at(ADA, night, night.begins_at) == run_at(ADA, night, night.begins_at - HOUR)
    assert {late <= run_at(UUID(int=n), night, late) < late + MADE_UP_WITHIN for n in range(100)} == {True}
    assert len({run_at(UUID(int=n), night, late) for n in range(100)}) == 100


@pytest.mark.parametrize("name", ["Mars/Base", "", "America", "../etc/passwd", "/etc/localtime", "a\0b", "x" * 5000])
def test_what_is_no_zone_is_none(name: str) -> None:
    assert zone_named(name) is None


def test_places_are_even_over_the_night_and_another_order_each_night() -> None:
    users = [UUID(int=n) for n in range(1000)]
    monday, tuesday = ({user: place_in(user, date(2026, 11, day)) for user in users} for day in (23, 24))
    assert monday == {user: place_in(user, date(2026, 11, 23)) for user in users}
    assert all(0 <= place < 1 for place in monday.values())
    in_tenths = [sum(int(place * 10) == tenth for place in monday.values()) for tenth in range(10)]
    assert all(60 < users_there < 140 for users_there in in_tenths)
    first = set(sorted(users, key=monday.__getitem__)[:100])
    assert len(first & set(sorted(users, key=tuesday.__getitem__)[:100])) < 30
