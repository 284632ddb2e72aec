"""The planner shares capacity between alert checks and other prices, and the checks keep its promise."""

from collections import deque
from datetime import timedelta
from decimal import Decimal

import pytest

from services.market import planner
from services.market.pricing import ALERTED, ALERTED_SOONEST, USUAL, alerted_every

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("alerts", "prices", "expected"),
    [
        (2.0, 3.0, planner.Plan(2.0, 3.0, 1.0, 1.0)),
        (8.0, 100.0, planner.Plan(5.0, 5.0, 1.6, 20.0)),
        (2.0, 100.0, planner.Plan(2.0, 8.0, 1.0, 12.5)),
        (8.0, 1.0, planner.Plan(8.0, 1.0, 1.0, 1.0)),
        (20.0, 1.0, planner.Plan(9.0, 1.0, 20 / 9, 1.0)),
        (0.0, 100.0, planner.Plan(0.0, 10.0, 1.0, 10.0)),
        (20.0, 0.0, planner.Plan(10.0, 0.0, 2.0, 1.0)),
        (0.0, 0.0, planner.Plan(0.0, 0.0, 1.0, 1.0)),
    ],
)
def test_alerts_get_half_and_each_what_the_other_leaves(alerts, prices, expected):
    shared = planner.share(10.0, alerts=alerts, prices=prices)
    assert (shared.alerts, shared.prices) == pytest.approx((expected.alerts, expected.prices))
    assert shared.alerts_stretch == pytest.approx(expected.alerts_stretch)
    assert shared.prices_stretch == pytest.approx(expected.prices_stretch)


@pytest.mark.parametrize(
    ("above", "every"),
    [
        ("0.01", ALERTED_SOONEST),
        ("0.2", ALERTED_SOONEST),
        ("0.21", ALERTED),
        ("3", ALERTED),
        (None, ALERTED),
        ("0", ALERTED),
    ],
)
def test_alerts_within_20_percent_are_checked_every_6_hours(above, every):
    assert alerted_every(None if above is None else Decimal(above)) == every
    assert (timedelta(hours=6), timedelta(hours=24)) == (ALERTED_SOONEST, ALERTED)


class Job:
    """A job that requests the price with the longest wait beside its interval; ages of checks are kept by interval."""

    def __init__(self, sizes: dict[timedelta, int]) -> None:
        # All are due at the start, checked one interval ago: the worst moment, with every due time the same.
        self.lines = {every: deque([-every / MINUTE] * size) for every, size in sizes.items()}
        self.ages: dict[timedelta, list[float]] = {every: [] for every in sizes}

    def request(self, now: float, *, measured: bool) -> bool:
        """Send one request if a price is due; times are minutes."""
        every = max(self.lines, key=lambda one: (now - self.lines[one][0]) / (one / MINUTE))
        checked_at = self.lines[every][0]
        if now - checked_at < every / MINUTE:
            return False
        self.lines[every].popleft()
        self.lines[every].append(now)
        if measured:
            self.ages[every].append(now - checked_at)
        return True


@pytest.mark.parametrize("capacity", [5.5, 11.0, 14.0])
def test_5000_alerts_beside_100000_prices_keep_the_plan(capacity):
    near, far = ALERTED_SOONEST, ALERTED
    alerts, prices = Job({near: 1_000, far: 4_000}), Job({USUAL: 100_000})
    demand = 1_000 / (near / MINUTE) + 4_000 / (far / MINUTE)
    shared = planner.share(capacity, alerts=demand, prices=100_000 / (USUAL / MINUTE))
    now, turns, days = 0.0, [alerts, prices], 14
    while now < days * 24 * 60:
        is_measured = now > days * 12 * 60
        first, second = turns
        if first.request(now, measured=is_measured) or second.request(now, measured=is_measured):
            turns = [second, first]
        now += 1 / capacity
    for every in (near, far):
        ages = sorted(alerts.ages[every])
        p95 = ages[int(0.95 * len(ages))]
        assert p95 <= 1.1 * shared.alerts_stretch * (every / MINUTE)
