"""Logs by structlog: an event and its facts, as JSON for machines or in colour for people."""

import logging
import re
import sys
from typing import Literal

import structlog

from workers import job_log
from workers.terminal_text import visible

_SECRET = re.compile(r"(^|_)(token|secrets?|verifier|password|authorization|cookies?|credentials|notes?)$")


def configure(log_format: Literal["pretty", "json"], level: str) -> None:
    """Set up logging for this process; libraries' own log lines take the same road."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    is_pretty = log_format == "pretty"
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, job_log.keep, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level.upper())  # psycopg gives its loggers a level of their own, which the root's does not outrank
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                *([show_control_characters] if is_pretty else []),  # JSON escapes them
                renderer,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # httpx would log whole addresses, httpcore whole headers, tokens and all; the others narrate threads and start-up.
    for narrator in ("httpx", "httpcore", "dramatiq", "apscheduler", "uvicorn"):
        logging.getLogger(narrator).setLevel(logging.WARNING)


def show_control_characters(
    _logger: structlog.typing.WrappedLogger, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Make control characters in each fact visible; other values are shown by their repr, which escapes them."""
    return {name: visible(value) if isinstance(value, str) else value for name, value in event.items()}


def hide_secrets(
    _logger: structlog.typing.WrappedLogger, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Empty the facts whose names say that they are secret, or a collector's own words: nobody should log them."""
    for name in event:
        if name != "event" and _SECRET.search(name):
            event[name] = "…"
    return event
