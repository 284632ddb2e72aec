"""The plan of prices in words: how fresh they can be with what the budget leaves over, and what is asked for next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from actors.wording import count
from db import Connection, price_plan
from db.price_plan import Following, Total
from services.market import capacity, planner, price_accounts
from services.market.capacity import MINUTES_A_DAY
from services.market.pricing import USUAL
from services.market.value_gaps import SELLER_SETTINGS
from services.wording import lasting
from workers.limiter.settings import LimiterSettings

NAMES = {"suggestions": "suggestions", "stats": "floor"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How prices stand. ``per_minute`` are the requests that the last 24 hours left over for them.

    ``may_suggest`` is False while no account gets suggestions: then floors alone are asked for.
    """

    totals: Sequence[Total]
    per_minute: float
    may_suggest: bool
    following: Sequence[Following]
    alerts_a_day: float = 0.0  # requests that check all alerts at their planned intervals

    @property
    def asked(self) -> Sequence[Total]:
        return [total for total in self.totals if self.may_suggest or total.what == "stats"]

    @property
    def hours(self) -> float:
        """How long a round of everything takes."""
        return sum(total.releases for total in self.asked) / self.per_minute / 60

    @property
    def wanted_a_day(self) -> float:
        return sum(total.wanted_a_day for total in self.asked)

    @property
    def shared(self) -> planner.Plan:
        """The capacity, shared between alert checks and all other prices."""
        others = max(0.0, self.wanted_a_day - self.alerts_a_day)
        return planner.share(self.per_minute, alerts=self.alerts_a_day / MINUTES_A_DAY, prices=others / MINUTES_A_DAY)

    @property
    def possible_a_day(self) -> float:
        return self.per_minute * MINUTES_A_DAY


def plan(conn: Connection, limits: LimiterSettings, *, has_operator: bool, room: int) -> Plan:
    """Return what is due, the capacity left for it, and what comes next."""
    may_suggest = price_accounts.may_suggest(conn, has_operator=has_operator)
    sides = [price_plan.following(conn, "stats", room=room)]
    if may_suggest:
        sides.append(price_plan.following(conn, "suggestions", room=room))
    merged = sorted((one for side in sides for one in side), key=_order)
    return Plan(
        price_plan.totals(conn, usual=USUAL),
        capacity.per_minute(conn, limits),
        may_suggest,
        merged[:room],
        price_plan.alert_demand(conn),
    )


def sentences(found: Plan, now: datetime) -> list[str]:
    """Say how fresh prices can be, and whether that is as fresh as they should be."""
    if not found.totals:
        return ["No release is known yet: the first import brings some."]
    releases = max(total.releases for total in found.totals)
    sides = " and ".join(NAMES[total.what] for total in reversed(found.asked))
    said = [
        f"{count(releases, 'release')}, {sides}, at {_number(found.per_minute)} requests a minute: {_round(found)}."
    ]
    wanted, possible = found.wanted_a_day, found.possible_a_day
    if wanted <= possible:
        said.append(f"That is enough: {wanted:,.0f} requests a day keep all as fresh as they should be.")
    else:
        said.append(
            f"Too little: {wanted:,.0f} requests a day would keep all as fresh as they should be, {possible:,.0f} are "
            f"left over. Each comes {found.shared.prices_stretch:.1f} times as late."
        )
    if found.alerts_a_day:
        said.append(_alerts(found.shared))
    due = sum(total.due for total in found.asked)
    if due:
        oldest = min(total.oldest_due_at for total in found.asked)
        said.append(_due(due, (now - oldest).total_seconds()))
    if not found.may_suggest:
        said.append(SELLER_SETTINGS)
    return said


def _alerts(shared: planner.Plan) -> str:
    """Say how often alerts are checked."""
    pace = f"Alert checks get {_number(shared.alerts)} requests a minute"
    if shared.alerts_stretch == 1:
        return f"{pace}: every 6 h within 20 % of the target, else every 24 h."
    near, far = 6 * shared.alerts_stretch, 24 * shared.alerts_stretch
    return f"{pace}, too few: about every {near:.0f} h within 20 % of the target, else every {far:.0f} h."


def _due(due: int, seconds: float) -> str:
    """Say how many wait for their turn, and for how long the one does that comes next."""
    waits = "less than a minute" if seconds < 60 else lasting(seconds)
    return f"1 price is due, for {waits}." if due == 1 else f"{due:,} prices are due, the longest for {waits}."


def _round(found: Plan) -> str:
    hours = found.hours
    if hours < 1:
        return "every hour"
    return f"every {hours:,.0f} h" if hours < 100 else f"every {hours / 24:,.0f} days"


def _number(per_minute: float) -> str:
    return f"{per_minute:.0f}" if per_minute >= 10 else f"{per_minute:.1f}"


def _order(one: Following) -> tuple[float, datetime, int, str]:
    """Return what sorts prices as they are asked for: those that are due by their wait, others by their time."""
    price = one.price
    return min(0.0, (price.due_at - price.seen_at) / price.every), price.due_at, price.release_id, price.what
