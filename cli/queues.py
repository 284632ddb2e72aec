"""`rekkrd queues`: what waits in each lane, what is under way, what failed, and lanes paused and resumed."""

import json
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from actors.operating import queues as lanes
from actors.operating.queues import Queue
from api.models.queues import QueueList, QueueOut
from cli import here, operator, screen, times, words
from db.errors import MayBeRetried
from db.pool import Pool
from services.wording import ended
from workers.limiter.lanes import Lane

app = typer.Typer(help="See what waits in each lane; pause a lane, or resume it.", invoke_without_command=True)

LOOK_SECONDS = 1.0
ALL = "all"
COLUMNS = ("lane", "#ready", "#oldest", "#later", "#called", "#working", "#failed", "#done/min", "#asked")

Lanes = Annotated[str, typer.Argument(metavar="LANE", help=f"The lane: {', '.join(Lane)}; or all.")]
Until = Annotated[
    str,
    typer.Option("--until", "--for", metavar="WHEN", help="When it ends by itself: 18:00, 2026-12-01T06:30, 30m, 2h."),
]
Reason = Annotated[
    str, typer.Option("--reason", metavar="WHY", help="A few words for everybody whose job waits meanwhile.")
]


@app.callback()
def queues(
    context: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Show it once instead of live.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one look as JSON for programs.")] = False,
) -> None:
    """Show the lanes live: what waits and for how long, what is called up and under way, what failed, how fast it goes.

    Ctrl-C ends the display. Without a terminal it is shown once.
    """
    if context.invoked_subcommand:
        return
    with here.opened_pool() as pool:
        if as_json:
            found = QueueList(queues=[QueueOut.of(queue) for queue in look(pool)])
            screen.plain(json.dumps(found.model_dump(mode="json"), indent=2))
        elif once or not screen.out().is_terminal:
            screen.out().print(picture(look(pool)))
        else:
            _show_live(pool)


@app.command()
def pause(lane: Lanes, until: Until, reason: Reason) -> None:
    """Call nothing up from a lane until a time; steps under way end. Jobs are taken in all the same."""
    end = times.moment(until, datetime.now().astimezone())
    with here.opened_pool() as pool, pool.transaction() as conn:
        lanes.pause(conn, _lanes(lane), until=end, reason=reason, by=operator.name())
    screen.tell(f"{_named(lane)} paused until {words.clock(end)}, {end:%Y-%m-%d %H:%M} UTC: {ended(reason)}")
    screen.tell(f"No job fails for waiting; steps under way end. `rekkrd queues resume {lane}` ends it sooner.")


@app.command()
def resume(lane: Lanes) -> None:
    """End a lane's pause before its time."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        resumed = lanes.resume(conn, _lanes(lane), by=operator.name())
    said = f"Goes on: {', '.join(resumed)}." if resumed else f"{_named(lane)} not paused."
    screen.tell(said)


def look(pool: Pool) -> list[Queue]:
    """Look at every lane once. Raises DatabaseError."""
    with pool.transaction() as conn:
        return lanes.queues(conn)


def picture(found: Sequence[Queue]) -> RenderableType:
    """Draw one look in at most 80 columns: a line a lane, then what is paused and what to do about failures."""
    table = screen.listing(*COLUMNS)
    for queue in found:
        table.add_row(
            queue.lane.value,
            f"{queue.ready:,}",
            words.duration(queue.oldest_seconds) if queue.ready else "—",
            f"{queue.delayed:,}",
            f"{queue.called:,}",
            f"{queue.under_way:,}",
            Text(f"{queue.failed:,}", style="red" if queue.failed else ""),
            f"{queue.per_minute:.1f}",
            f"{queue.requests:,}",
        )
    paused = [
        Text(
            f"{queue.lane} is paused until {words.clock(queue.pause.paused_until)} by {queue.pause.made_by}: "
            f"{ended(queue.pause.reason)}",
            style="yellow",
        )
        for queue in found
        if queue.pause is not None
    ]
    parts: list[RenderableType] = [table, Text(), *paused]
    if any(queue.failed for queue in found):
        parts.append(Text("What failed, and what to do: rekkrd jobs failures", style="dim"))
    parts.append(Text("Done a minute and requests asked of Discogs: of the last five minutes.", style="dim"))
    return Group(*parts)


def _show_live(pool: Pool) -> None:
    with Live(_drawn(pool), console=screen.out(), auto_refresh=False) as live:
        while True:
            time.sleep(LOOK_SECONDS)
            live.update(_drawn(pool), refresh=True)


def _drawn(pool: Pool) -> RenderableType:
    """Draw one look; a display that somebody watches because something is wrong outlives what is wrong."""
    try:
        return picture(look(pool))
    except MayBeRetried as error:
        return Text(f"The ledger is out of reach: {error}", style="red")


def _lanes(named: str) -> list[Lane]:
    if named == ALL:
        return list(Lane)
    if named not in set(Lane):
        raise typer.BadParameter(f"{named} is no lane. There are: {', '.join(Lane)}; or all.", param_hint="LANE")
    return [Lane(named)]


def _named(lane: str) -> str:
    return "Every lane is" if lane == ALL else f"{lane} is"
