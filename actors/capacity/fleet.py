"""The fleet whose week is simulated: how many people, what they have, and what they do."""

from dataclasses import dataclass, replace
from math import ceil

MOST_USERS = 100_000  # more takes minutes to simulate, and no budget carries them


@dataclass(frozen=True, slots=True)
class Fleet:
    """So many people, and one of them. Shares are of 1; ``docs/capacity.md`` says where each number comes from.

    ``overlap`` is the share of all records and wants whose release somebody else has too, so that it is asked about
    once; ``looks`` are releases looked at in a visit. ``joining`` and ``shops`` (watched ones, of ``offers`` each) are
    for each hundred people, ``joining`` a day. Amounts are ``dear`` from 100 dollars, ``moving`` when they changed by
    a tenth, ``steady`` by less than a hundredth.
    """

    users: int = 1_000
    records: int = 500
    wants: int = 100
    alerts: int = 5
    overlap: float = 0.3
    nightly: float = 1.0
    zones: int = 1
    joining: float = 1.0
    visits: float = 0.3
    looks: int = 3
    edits: float = 0.2
    shops: float = 10.0
    offers: int = 1_000
    dear: float = 0.05
    moving: float = 0.1
    steady: float = 0.0

    def of(self, users: int) -> "Fleet":
        """Return so many people of the same kind."""
        return replace(self, users=users)

    @property
    def releases(self) -> int:
        """Different releases that are asked about; an alert is mostly about something wanted."""
        return self._different(self.users * (self.records + max(self.wants, self.alerts)))

    @property
    def alerted(self) -> int:
        """Different releases with an alert."""
        return self._different(self.users * self.alerts)

    @property
    def watched_shops(self) -> int:
        return round(self.users * self.shops / 100)

    @property
    def joining_a_day(self) -> float:
        return self.users * self.joining / 100

    def _different(self, number: int) -> int:
        return ceil(number * (1 - self.overlap))
