"""`rekkrd usage`: what the requests to Discogs were spent on, in a month or in some minutes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import typer

from actors.operating import usage as spent
from actors.operating.usage import MonthView
from actors.wording import count
from api.models import Model
from api.models.usage import MinuteOut, MinutesOut, UsageOut
from cli import here, screen
from cli.errors import CommandFailed
from cli.listing import Listing
from db import Connection, users
from db.usage import MinuteShare, Part

NOBODY = "nobody"  # upkeep, and other programs that name no user
MOST_MINUTES = int(spent.LONGEST.total_seconds() // 60)


class BadMonth(CommandFailed):
    """What was typed is no month."""


class BadMinute(CommandFailed):
    """What was typed is no minute, or no minutes were asked for."""


def usage(
    *,
    month: Annotated[
        str | None, typer.Option(metavar="MONTH", help="A month of UTC, like 2026-11; the present one without it.")
    ] = None,
    by: Annotated[
        Part, typer.Option(metavar="PART", help="In which parts to show it: kind, lane, endpoint, or user.")
    ] = "kind",
    user: Annotated[
        str | None, typer.Option(metavar="U", help="Only this user's requests: handle, id or address.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many parts to show.")] = 20,
    skip: Annotated[int, typer.Option(min=0, max=1_000_000, help="How many parts to leave out before them.")] = 0,
    minutes: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST_MINUTES, metavar="N", help="Show the last minutes one by one, instead of a month."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="The newest of these minutes in UTC, like 2026-11-22T16:00.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what the requests to Discogs were spent on: by kind of job, lane, endpoint or user.

    Processes store what they counted every 20 seconds. Months and minutes are those of UTC.
    """
    first, newest = _first_day(month), _minute(until)
    if newest is not None and minutes is None:
        raise BadMinute("--until ends minutes, and none were asked for.", "Say how many: --minutes 60.")
    with here.opened_pool() as pool, pool.transaction() as conn:
        user_id = users.find(conn, user).id if user else None
        if minutes is not None:
            found = spent.minutes(conn, timedelta(minutes=minutes), by, user_id, newest)
            handles = _handles(conn, by, (each.name for each in found))
            said: Model = MinutesOut(by=by, minutes=[MinuteOut.of(each) for each in found])
            table = minute_table(found, by, handles)
        else:
            view = spent.month(conn, first, by, user_id, room=limit, skip=skip)
            handles = _handles(conn, by, (each.name for each in view.parts))
            said, table = UsageOut.of(view, by), month_table(view, by, handles)
    if as_json:
        screen.plain(json.dumps(said.model_dump(mode="json"), indent=2))
    elif not table.row_count:
        screen.say("No requests to Discogs were counted in that time.")
    else:
        screen.out().print(table)


def month_table(view: MonthView, by: Part, handles: Mapping[str, str]) -> Listing:
    """Lay out a month as rows of at most 80 columns."""
    table = screen.listing(by, "#requests", "#share", title=f"{view.name} (UTC)")
    for part in view.parts:
        table.add_row(_name(part.name, handles), f"{part.requests:,}", _percent(part.requests, view.requests))
    if view.rest:
        table.add_row("others", f"{view.rest:,}", _percent(view.rest, view.requests), style="dim")
    table.below = f"{count(view.requests, 'request')}, {count(view.imports, 'import')} completed"
    return table


def minute_table(found: Sequence[MinuteShare], by: Part, handles: Mapping[str, str]) -> Listing:
    """Lay out minutes as rows of at most 80 columns."""
    table = screen.listing("minute (UTC)", by, "#requests")
    for each in found:
        table.add_row(f"{each.minute:%Y-%m-%d %H:%M}", _name(each.name, handles), f"{each.requests:,}")
    return table


def _first_day(month: str | None) -> date:
    try:
        return spent.first_day(month)
    except ValueError:
        raise BadMonth(f"{month!r} is no month.", "Say it like 2026-11.") from None


def _minute(typed: str | None) -> datetime | None:
    """Return the moment that was typed; without a zone it is one of UTC, as the table has them."""
    try:
        said = None if typed is None else datetime.fromisoformat(typed)
        return said if said is None or said.tzinfo else said.replace(tzinfo=UTC)
    except ValueError:
        raise BadMinute(f"{typed!r} is no time.", "Say it like 2026-11-22T16:00.") from None


def _handles(conn: Connection, by: Part, names: Iterable[str | None]) -> dict[str, str]:
    """Return how the users are called who are among these; one who has left has only an id."""
    if by != "user":
        return {}
    ids = {UUID(name) for name in names if name is not None}
    return {str(user.id): user.handle for user in users.find_many(conn, list(ids))}


def _name(name: str | None, handles: Mapping[str, str]) -> Any:
    return screen.cut(NOBODY if name is None else handles.get(name, name), 48)


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""
