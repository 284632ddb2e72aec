"""`python -m benchmarks.engine_procrastinate URL CONCURRENCY RESCUE`: Procrastinate with the task that does nothing.

RESCUE is the cron line of its documented task that puts stalled jobs back, `-` for none. ``HEARTBEAT`` and ``STALLED``
seconds come from the environment; without them everything is as it comes.
"""

import asyncio
import os
import sys

import procrastinate
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

from benchmarks.engine_work import work
from cli import lifeline

HEARTBEAT, STALLED = "BENCH_HEARTBEAT_SECONDS", "BENCH_STALLED_SECONDS"


def nothing(number: int = 0, seconds: float = 0.0, is_told: bool = False) -> None:
    """Do what all engines do."""
    work(number, seconds, is_told=is_told)


def enqueuer(url: str) -> tuple[App, procrastinate.tasks.Task]:  # type: ignore[type-arg]
    """The application of who enqueues, and its task; open it before use."""
    app = App(connector=SyncPsycopgConnector(conninfo=url))
    return app, app.task(name="nothing", queue="default")(nothing)


async def _work(url: str, concurrency: int, rescue: str) -> None:
    app = App(connector=PsycopgConnector(conninfo=url))
    app.task(name="nothing", queue="default")(nothing)
    stalled_seconds = float(os.environ.get(STALLED, "30"))

    if rescue != "-":

        @app.periodic(cron=rescue)
        @app.task(name="rescue", queueing_lock="rescue", pass_context=True)
        async def retry_stalled_jobs(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled_seconds):
                await app.job_manager.retry_job(job)

    async with app.open_async():
        print("ready", flush=True)
        await app.run_worker_async(
            concurrency=concurrency,
            update_heartbeat_interval=float(os.environ.get(HEARTBEAT, "10")),
            stalled_worker_timeout=stalled_seconds,
        )


if __name__ == "__main__":
    lifeline.follow()
    asyncio.run(_work(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
