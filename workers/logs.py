"""Logs by structlog: an event and its facts, as JSON for machines or in colour for people."""

import logging
import sys
from typing import Literal

import structlog


def configure(log_format: Literal["pretty", "json"], level: str) -> None:
    """Set up logging for this process; libraries' own log lines take the same road."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
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
                renderer,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # httpx would log whole addresses, httpcore whole headers, tokens and all; the others narrate threads and start-up.
    for narrator in ("httpx", "httpcore", "dramatiq", "apscheduler", "uvicorn"):
        logging.getLogger(narrator).setLevel(logging.WARNING)
