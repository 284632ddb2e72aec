"""`rekkrd scheduler`: the process that enqueues what is due by the timetable."""

import structlog

from cli import here
from cli.production import require_complete
from scheduler.clock import Clock
from workers import logs
from workers.ending import Ending

log = structlog.get_logger(__name__)


def scheduler() -> None:
    """Enqueue what recurs, by the timetable.

    Runs until Ctrl-C or SIGTERM. Any number may run beside each other: each tick counts once.
    """
    settings = here.settings()
    require_complete(settings)
    logs.configure(settings.engine.log_format, settings.engine.log_level)
    ending = Ending()
    with here.opened_pool(settings) as pool:
        running = Clock(pool)
        running.start()
        log.info("scheduler_started")
        ending.wait()
        running.stop()
        log.info("scheduler_stopped")
