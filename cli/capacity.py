"""`rekkrd capacity`: how many users, records and alerts one budget carries, and which promises it keeps."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from actors.capacity.carrying import ALL, Capacity, capacity
from actors.capacity.classes import Group
from actors.capacity.fleet import MOST_USERS, Fleet
from actors.capacity.people import DAY, Spent
from actors.capacity.promises import FIRST, NIGHT, PEOPLE, Promise
from actors.capacity.simulation import MEASURED
from actors.wording import count
from cli import here, screen
from cli.errors import CommandFailed

USUAL = Fleet()
PEOPLE_ARE, PRICES_ARE = "What people do", "What prices do"
WORDS = {
    PEOPLE: "at screens, requests a minute",
    NIGHT: "a night's sync is over after",
    FIRST: "a first import takes",
    Group.NEAR: "floors within 20 % of an alert, every",
    Group.FAR: "floors of other alerts, every",
    Group.WATCHED: "floors looked at lately, every",
    Group.FLOORS: "other floors, every",
    Group.SUGGESTIONS: "suggestions, every",
}
SPENT_ON = {
    Spent.SCREENS: "releases looked at",
    Spent.VISITS: "shelves opened",
    Spent.FIRST_IMPORTS: "first imports",
    Spent.EDITS: "edits",
    Spent.NIGHTS: "nights",
    Spent.SHOPS: "watched shops",
    Spent.PRICES: "prices",
}
IS_KEPT = {True: "yes", False: "[red]no[/]", None: "—"}


class BadFleet(CommandFailed):
    """The numbers contradict each other."""


def show(
    *,
    users: Annotated[int, typer.Option(min=1, max=MOST_USERS, help="People with a connected account.")] = USUAL.users,
    records: Annotated[int, typer.Option(min=0, max=1_000_000, help="Records of each, on average.")] = USUAL.records,
    wants: Annotated[int, typer.Option(min=0, max=1_000_000, help="Wants of each.")] = USUAL.wants,
    alerts: Annotated[int, typer.Option(min=0, max=200, help="Price alerts of each.")] = USUAL.alerts,
    overlap: Annotated[
        float, typer.Option(min=0, max=0.99, help="Share of all these whose release somebody else has too.")
    ] = USUAL.overlap,
    nightly: Annotated[
        float, typer.Option(min=0, max=1, help="Share of users with a sync every night.", rich_help_panel=PEOPLE_ARE)
    ] = USUAL.nightly,
    zones: Annotated[
        int, typer.Option(min=1, max=24, help="Time zones in which they live.", rich_help_panel=PEOPLE_ARE)
    ] = USUAL.zones,
    joining: Annotated[
        float, typer.Option(min=0, max=100, help="New users a day for each hundred.", rich_help_panel=PEOPLE_ARE)
    ] = USUAL.joining,
    visits: Annotated[
        float, typer.Option(min=0, max=3, help="How often a day each opens the shelf.", rich_help_panel=PEOPLE_ARE)
    ] = USUAL.visits,
    looks: Annotated[
        int, typer.Option(min=0, max=20, help="Releases looked at each time.", rich_help_panel=PEOPLE_ARE)
    ] = USUAL.looks,
    edits: Annotated[
        float, typer.Option(min=0, max=3, help="Records that each changes a day.", rich_help_panel=PEOPLE_ARE)
    ] = USUAL.edits,
    shops: Annotated[
        float, typer.Option(min=0, max=2_000, help="Watched shops for each hundred.", rich_help_panel=PEOPLE_ARE)
    ] = USUAL.shops,
    offers: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="Offers of a shop.", rich_help_panel=PRICES_ARE)
    ] = USUAL.offers,
    dear: Annotated[
        float, typer.Option(min=0, max=1, help="Share of prices from 100 dollars on.", rich_help_panel=PRICES_ARE)
    ] = USUAL.dear,
    moving: Annotated[
        float, typer.Option(min=0, max=1, help="Share that moves by a tenth or more.", rich_help_panel=PRICES_ARE)
    ] = USUAL.moving,
    steady: Annotated[
        float, typer.Option(min=0, max=1, help="Share that moves by less than 1 %.", rich_help_panel=PRICES_ARE)
    ] = USUAL.steady,
    seed: Annotated[int, typer.Option(min=0, help="Of chance: the same one gives the same week.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Say how many users, records and alerts one budget carries, out of a simulated week with your own numbers."""
    if moving + steady > 1:
        raise BadFleet(
            f"Prices that move and steady ones are {moving + steady:.0%} of all.", "Lower --moving or --steady."
        )
    fleet = Fleet(
        users=users,
        records=records,
        wants=wants,
        alerts=alerts,
        overlap=overlap,
        nightly=nightly,
        zones=zones,
        joining=joining,
        visits=visits,
        looks=looks,
        edits=edits,
        shops=shops,
        offers=offers,
        dear=dear,
        moving=moving,
        steady=steady,
    )
    with screen.err().status("Simulating a week …") as status:
        found = capacity(
            fleet,
            here.settings().limiter,
            seed=seed,
            tell=lambda size: status.update(f"Simulating a week of {count(size, 'user')} …"),
        )
    if as_json:
        screen.plain(json.dumps(as_plain(found), indent=2))
        return
    for sentence in sentences(found):
        screen.tell(sentence)
    screen.out().print(table(found))
    screen.tell(spending(found))


