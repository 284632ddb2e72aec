"""Jobs for the displays, and a screen of 80 columns that can be read back."""

import logging
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import structlog
from rich.console import Console

from db.jobs import State

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINA = UUID(int=7)


@pytest.fixture(autouse=True)
def _logs_as_before():
    """A command sets up the logs of its process; here the process is the tests' own."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def mina():
    return MINA


@pytest.fixture
def drawn():
    """Draw something on 80 columns without colours, and return its lines."""

    def draw(renderable, width=80):
        console = Console(width=width, record=True, file=None, force_terminal=False, quiet=False, no_color=True)
        with console.capture() as captured:
            console.print(renderable)
        return captured.get().splitlines()

    return draw


@pytest.fixture
def job(job_row):
    """Make a job's row; what is not said is that of a collection's import under way."""
    under_way = {
        "id": UUID("3f2a9c1e-0000-4000-8000-000000000001"),
        "user_id": MINA,
        "state": State.RUNNING,
        "started_at": NOW - timedelta(seconds=60),
        "fence": 9,
        "steps": 9,
        "requests": 9,
        "checkpoint": {"stage": "pages", "current_page": 6},
        "total_records": 1000,
        "processed_records": 600,
        "due_at": NOW,
    }
    return lambda **said: job_row(NOW - timedelta(seconds=70), **{**under_way, **said})
