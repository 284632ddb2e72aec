"""`rekkrd limiter`: the budget of the fleet as it is spent, and the brake on it."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from actors.operating import budget
from actors.wording import count
from api.models.limiter import LimiterOut
from cli import here, operator, screen, times, words
from cli.errors import CommandFailed
from db import gates as stored
from db import users
from db.errors import MayBeRetried
from db.gates import Hold
from services.operations import circuit_breaker
from services.operations.circuit_breaker import ProbeRefused
from services.wording import ended
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.lanes import Lane
from workers.limiter.settings import LimiterSettings
from workers.limiter.snapshot import Snapshot
from workers.resources import Resources

app = typer.Typer(help="See the budget being spent; pause the fleet, or leave it a share.", invoke_without_command=True)

LOOK_SECONDS = 0.5
BAR_WIDTH = 40
USERS_SHOWN = 5

Until = Annotated[
    str,
    typer.Option("--until", "--for", metavar="WHEN", help="When it ends by itself: 18:00, 2026-12-01T06:30, 30m, 2h."),
]
Reason = Annotated[
    str, typer.Option("--reason", metavar="WHY", help="A few words for everybody whose job waits meanwhile.")
]


class BadShare(CommandFailed):
    """What was typed is no share of a budget."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at the budget, with what the ledger knows of it."""

    shown: Snapshot
    settings: LimiterSettings
    brake: Hold | None
    handles: dict[str, str]


@app.callback()
def limiter(
    context: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Show it once instead of live.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one look as JSON for programs.")] = False,
) -> None:
    """Show the budget live: spent and free, who waits, when the next token comes, and what holds the fleet back.

    Ctrl-C ends the display. Without a terminal it is shown once.
    """
    if context.invoked_subcommand:
        return
    with here.opened() as resources:
        if as_json:
            screen.plain(for_programs(look(resources)))
        elif once or not screen.out().is_terminal:
            screen.out().print(picture(look(resources)))
        else:
            _show_live(resources)


@app.command()
def pause(until: Until, reason: Reason) -> None:
    """Let nobody send to Discogs until a time: no worker, no person at a screen, no other program."""
    _brake(0.0, until, reason)


@app.command()
def share(
    part: Annotated[str, typer.Argument(metavar="SHARE", help="What is left of the budget: 50%, or 0.5.")],
    until: Until,
    reason: Reason,
) -> None:
    """Leave the fleet a share of its budget until a time. Lanes and turns stay as they are, only slower."""
    _brake(_share(part), until, reason)


@app.command()
def resume() -> None:
    """End an operator's pause or share before its time. `rekkrd limiter probe` tests an open circuit breaker."""
    with here.opened() as resources:
        was_pulled = budget.release_brake(resources, by=operator.name())
        screen.say("The pause is over." if was_pulled else "No operator had paused requests.")
        try:
            shown = resources.limiter.snapshot()
        except LimiterUnavailable as error:
            screen.tell(f"{error} Nobody sends until it is back.")
            return
        if shown.gate is not None:
            screen.tell(budget.sentence(shown, resources.settings.limiter, screen.zone()))


@app.command()
def probe() -> None:
    """Send one request while the circuit breaker is open, and close the breaker if Discogs answers."""
    with here.opened() as resources:
        try:
            found = circuit_breaker.probe(resources, by=operator.name())
        except ProbeRefused as refused:
            raise CommandFailed(str(refused), refused.next_step) from None
    screen.tell(found.message)
    if found.result != "closed":
        raise typer.Exit(1)


def look(resources: Resources) -> Sight:
    """Look at the budget. Raises LimiterUnavailable, DatabaseError."""
    shown = resources.limiter.snapshot()
    ids = sorted({UUID(one.user) for one in shown.waiting if _is_id(one.user)})
    with resources.pool.transaction() as conn:
        brake = stored.braked(conn, resources.limiter.budget)
        handles = {str(user.id): user.handle for user in users.find_many(conn, ids)} if ids else {}
    return Sight(shown, resources.settings.limiter, brake, handles)


def picture(sight: Sight) -> RenderableType:
    """Draw one look in at most 80 columns: the window, the lanes, who waits, and what holds the fleet back."""
    shown = sight.shown
    window = Table.grid(padding=(0, 2, 0, 0))
    window.add_column(width=BAR_WIDTH)
    window.add_column(no_wrap=True)
    window.add_row(ProgressBar(total=max(1, shown.limit), completed=shown.spent, width=BAR_WIDTH), Text(_spent(shown)))
    return Group(
        window,
        Text(_next(shown), style="dim"),
        *(Text(line, style="yellow") for line in held_back(sight)),
        Text(),
        lanes(shown),
        *_who_waits(sight),
        Text(),
        Text(_since_it_began(shown), style="dim"),
    )