def sentences(found: Capacity) -> list[str]:
    """Say what was asked about, and how many of these the budget carries."""
    fleet, most = found.fleet, found.carried[ALL]
    each = f"{count(fleet.records, 'record')}, {count(fleet.wants, 'want')} and {count(fleet.alerts, 'alert')} each"
    said = f"{count(fleet.users, 'user')} with {each}: {count(fleet.releases, 'release')} to ask about."
    broken = sum(one.is_kept is False for one in found.promises)
    if most is None:
        return [said, "Not even one user like these is carried: what breaks is below."]
    carried = f"{most:,} users like these, {fleet.of(most).releases:,} releases"
    if most == MOST_USERS:
        return [said, f"All promises are kept, also for {carried}, the most that is simulated."]
    if not broken:
        return [said, f"All promises are kept, and would be for up to {carried}."]
    return [said, f"{count(broken, 'promise')} broken. All are kept for up to {carried}."]


def table(found: Capacity) -> Table:
    """Lay out each promise: what is due, what 95 of 100 get, and how many users fewer would keep it."""
    laid_out = screen.listing("promise", "#due", "#95 of 100", "kept", "#kept for")
    for one in found.promises:
        most = found.carried.get(one.name)
        fewer = "nobody" if most is None else f"{most:,}, {found.fleet.users - most:,} fewer"
        laid_out.add_row(
            WORDS[one.name],
            _said(one, one.due),
            _said(one, one.comes),
            IS_KEPT[one.is_kept],
            fewer if one.is_kept is False else "",
        )
    return laid_out


def spending(found: Capacity) -> str:
    """Say where the requests of a day go."""
    spent = {what: found.week.spent[what] / MEASURED for what in Spent}
    parts = ", ".join(f"{SPENT_ON[what]} {spent[what]:,.0f}" for what in Spent if round(spent[what]))
    there = found.week.per_minute * DAY
    return f"Requests a day: {parts}; {max(0.0, there - sum(spent.values())):,.0f} of {there:,.0f} free."


def as_plain(found: Capacity) -> dict[str, object]:
    """Return it as plain values. Times are in minutes."""
    requests = {str(what): round(found.week.spent[what] / MEASURED) for what in Spent}
    return {
        "fleet": asdict(found.fleet) | {"releases": found.fleet.releases},
        "users_carried": found.carried[ALL],
        "requests_a_day": {"there": round(found.week.per_minute * DAY), **requests},
        "promises": [
            {
                "name": one.name,
                "due": one.due,
                "comes": one.comes,
                "unit": "requests a minute" if one.name == PEOPLE else "minutes",
                "is_kept": one.is_kept,
                **({"kept_for_users": found.carried[one.name]} if one.is_kept is False else {}),
            }
            for one in found.promises
        ],
    }


def _said(one: Promise, value: float | None) -> str:
    """Say a number of a promise: requests, or a time in the unit that fits it."""
    if value is None:
        return "—" if one.is_kept is not False else "never"
    if one.name == PEOPLE:
        return f"{value:,.0f}"
    for minutes, unit in ((3 * DAY, "days"), (90, "h")):
        if value >= minutes:
            size = DAY if unit == "days" else 60
            return f"{value / size:,.1f}".removesuffix(".0") + f" {unit}"
    return f"{value:,.0f} min"
