"""`rekkrd doctor`: looks at everything that the workers need, and says of each thing that it is well, or what to do."""

import json
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from functools import cache
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from actors.doctor import discogs, ledger, mail, servers, webhook
from actors.doctor.findings import Finding, Level, fine, left_out, wrong
from actors.wording import count
from api.settings import ApiSettings
from cli import here, restored, screen
from cli.examining import Check, Seen, examine
from cli.main import in_words
from cli.production import is_production, missing, remedy
from workers.settings import Settings

COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.WRONG: "red", Level.LEFT_OUT: "dim"}
SECONDS = 15.0
ASK_SECONDS = 60.0  # five for the token, and the request's own deadline

Offline = Annotated[bool, typer.Option("--offline", help="Do not ask Discogs; otherwise it costs one request.")]
AfterRestore = Annotated[
    bool, typer.Option("--after-restore", help="Make the ledger safe after its database came back from a backup.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="With --after-restore: count, and change nothing.")]
Again = Annotated[bool, typer.Option("--again", help="With --after-restore: this restore is another than the last.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="With --after-restore: do not ask before it happens.")]


def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    is_offline: Offline = False,
    is_after_restore: AfterRestore = False,
    is_dry: DryRun = False,
    is_again: Again = False,
    is_sure: Yes = False,
) -> None:
    """Look whether everything is well, and say what to do where it is not.

    Exit 1 when something is wrong; warnings do not count. Nothing is changed, save with --after-restore:
    docs/operating.md says when that is needed, and what it does.
    """
    if is_after_restore:
        restored.make_safe(as_json=as_json, is_dry=is_dry, is_again=is_again, is_sure=is_sure)
        return
    if is_dry or is_again or is_sure:
        raise typer.BadParameter("goes with --after-restore only.", param_hint="--dry-run, --again, --yes")
    seen = list(_examined(checks(is_offline=is_offline), is_quiet=as_json))
    levels = [finding.level for one in seen for finding in one.findings]
    if as_json:
        screen.plain(json.dumps(for_programs(seen), indent=2))
    else:
        screen.say()
        screen.tell(summary(levels))
    raise typer.Exit(1 if Level.WRONG in levels else 0)


def checks(*, is_offline: bool) -> list[Check]:
    """Return the checks in their order: what others build on comes first."""

    @cache
    def found() -> Settings:
        return here.settings()

    def on(look: Callable[[Settings], list[Finding]]) -> Callable[[], list[Finding]]:
        return lambda: look(found())

    def check(section: str, name: str, look: Callable[[Settings], list[Finding]], *needs: str) -> Check:
        return Check(section, name, on(look), SECONDS, needs)

    def offline(_: Settings) -> list[Finding]:
        return [left_out("Not asked: --offline.")]

    asked = offline if is_offline else discogs.ask
    return [
        check("This machine", "settings", look_at_settings),
        check("Servers", "database", look_at_database, "settings"),
        check("Servers", "direct", servers.look_at_direct, "database"),
        check("Servers", "Redis", servers.look_at_redis, "settings"),
        check("Servers", "clocks", servers.look_at_clocks, "database"),
        check("Schema", "migrations", ledger.look_at_migrations, "database"),
        check("Schema", "rights", ledger.look_at_rights, "migrations"),
        check("Work", "workers", ledger.look_at_workers, "migrations"),
        check("Work", "scheduler", ledger.look_at_scheduler, "migrations"),
        check("Work", "lanes", ledger.look_at_pauses, "migrations"),
        check("Work", "jobs", ledger.look_at_jobs, "migrations"),
        check("Work", "failures", ledger.look_at_failures, "migrations"),
        check("Work", "webhook", webhook.look_at_webhook, "migrations"),
        check("Work", "mails", mail.look_at_mails, "migrations"),
        check("Discogs", "credentials", discogs.look_at_credentials, "settings"),
        check("Discogs", "keys", discogs.look_at_keys, "migrations"),
        check("Discogs", "connections", discogs.look_at_links, "migrations"),
        check("Discogs", "budget", discogs.look_at_budget, "migrations"),
        Check("Discogs", "asked", on(asked), ASK_SECONDS, ("migrations", "Redis", "keys")),
    ]


def look_at_settings(found: Settings) -> list[Finding]:
    """Whether every setting can be read, and production has all that it needs."""
    try:
        found.require_readable()
        api = ApiSettings(_env_file=here.env_files())
    except ValidationError as error:
        said = in_words(error)
        return [wrong(" ".join(str(said).split()), said.next_step, stops=True)]
    if not is_production(found):
        return [fine("Every setting can be read; REKKRD_ENV is development.")]
    lacking = [wrong(f"Production is not complete: {line}.", remedy(line)) for line in missing(found, api)]
    return lacking or [fine("Every setting can be read; production is complete.")]


def look_at_database(found: Settings) -> list[Finding]:
    """Whether there is a database to talk to. Raises NothingRunning, and what is wrong with the one there is."""
    return servers.look_at_database(here.with_database(found))


def lines(finding: Finding, name: str) -> Table:
    """Lay out one finding on at most 80 columns: a line if it is well, and what to do below if it is not."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=8, no_wrap=True)
    grid.add_column(width=11, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(finding.level, style=COLOURS[finding.level]), Text(name), Text(finding.sentence))
    if finding.do is not None:
        grid.add_row("", "", Text(finding.do))
    if finding.command is not None:
        grid.add_row("", "", Text(f"→ {finding.command}", style="bold"))
    return grid


def summary(levels: Sequence[Level]) -> str:
    """Say in one line how it stands."""
    bad, warned = levels.count(Level.WRONG), levels.count(Level.WARNING)
    warnings = count(warned, "warning")
    if bad:
        return f"{count(bad, 'thing')} to put right, {warnings}."
    return f"Nothing is wrong; {warnings}." if warned else "All is well."


def for_programs(seen: Sequence[Seen]) -> dict[str, object]:
    """Say everything in JSON."""
    levels = [finding.level for one in seen for finding in one.findings]
    return {
        "is_well": Level.WRONG not in levels,
        **{level.replace(" ", "_"): levels.count(level) for level in Level},
        "findings": [
            {
                "section": one.check.section,
                "check": one.check.name,
                "seconds": round(one.seconds, 3),
                **{name: value for name, value in asdict(finding).items() if name != "stops"},
            }
            for one in seen
            for finding in one.findings
        ],
    }


def _examined(todo: Sequence[Check], *, is_quiet: bool) -> list[Seen]:
    """Make the checks, and print each as it comes, with what is being looked at below."""
    if is_quiet:
        return list(examine(todo))
    console = screen.out()
    seen: list[Seen] = []
    # A spinner only where the findings are on a terminal: beside a pipe it would write into the other program's output.
    with console.status("") if console.is_terminal else nullcontext() as status:

        def begin(check: Check) -> None:
            if status is not None:
                status.update(f"Checking {check.name} …")

        for one in examine(todo, begin):
            if not seen or seen[-1].check.section != one.check.section:
                screen.say(("\n" if seen else "") + f"[bold]{one.check.section}[/]")
            for nth, finding in enumerate(one.findings):
                screen.out().print(lines(finding, "" if nth else one.check.name))
            seen.append(one)
    return seen
