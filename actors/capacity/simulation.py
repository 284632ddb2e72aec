"""A fleet's week, minute by minute: requests are granted to lanes as the limiter shares them, and what waits, waits."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain

from actors.capacity.classes import PriceClass, classes
from actors.capacity.fleet import Fleet
from actors.capacity.people import DAY, SIDES, Crowd, Spent, Turn, cost_a_day
from actors.capacity.prices import Queue
from actors.capacity.sharing import Sharing
from actors.market.shopping import CEILING, DAILY, PER_PAGE, WEEKLY
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings

SETTLING, MEASURED = 2, 7  # days: the first ones are left out
ANSWER_SECONDS = 0.6  # Discogs' median; a request counts until a window after its answer

Track = Callable[[int, int], None]  # how many days are simulated, of how many


@dataclass(slots=True)
class Week:
    """What happened in the measured days, counted by minutes and by requests.

    ``late`` are prices by class and by how late they came, ``waiting`` by how long they had waited at the end.
    ``night_ends`` are counted from the beginning of each user's night, ``first_lasts`` from its asking; ``dropped``
    are syncs whose user's last one was still under way. ``at_screens`` are minutes by how many requests people waited
    for in them.
    """

    per_minute: float
    classes: list[PriceClass]
    late: list[Counter[int]]
    waiting: list[Counter[int]]
    spent: Counter[Spent] = field(default_factory=Counter)
    at_screens: Counter[int] = field(default_factory=Counter)
    night_ends: Counter[int] = field(default_factory=Counter)
    first_lasts: Counter[int] = field(default_factory=Counter)
    dropped: int = 0


def simulate(fleet: Fleet, limits: LimiterSettings, *, seed: int = 1, track: Track = lambda *_: None) -> Week:
    """Let days pass, and return what the last seven brought."""
    run = _Run(fleet, limits, seed)
    days = SETTLING + MEASURED
    for day in range(days):
        track(day, days)
        run.let_pass(day)
    for counted, due in zip(run.week.waiting, run.prices.due, strict=True):
        for since, number in due:
            counted[days * DAY - since] += number
    return run.week


def requests_a_minute(limits: LimiterSettings) -> float:
    """Return how many requests go out in a minute while somebody waits."""
    return limits.limit * 60 / (limits.window_seconds + ANSWER_SECONDS)


def pages_a_day(fleet: Fleet) -> float:
    """Return what watched shops cost: a page every day, and once a week all pages."""
    pages = -(-min(fleet.offers, CEILING) // PER_PAGE)
    return fleet.watched_shops * (1 + (pages - 1) / (WEEKLY / DAILY))


class _Run:
    """All that changes while days pass."""

    def __init__(self, fleet: Fleet, limits: LimiterSettings, seed: int) -> None:
        self.fleet = fleet
        self.crowd = Crowd(fleet, seed)
        self.sharing = Sharing(limits.shares)
        found, per_minute = classes(fleet), requests_a_minute(limits)
        others = (sum(cost_a_day(fleet).values()) + pages_a_day(fleet)) / DAY
        left_over = max(per_minute - others, per_minute * limits.shares[Lane.BACKGROUND])
        self.prices = Queue.settled(found, left_over, SETTLING * DAY, (SETTLING + MEASURED) * DAY)
        self.week = Week(per_minute, found, self.prices.late, [Counter() for _ in found])
        self.asked: defaultdict[int, list[Turn]] = defaultdict(list)
        self.line: deque[Turn] = deque()  # who has work in the lane of imports, in turns
        self.in_line = 0  # requests
        self.asleep: set[int] = set()  # whose sync of a night is under way
        self.screens, self.pages, self.tokens = 0, 0.0, 0.0
        self.pages_a_minute = pages_a_day(fleet) / DAY

    def let_pass(self, day: int) -> None:
        """Let a date pass."""
        crowd = self.crowd
        for turn in chain(crowd.nights(day), crowd.first_imports(day), crowd.visits(day), crowd.edits(day)):
            self.asked[turn.moment].append(turn)
        for now in range(day * DAY, (day + 1) * DAY):
            self._minute(now)

    def _minute(self, now: int) -> None:
        for turn in self.asked.pop(now, ()):
            self._line_up(turn)
        self.tokens = self.tokens % 1 + self.week.per_minute  # what nobody took is no token later
        self.pages += self.pages_a_minute
        pages, prices = int(self.pages), self.prices.wanted(now)
        wanted = {Lane.INTERACTIVE: self.screens, Lane.IMPORT: self.in_line, Lane.BACKGROUND: pages + prices}
        given = self.sharing.out(int(self.tokens), wanted)
        read = min(pages, max(given[Lane.BACKGROUND] // 2, given[Lane.BACKGROUND] - prices))
        asked = given[Lane.BACKGROUND] - read
        is_measured = now >= self.prices.measured_from
        if is_measured:
            self.week.at_screens[self.screens] += 1
            self.week.spent[Spent.SCREENS] += given[Lane.INTERACTIVE]
            self.week.spent[Spent.SHOPS] += read
            self.week.spent[Spent.PRICES] += asked
        self.screens -= given[Lane.INTERACTIVE]
        self.pages -= read
        self.prices.serve(now, asked)
        self._take_turns(now, given[Lane.IMPORT], is_measured=is_measured)

    def _line_up(self, turn: Turn) -> None:
        if turn.user is not None:
            if turn.user in self.asleep:
                self.week.dropped += turn.moment >= self.prices.measured_from
                return
            self.asleep.add(turn.user)
        if turn.what is Spent.VISITS:
            self.screens += self.fleet.looks * SIDES
        self.line.append(turn)
        self.in_line += turn.left

    def _take_turns(self, now: int, requests: int, *, is_measured: bool) -> None:
        """Serve a request of each in turn, as the limiter does with the users of a lane."""
        self.in_line -= requests
        for _ in range(requests):
            turn = self.line.popleft()
            turn.left -= 1
            if is_measured:
                self.week.spent[turn.what] += 1
            if turn.left:
                self.line.append(turn)
            else:
                self._end(turn, now)

    def _end(self, turn: Turn, now: int) -> None:
        if turn.user is not None:
            self.asleep.discard(turn.user)
        if turn.moment < self.prices.measured_from:
            return
        if turn.what is Spent.NIGHTS:
            self.week.night_ends[now - turn.night_began] += 1
        elif turn.what is Spent.FIRST_IMPORTS:
            self.week.first_lasts[now + 1 - turn.moment] += 1
