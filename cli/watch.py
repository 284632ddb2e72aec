"""The live display of jobs: records, pages, rate, tokens, ETA, what it waits for; plain lines without a terminal."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from actors.operating.progress import JobView
from actors.operating.units import unit_of
from actors.wording import count
from cli import screen, words
from cli.layout import COLOURS, pages, state
from db.errors import MayBeRetried
from db.jobs import State

LOOK_SECONDS = 0.5
GIVE_UP_SECONDS = 600.0  # without the database: longer than a restart or a failover takes
LINE_SECONDS = 5.0  # without a terminal: a line this often at most, and one whenever a job changes its state
BAR_WIDTH = 20


@dataclass(frozen=True, slots=True)
class Tokens:
    """The budget of the fleet in the last window; ``foreign`` is what other programs on our address spent."""

    spent: int
    free: int
    limit: int
    foreign: int
    window_seconds: float


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at some jobs, and at the rate limit if Redis answers.

    ``trouble`` says why this is an earlier look: the database cannot be asked at present.
    """

    at: datetime
    views: tuple[JobView, ...]
    tokens: Tokens | None = None
    trouble: str | None = None

    @property
    def began(self) -> datetime:
        """When the first of the jobs was asked for: what they cost until now counts from there, not from our coming."""
        return min((self.at, *(view.job.created_at for view in self.views)))

    @property
    def is_over(self) -> bool:
        return not any(view.job.state.is_live for view in self.views)

    @property
    def is_completed(self) -> bool:
        return all(view.job.state is State.COMPLETED for view in self.views)


class Persistent:
    """Looks again while the database is away, and shows the last look meanwhile."""

    def __init__(self, look: Callable[[], Sight], *, give_up_seconds: float = GIVE_UP_SECONDS) -> None:
        self._look = look
        self._give_up_seconds = give_up_seconds
        self._last: Sight | None = None
        self._away: tuple[float, datetime] | None = None

    def __call__(self) -> Sight:
        """Return a look. Raises MayBeRetried: the database has been away for too long."""
        while True:
            try:
                self._last = self._look()
            except MayBeRetried:
                self._away = self._away or (time.monotonic(), datetime.now(UTC))
                if time.monotonic() - self._away[0] > self._give_up_seconds:
                    raise
                if self._last is not None:
                    since = words.clock(self._away[1])
                    trouble = f"The database has not answered since {since}. The job goes on; trying again."
                    return replace(self._last, trouble=trouble)
                time.sleep(LOOK_SECONDS)
            else:
                self._away = None
                return self._last


def watch(look: Callable[[], Sight]) -> Sight:
    """Show the jobs until all are over, and return the last look. Ctrl-C ends the display, not the jobs.

    Raises MayBeRetried: the database has been away for GIVE_UP_SECONDS.
    """
    look = Persistent(look)
    first = look()
    last = _show_live(look, first) if screen.out().is_terminal else _show_lines(look, first)
    for view in last.views:
        if view.job.state is not State.COMPLETED:
            screen.out().print(Text(f"{_name(view)}: {view.sentence}", style=COLOURS[view.job.state]))
    return last


def _sights(look: Callable[[], Sight]) -> Iterator[Sight]:
    while True:
        sight = look()
        yield sight
        if sight.is_over:
            return
        time.sleep(LOOK_SECONDS)


def _show_live(look: Callable[[], Sight], first: Sight) -> Sight:
    last = first
    with Live(picture(first, first.began), console=screen.out(), auto_refresh=False) as live:
        for last in _sights(look):
            live.update(picture(last, first.began), refresh=True)
    return last


def _show_lines(look: Callable[[], Sight], first: Sight) -> Sight:
    last, told_at, told = first, 0.0, None
    for last in _sights(look):
        states = [view.job.state for view in last.views]
        if told != states or time.monotonic() - told_at >= LINE_SECONDS:
            told, told_at = states, time.monotonic()
            screen.plain(line(last, first.began))
    return last


