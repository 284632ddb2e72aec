"""The plan of prices in words: how fresh they can be with what the budget leaves over, and what is asked for next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from actors.catalog import REFRESH_PRICES
from actors.wording import count
from db import Connection, price_plan
from db.price_plan import Following, Total
from services.market import price_accounts
from services.market.pricing import USUAL
from services.wording import lasting
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings

MINUTES_A_DAY = 24 * 60
NO_ACCOUNT = (
    "No account here gets price suggestions. Fill in the seller settings of a connected account at discogs.com, or set "
    "DISCOGS_PERSONAL_TOKEN to the token of an account that has them."
)
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
    def possible_a_day(self) -> float:
        return self.per_minute * MINUTES_A_DAY


def plan(conn: Connection, limits: LimiterSettings, *, has_operator: bool, room: int) -> Plan:
    """Return what is due, the capacity left for it, and what comes next."""
    spent = price_plan.spent_otherwise(conn, REFRESH_PRICES.name)
    may_suggest = price_accounts.may_suggest(conn, has_operator=has_operator)
    sides = [price_plan.following(conn, "stats", room=room)]
    if may_suggest:
        sides.append(price_plan.following(conn, "suggestions", room=room))
    merged = sorted((one for side in sides for one in side), key=_order)
    return Plan(price_plan.totals(conn, usual=USUAL), left_over(spent, limits), may_suggest, merged[:room])


def left_over(spent: int, limits: LimiterSettings) -> float:
    """Return the requests a minute that prices had or could have had, when this many of a day went elsewhere.

    Never less than the share that the background lane has by right.
    """
    possible = limits.limit * 60 / limits.window_seconds
    return max(possible - spent / MINUTES_A_DAY, possible * limits.shares[Lane.BACKGROUND])


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
            f"left over. Each comes {wanted / possible:.1f} times as late."
        )
    due = sum(total.due for total in found.asked)
    if due:
        oldest = min(total.oldest_due_at for total in found.asked)
        said.append(_due(due, (now - oldest).total_seconds()))
    if not found.may_suggest:
        said.append(NO_ACCOUNT)
    return said


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
