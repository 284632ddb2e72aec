"""`rekkrd queues`: what waits in each lane, what is under way, what failed, and lanes paused and resumed."""

import json
import time
from datetime import UTC, datetime, tzinfo
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from actors.operating import queues as lanes
from actors.operating.queues import Backlog
from api.models.queues import QueueList
from cli import here, operator, screen, times, words
from db.errors import MayBeRetried
from db.pool import Pool
from services.operations.causes import Cause
from services.operations.causes import of_database as database_causes
from services.operations.facts import DatabaseState, System
from services.wording import clock, ended
from workers.limiter.lanes import Lane
from workers.redis_probe import RedisProbe

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
    settings = here.settings()
    probe = RedisProbe(settings.engine)
    with here.opened_pool(settings) as pool:
        if as_json:
            found = QueueList.of(look(pool, probe, UTC))
            screen.plain(json.dumps(found.model_dump(mode="json"), indent=2))
        elif once or not screen.out().is_terminal:
            screen.out().print(picture(look(pool, probe)))
        else:
            _show_live(pool, probe)


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


def look(pool: Pool, probe: RedisProbe, zone: tzinfo | None = None) -> Backlog:
    """Return every queue, and why work waits. Raises DatabaseError."""
    redis = probe.look()
    with pool.transaction() as conn:
        return lanes.backlog(conn, redis, zone or screen.zone())


def picture(seen: Backlog) -> RenderableType:
    """Draw one look: a line a queue, then a line for each cause of waiting, and what to do first."""
    found = seen.queues
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
    parts: list[RenderableType] = [table, Text(), *(_reason(cause, seen.now) for cause in seen.causes)]
    if seen.causes:
        parts.append(Text(f"What to do first: {seen.causes[0].remedy}", style="bold"))
    if any(queue.failed for queue in found):
        parts.append(Text("What failed, and what to do: rekkrd jobs failures", style="dim"))
    parts.append(Text("Done a minute and requests asked of Discogs: of the last five minutes.", style="dim"))
    return Group(*parts)


def _reason(cause: Cause, now: datetime) -> Text:
    """Return the line of one cause, with its end where it has one that its message does not tell."""
    has_end = cause.until is not None and cause.is_blocking
    end = f" Until {clock(cause.until, now, screen.zone())}." if has_end and cause.until is not None else ""
    return Text(f"{cause.message}{end}", style="yellow" if cause.until is not None else "red")


def _show_live(pool: Pool, probe: RedisProbe) -> None:
    with Live(_drawn(pool, probe), console=screen.out(), auto_refresh=False) as live:
        while True:
            time.sleep(LOOK_SECONDS)
            live.update(_drawn(pool, probe), refresh=True)


def _drawn(pool: Pool, probe: RedisProbe) -> RenderableType:
    """Draw one look; the display outlives a database that goes away."""
    try:
        return picture(look(pool, probe))
    except MayBeRetried as error:
        (cause,) = database_causes(System(datetime.now(UTC), database=DatabaseState.AWAY, database_reason=str(error)))
        return Text(f"{cause.message}\nWhat to do first: {cause.remedy}", style="red")


def _lanes(named: str) -> list[Lane]:
    if named == ALL:
        return list(Lane)
    if named not in set(Lane):
        raise typer.BadParameter(f"{named} is no lane. There are: {', '.join(Lane)}; or all.", param_hint="LANE")
    return [Lane(named)]


def _named(lane: str) -> str:
    return "Every lane is" if lane == ALL else f"{lane} is"