def picture(sight: Sight, began: datetime) -> RenderableType:
    """Draw one sight in at most 80 columns: a bar a job, then what is spent, when it ends, what it waits for."""
    bars = Table.grid(padding=(0, 2, 0, 0))
    bars.add_column(no_wrap=True)
    bars.add_column(width=BAR_WIDTH)
    bars.add_column(no_wrap=True, justify="right")
    bars.add_column(no_wrap=True)
    bars.add_column(no_wrap=True)
    for view in sight.views:
        bars.add_row(
            Text(_name(view)),
            ProgressBar(total=max(view.job.total_records or 0, 1), completed=_completed(view), width=BAR_WIDTH),
            Text(_records(view)),
            Text(_page(view)),
            state(view),
        )
    below = [Text(_cost(sight, began), style="dim")]
    if sight.tokens:
        below.append(Text(_tokens(sight.tokens), style="dim"))
    return Group(bars, *below, Text(sight.trouble or _waits_for(sight.views)))


def line(sight: Sight, began: datetime) -> str:
    """Say one sight in a line, for logs and pipes."""
    views = "; ".join(
        ", ".join(filter(None, (f"{_name(view)} {_records(view)}", _page(view), state(view).plain)))
        for view in sight.views
    )
    tokens = [_tokens(sight.tokens)] if sight.tokens else []
    parts = [views, _cost(sight, began), *tokens, sight.trouble or _waits_for(sight.views)]
    return f"{words.clock(sight.at)}  " + " | ".join(part for part in parts if part)


def _cost(sight: Sight, began: datetime) -> str:
    """Say what it cost so far, how fast records come, and when it ends."""
    requests = count(sum(view.job.requests for view in sight.views), "request")
    spent = f"{requests} in {words.duration((sight.at - began).total_seconds())}"
    if sight.is_over:
        return spent
    paces = [view.records_per_second for view in sight.views if view.job.state.is_live and view.records_per_second]
    units = {unit_of(view.job.kind) for view in sight.views if view.job.state.is_live and view.records_per_second}
    unit = next(iter(units)) if len(units) == 1 else "item"
    pace = f" · {sum(paces) * 60:,.0f} {unit}s/min" if paces else ""
    return f"{spent}{pace} · {_left(sight)}"


def _tokens(tokens: Tokens) -> str:
    others = f", {tokens.foreign} by other programs" if tokens.foreign else ""
    window = f"{tokens.window_seconds:g} s"
    return f"tokens of the last {window}: {tokens.spent} spent{others}, {tokens.free} free of {tokens.limit}"


def _left(sight: Sight) -> str:
    """Add up what each job has left: jobs of one account take turns, so their times follow each other."""
    if sight.trouble is not None:
        return "no estimate"
    ends = [view.seconds_left for view in sight.views if view.job.state.is_live]
    known = [max(0.0, seconds) for seconds in ends if seconds is not None]
    return f"about {words.duration(sum(known))} left" if len(known) == len(ends) else "no estimate yet"


def _waits_for(views: Sequence[JobView]) -> str:
    live = [view for view in views if view.job.state.is_live]
    if not live:
        return ""
    if any(view.waits_for is None for view in live):
        return "A step is under way."
    return next((view.waits_for for view in live if view.waits_for), "")


def _name(view: JobView) -> str:
    return view.job.kind.removeprefix("import_").replace("_", " ")


def _records(view: JobView) -> str:
    total = view.job.total_records
    unit = unit_of(view.job.kind)
    return f"{view.job.processed_records:,} of {'?' if total is None else f'{total:,}'} {unit}s"


def _page(view: JobView) -> str:
    return f"page {told}" if (told := pages(view)) else ""


def _completed(view: JobView) -> float:
    return 1 if view.job.state is State.COMPLETED and not view.job.total_records else view.job.processed_records
