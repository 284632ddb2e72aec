"""`rekkrd doctor --after-restore`: the ledger came back from a backup, and knows less than Discogs and the app."""

import json
import sys
from dataclasses import asdict

import typer

from actors import publishing
from actors.operating import restoring
from actors.wording import count
from cli import here, layout, operator, screen, words
from cli.errors import CommandFailed
from db import Connection, fleet, operations
from db.restores import Uncertain

# What no query can know, and who does: said each time, for it is the operator who has to think of it.
REMEMBER = (
    "Jobs asked for since the backup are gone, with their idempotency keys: who asks again gets new ones.",
    "Jobs that ended since then run again, cancelled ones too: records are met again, nothing doubles.",
    "Webhooks sent since then are sent again, under the same ids; a job that runs again ends again, under a new one.",
    "Who connected since then connects again; who disconnected, or had data deleted, must be disconnected again.",
    "A brake or a pause made since then has ended: make it again. The usage of that time stays uncounted.",
    "Redis needs nothing: the budget counts what was really sent, and calls for jobs that are gone end by themselves.",
)


def make_safe(*, as_json: bool, is_dry: bool, is_again: bool, is_sure: bool) -> None:
    """Count, ask, then do it in one transaction. Twice on the same files does it once."""
    settings = here.with_database(here.settings())
    todo = publishing.pending(settings.database.migration_url() or "")
    if todo:
        raise CommandFailed(
            f"The backup is older than this code: {count(len(todo), 'migration')} to apply.",
            "Run `rekkrd migrate`, then this again. Start no worker before.",
        )
    with here.opened_pool(settings) as pool:
        with pool.transaction() as conn:
            uncertain, alive = restoring.look(conn), _alive(conn)
        if not as_json:
            _tell(uncertain, alive)
        if uncertain.is_noted and not is_again:
            _say_noted(uncertain, as_json=as_json)
            return
        if not is_dry:
            _ask(is_sure=is_sure)
            noted = operations.in_piece(pool, lambda conn: restoring.note(conn, by=operator.name()))
    if as_json:
        screen.plain(json.dumps(_for_programs(uncertain, alive, is_done=not is_dry), indent=2, default=layout.plain))
    elif is_dry:
        screen.tell("Nothing happened: --dry-run.")
    else:
        freed, walks = count(noted.leases, "step"), count(noted.walks, "import")
        screen.tell(f"Done: {freed} freed, {walks} begin anew. Start the workers now.")
        _remember()


def _alive(conn: Connection) -> int:
    return sum(worker.is_alive for worker in fleet.workers(conn))


def _tell(uncertain: Uncertain, alive: int) -> None:
    until = uncertain.known_until
    known = "nothing" if until is None else f"what happened until {words.clock(until)} ({words.ago(until)})"
    screen.tell(f"The ledger knows {known}, and nothing from then to its restore.")
    screen.tell(
        f"It has {count(uncertain.jobs, 'live job')}; {count(uncertain.leases, 'step')} under way are to be freed, and "
        f"{count(len(uncertain.walks), 'import')} to read their pages from the first again."
    )
    if alive:
        screen.say(
            f"[yellow]{count(alive, 'worker')} at work on it already: end them first, for an import that goes on from "
            "an old page may call a record missing.[/]"
        )


def _say_noted(uncertain: Uncertain, *, as_json: bool) -> None:
    if as_json:
        screen.plain(json.dumps(_for_programs(uncertain, 0, is_done=False), indent=2, default=layout.plain))
    elif uncertain.last is not None:
        when = f"{words.clock(uncertain.last.noted_at)} by {uncertain.last.noted_by}"
        screen.tell(f"This was done for these files at {when}: nothing to do.")
        screen.tell("If they were put back once more since then, say --again.")


def _ask(*, is_sure: bool) -> None:
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise CommandFailed("Nothing happened: nobody is here to be asked.", "Say --yes to do it, --dry-run to count.")
    if not screen.confirm("Do it now?"):
        raise typer.Abort


def _remember() -> None:
    screen.say("\n[bold]What no command can know[/]")
    for sentence in REMEMBER:
        screen.tell(f"- {sentence}")


def _for_programs(uncertain: Uncertain, alive: int, *, is_done: bool) -> dict[str, object]:
    return {
        "is_done": is_done,
        "is_noted": uncertain.is_noted or is_done,
        "known_until": uncertain.known_until,
        "live_jobs": uncertain.jobs,
        "steps_to_free": uncertain.leases,
        "imports_to_begin_anew": list(uncertain.walks),
        "workers_alive": alive,
        "last": None if uncertain.last is None else asdict(uncertain.last),
        "remember": REMEMBER,
    }
