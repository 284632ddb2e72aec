"""`rekkrd scheduler`: the process that enqueues what is due by the timetable, and looks for alarms."""

from collections.abc import Callable

import structlog

from actors.operating.alarms import Watch
from cli import here
from cli.production import require_complete
from scheduler.clock import Clock
from workers import logs, slack
from workers.ending import Ending
from workers.settings import Settings

log = structlog.get_logger(__name__)


def teller(settings: Settings) -> Callable[[str], bool]:
    """Return the way to operators: Slack, or without its address the log."""
    url = settings.engine.slack_webhook_url

    def tell(text: str) -> bool:
        log.warning("alarm", text=text)
        return True if url is None else slack.tell(url.get_secret_value(), text)

    return tell


def scheduler() -> None:
    """Enqueue what recurs, by the timetable, and tell operators of alarms.

    Runs until Ctrl-C or SIGTERM. Any number may run beside each other: each tick counts once.
    """
    ending = Ending()
    settings = here.settings()
    require_complete(settings)
    logs.configure(settings.engine.log_format, settings.engine.log_level)
    with here.opened_pool(settings) as pool:
        running = Clock(pool, watch=Watch(pool, settings.engine, teller(settings)).look)
        running.start()
        log.info("scheduler_started")
        ending.wait()
        running.stop()
        log.info("scheduler_stopped")
