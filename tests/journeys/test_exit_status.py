"""Every process of ours ends with status 0 after a clean shutdown."""

import socket
import sys

import pytest

from tests.journeys.fleet import SHORT_TIMING

pytestmark = pytest.mark.journey

STARTED = {"worker": "worker_started", "scheduler": "scheduler_started", "api": "api_listening"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("command", STARTED)
def test_a_process_ends_with_status_0_after_sigterm(new_fleet, command):
    fleet = new_fleet(timing=SHORT_TIMING)
    process = fleet.launch([sys.executable, "-m", "cli.main", command], REKKRD_API_PORT=str(free_port()))
    fleet.wait_until(lambda: process.events(STARTED[command]), f"the {command} did not start")
    assert process.terminate() == 0
