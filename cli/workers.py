"""`rekkrd workers`: who works, on what, since when, and whether anybody does."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from actors.operating import queues as lanes
from actors.operating.queues import Neglect
from actors.wording import count
from api.models.queues import WorkerList
from cli import here, screen, words
from cli.errors import WorkFailed
from db import fleet
from db.fleet import Held, Worker
from workers.limiter.lanes import Lane
from workers.presence import this_host

MOST_HELD = 4  # steps in hand that are named below a worker


def workers(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether all that waits has a worker; exit 1 when not.")
    ] = False,
    is_here: Annotated[
        bool, typer.Option("--here", help="Only workers of this machine; with --check: exit 1 unless one takes work.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show the worker processes: alive or not, what they have in hand, since when, and which release.

    One that was killed is shown for an hour. A worker takes work while its dispatcher looks at the line, its consumers
    ask Redis, and a thread is not past its deadline. `--check` is for whoever watches the fleet, `--check --here` for
    whoever restarts this machine's worker when it hangs.
    """
    with here.opened_pool() as pool, pool.transaction() as conn:
        found, held, neglect = fleet.workers(conn), fleet.held(conn), lanes.neglect(conn)
    if is_here:
        found = [worker for worker in found if worker.host == this_host()]
    if as_json:
        said = WorkerList.of(found, held, neglect)
        screen.plain(json.dumps(said.model_dump(mode="json"), indent=2))
    elif not check:
        screen.out().print(picture(found, held, neglect))
    if check:
        said_well = _check_here(found) if is_here else _check(neglect)
        if not as_json:
            screen.tell(said_well)


def _check(neglect: Neglect) -> str:
    """Say that all is well. Raises WorkFailed: it is not."""
    if neglect.sentences:
        raise WorkFailed(
            " ".join(neglect.sentences),
            "Start `rekkrd worker`, or look why those that are there do not take it: `rekkrd workers`.",
        )
    return "All that waits has a worker."


def _check_here(found: Sequence[Worker]) -> str:
    """Say that a worker of this machine takes work. Raises WorkFailed: none does."""
    if not any(worker.is_consuming for worker in found):
        why = [f"{worker.name}: {worker.trouble}." for worker in found if worker.is_alive]
        raise WorkFailed(" ".join(["No worker of this machine takes work.", *why]), "Start it again: `rekkrd worker`.")
    return "A worker of this machine takes work."


def picture(found: Sequence[Worker], held: Sequence[Held], neglect: Neglect) -> RenderableType:
    """Lay out the workers in at most 80 columns, and below what each has in hand."""
    if not found:
        return Group(Text("No worker was here within the hour. Start one: rekkrd worker"), *_missing(neglect))
    table = screen.listing("worker", "state", "#busy", "since", "version", "lanes")
    notes: list[Text] = []
    for worker in found:
        table.add_row(
            screen.cut(worker.name, 24),
            _state(worker),
            f"{worker.busy}/{worker.threads}",
            words.ago(worker.started_at),
            screen.cut(worker.version, 14),
            "all" if len(worker.lanes) == len(Lane) else ", ".join(worker.lanes),
        )
        notes += _notes(worker, [one for one in held if one.worker == worker.name])
    versions = {worker.version for worker in found if worker.is_alive}
    if len(versions) > 1:
        notes.append(Text(f"{len(versions)} releases at once: jobs go to whoever can read them.", style="yellow"))
    return Group(table, *([Text(), *notes] if notes else []), *_missing(neglect))


def _state(worker: Worker) -> Text:
    if worker.is_consuming:
        return Text("works" if worker.busy else "waits", style="green")
    return Text("stopped" if worker.is_alive else "gone", style="red")


def _notes(worker: Worker, held: Sequence[Held]) -> list[Text]:
    notes = []
    if worker.trouble is not None:
        seen = "" if worker.is_alive else f", seen {words.ago(worker.seen_at)}"
        notes.append(Text(f"{worker.name}: {worker.trouble}{seen}.", style="red" if worker.is_alive else "dim"))
    if worker.stuck and worker.is_alive:
        notes.append(Text(f"{worker.name}: {count(worker.stuck, 'step')} past the deadline.", style="yellow"))
    if held:
        names = [f"{one.kind.replace('_', ' ')} {words.short(one.job_id)}" for one in held[:MOST_HELD]]
        more = f" and {len(held) - MOST_HELD} more" if len(held) > MOST_HELD else ""
        notes.append(Text(f"{worker.name}: {', '.join(names)}{more}", style="dim"))
    return notes


def _missing(neglect: Neglect) -> list[Text]:
    return [Text(sentence, style="red") for sentence in neglect.sentences]
