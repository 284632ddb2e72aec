"""`rekkrd workers`: who works, on what, since when, and whether anybody does."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from actors import queues as lanes
from actors.wording import count
from api.models.queues import WorkerList, WorkerOut
from cli import here, screen, words
from cli.errors import WorkFailed
from db import fleet
from db.fleet import Held, Worker
from workers.limiter.lanes import Lane

MOST_HELD = 4  # steps in hand that are named below a worker


def workers(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether every lane with work has a worker; exit 1 when not.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show the worker processes: alive or not, what they have in hand, since when, and which release.

    One that was killed is shown for an hour. A worker takes work while its dispatcher looks at the line, its consumers
    ask Redis, and a thread is not past its deadline.
    """
    with here.opened_pool() as pool, pool.transaction() as conn:
        found, held, unattended = fleet.workers(conn), fleet.held(conn), lanes.unattended(conn)
    if as_json:
        said = WorkerList(workers=[WorkerOut.of(one, held) for one in found], unattended=unattended)
        screen.plain(json.dumps(said.model_dump(mode="json"), indent=2))
    elif not check:
        screen.out().print(picture(found, held, unattended))
    if check and unattended:
        raise WorkFailed(
            f"Work waits in {' and '.join(unattended)}, and no worker takes it.",
            "Start `rekkrd worker`, or look why those that are there do not: `rekkrd workers`.",
        )
    if check and not as_json:
        screen.plain("Every lane with work has a worker.")


def picture(found: Sequence[Worker], held: Sequence[Held], unattended: Sequence[str]) -> RenderableType:
    """Lay out the workers in at most 80 columns, and below what each has in hand."""
    if not found:
        return Group(Text("No worker was here within the hour. Start one: rekkrd worker"), *_missing(unattended))
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
    return Group(table, *([Text(), *notes] if notes else []), *_missing(unattended))


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


def _missing(unattended: Sequence[str]) -> list[Text]:
    if not unattended:
        return []
    return [Text(f"Work waits in {' and '.join(unattended)}, and no worker takes it.", style="red")]
