"""`python -m benchmarks [NAME…] [--quick]`: run benchmarks, print their figures, and write benchmarks/results."""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks import (
    api_waiting,
    engine_enqueue,
    engine_running,
    engine_scale,
    import_beside_peer,
    ledger_growth,
    limiter,
    limiter_beside_peers,
    limiter_demand,
    limiter_fairness,
    night,
    price_refresh,
    recovery,
    sync_requests,
    throughput,
    value,
)
from benchmarks.figures import Bench, Figure, Outcome, Track
from benchmarks.machine import machine, source, versions
from cli.servers import running
from workers import logs

ALL: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        api_waiting,
        engine_enqueue,
        engine_running,
        engine_scale,
        import_beside_peer,
        sync_requests,
        night,
        price_refresh,
        value,
        throughput,
        recovery,
        ledger_growth,
        limiter,
        limiter_beside_peers,
        limiter_demand,
        limiter_fairness,
    )
}
RESULTS = Path(__file__).parent / "results"
OPERATORS = ("DISCOGS_", "REKKRD_", "DATABASE_", "REDIS_", "TEST_DATABASE_")  # settings that are not the benchmark's


def main(arguments: list[str]) -> int:
    """Run what was named, everything without a name. 1 when a figure misses its target."""
    chosen = _parsed(arguments)
    for name in [name for name in os.environ if name.startswith(OPERATORS)]:
        del os.environ[name]  # an operator's settings are no part of a figure
    logs.configure("pretty", "error")
    console = Console()
    is_met = True
    for name in chosen.names or ALL:
        console.rule(f"[bold]{name}")
        console.print(ALL[name].SENTENCE)
        outcome, document = measure(name, console, is_quick=chosen.quick)
        console.print(_table(outcome.figures))
        if chosen.results is not None:
            path = Path(chosen.results) / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
            console.print(f"Written to {path}.")
        is_met = is_met and all(figure.is_met is not False for figure in outcome.figures)
    return 0 if is_met else 1


def measure(name: str, console: Console, *, is_quick: bool) -> tuple[Outcome, dict[str, Any]]:
    """Run one benchmark on servers of its own; return what it found, and the same with its circumstances."""
    folder = Path(tempfile.mkdtemp(prefix="rekkrd-bench-"))
    folder.chmod(0o711)  # as root the servers run under another user, who must get in
    try:
        with running(folder / "data", keep=False) as servers, _progress(console) as track:
            circumstances = {**source(), "machine": machine(), "versions": versions(servers)}
            outcome: Outcome = ALL[name].run(Bench(servers, folder, track, is_quick))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures = [_facts(figure) for figure in outcome.figures]
    return outcome, {
        "benchmark": name,
        "is_quick": is_quick,
        **circumstances,
        "figures": figures,
        "details": dict(outcome.details),
    }


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        epilog="\n".join(f"{name:<22} {module.SENTENCE}" for name, module in ALL.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which; all of them otherwise")
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes; proves no figure")
    parser.add_argument("--results", metavar="FOLDER", help="where to write; benchmarks/results, with --quick nowhere")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.names if name not in ALL]
    if unknown:
        parser.error(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}.")
    if chosen.results is None and not chosen.quick:
        chosen.results = RESULTS
    return chosen


@contextmanager
def _progress(console: Console) -> Iterator[Track]:
    """Show how far everything is, a line a name."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f}"),
        TimeElapsedColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, transient=True) as progress:

        def track(name: str, done: float, total: float) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=min(done, total), total=total)

        yield track


def _table(figures: Iterator[Figure] | Any) -> Table:
    table = Table("figure", "measured", "target", "")
    for figure in figures:
        table.add_row(
            figure.name,
            f"{figure.value:,.4g} {figure.unit}".strip()
            if figure.value < 1000
            else f"{figure.value:,.0f} {figure.unit}".strip(),
            "" if figure.target is None else f"{figure.bound} {figure.target:g}",
            {True: "[green]met[/]", False: "[red]missed[/]", None: ""}[figure.is_met],
        )
    return table


def _facts(figure: Figure) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": figure.name, "value": figure.value, "unit": figure.unit}
    if figure.target is not None:
        facts |= {"target": f"{figure.bound} {figure.target:g}", "is_met": figure.is_met}
    return facts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
