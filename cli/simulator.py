"""`rekkrd simulator`: Discogs offline, with the simulator's own options."""

import runpy
import sys

import typer


def simulator(context: typer.Context) -> None:
    """Simulate Discogs; `rekkrd simulator --help` lists its options."""
    sys.argv = ["rekkrd simulator", *context.args]
    runpy.run_module("simulator", run_name="__main__", alter_sys=True)