def lanes(shown: Snapshot) -> Table:
    """Lay out the lanes: what each may have, what it has had of this window, who waits, and how long one waited."""
    table = screen.listing(
        "lane", "#share", "#spent", "#on the way", "#waiting", "#oldest", "#half within", "#95% within"
    )
    for lane in Lane:
        waiting = [one.seconds for one in shown.waiting if one.lane == lane]
        waits = shown.waits[lane]
        table.add_row(
            lane.value,
            f"{shown.shares[lane]:.0%}",
            str(shown.spent_by_lane[lane]),
            str(shown.in_flight[lane]),
            str(len(waiting)),
            f"{max(waiting):.1f} s" if waiting else "—",
            _bound(waits.quantile(0.5)),
            _bound(waits.quantile(0.95)),
        )
    return table


def held_back(sight: Sight) -> list[str]:
    """Say everything that keeps the fleet below what its settings allow, a sentence each."""
    shown, zone = sight.shown, screen.zone()
    said = [one.sentence for one in budget.lowered(shown, sight.settings, zone)]
    if shown.brake is not None and sight.brake is not None and sight.brake.closed_by:
        said[-1] += f" (by {sight.brake.closed_by})"
    if shown.brake is None and sight.brake is not None:
        said.append(f"A brake is remembered, and Redis gets it in a moment: {ended(sight.brake.reason)}")
    if shown.gate is not None and (shown.brake is None or shown.gate.until != shown.brake.until):
        said.append(budget.sentence(shown, sight.settings, zone) + " Then one probe goes first.")
    return said


def for_programs(sight: Sight) -> str:
    """Say one look in JSON, as GET /api/limiter does."""
    by = None if sight.brake is None else sight.brake.closed_by
    return LimiterOut.of(sight.shown, sight.settings, braked_by=by).model_dump_json(indent=2)


def _show_live(resources: Resources) -> None:
    with Live(_drawn(resources), console=screen.out(), auto_refresh=False, screen=False) as live:
        while True:
            time.sleep(LOOK_SECONDS)
            live.update(_drawn(resources), refresh=True)


def _drawn(resources: Resources) -> RenderableType:
    """Draw one look; a display that somebody watches because something is wrong outlives what is wrong."""
    try:
        return picture(look(resources))
    except LimiterUnavailable as error:
        return Text(f"{error} Nobody sends until it is back.", style="red")
    except MayBeRetried as error:
        return Text(f"The ledger is out of reach: {error}", style="red")


def _brake(share: float, until: str, reason: str) -> None:
    end = times.moment(until, datetime.now().astimezone())
    with here.opened() as resources:
        pulled = budget.pull_brake(resources, share=share, until=end, reason=reason, by=operator.name())
    screen.tell(budget.braked(pulled.share, pulled.until, pulled.reason, screen.zone()))
    if not pulled.is_shown:
        screen.tell("Redis is out of reach: nobody sends while it is, and this holds when it is back.")
    screen.tell(f"That is {end:%Y-%m-%d %H:%M} UTC; no job fails for waiting. `rekkrd limiter resume` ends it sooner.")


def _share(typed: str) -> float:
    text = typed.strip()
    try:
        part = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        part = -1.0
    if not 0 < part < 1:
        raise BadShare(
            f"{typed!r} is no share of the budget.",
            "Say 50% or 0.5; `rekkrd limiter pause` leaves nothing, `rekkrd limiter resume` all of it.",
        )
    return part


def _spent(shown: Snapshot) -> str:
    usual = "" if shown.limit == shown.limit_configured else f" (usually {shown.limit_configured})"
    return f"{shown.spent} spent, {shown.free} free of {shown.limit}{usual}"


def _next(shown: Snapshot) -> str:
    if shown.gate is not None:
        return f"Window of {shown.window_seconds:g} s; no token before {words.clock(shown.gate.until)}."
    seconds = max(0.0, (shown.next_token_at - shown.taken_at).total_seconds())
    when = "now" if seconds < 0.05 else f"in {seconds:.1f} s"
    return f"Window of {shown.window_seconds:g} s; next token {when}."


def _who_waits(sight: Sight) -> list[RenderableType]:
    waiting = sorted(sight.shown.waiting, key=lambda one: -one.seconds)
    if not waiting:
        return [Text(), Text("Nobody waits for a token.", style="dim")]
    table = screen.listing("waits", "lane", "#for")
    for one in waiting[:USERS_SHOWN]:
        table.add_row(screen.cut(_name(one.user, sight), 30), one.lane.value, f"{one.seconds:.1f} s")
    rest = len(waiting) - USERS_SHOWN
    return [Text(), table, *([Text(f"and {rest} more", style="dim")] if rest > 0 else [])]


def _name(user: str, sight: Sight) -> str:
    return sight.handles.get(user) or user or "upkeep"


def _is_id(user: str) -> bool:
    try:
        UUID(user)
    except ValueError:
        return False
    return True


def _since_it_began(shown: Snapshot) -> str:
    return (
        f"Since Redis began to remember: {count(shown.granted, 'token')}, {shown.returned:,} back unused, "
        f"{shown.throttled:,} times 429."
    )


def _bound(seconds: float | None) -> str:
    if seconds is None:
        return "—"
    return "longer" if seconds == float("inf") else f"{seconds:g} s"
