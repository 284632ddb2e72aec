"""What a journey is given: a fleet on real servers, all of whose processes end with the test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cli.servers import Servers
from db.pool import Pool
from tests.journeys.fleet import SHORT_TIMING, TRUE_TIMING, Fleet, Timing
from tests.journeys.simulated import simulated

Launch = Callable[..., Fleet]


@pytest.fixture(
    params=[
        pytest.param(SHORT_TIMING, id="short"),
        pytest.param(TRUE_TIMING, id="true_times", marks=pytest.mark.soak),
    ]
)
def timing(request: pytest.FixtureRequest) -> Timing:
    """The times of a journey: each is made with short ones, and with true ones by `make soak`."""
    chosen: Timing = request.param
    return chosen


@pytest.fixture
def new_fleet(
    timing: Timing, servers: Servers, migrated_database_url: str, redis_url: str, tmp_path: Path
) -> Iterator[Launch]:
    """Make a fleet: a database of its own, an empty Valkey, a Discogs without accounts, and no worker yet."""
    with ExitStack() as stack:

        def launch(*, latency: float = 0.0, timing: Timing = timing) -> Fleet:
            discogs = stack.enter_context(simulated(tmp_path, window_seconds=timing.window, latency=latency))
            pool = Pool(migrated_database_url, size=2, timeout_seconds=10)
            stack.callback(pool.close)
            fleet = Fleet(tmp_path, servers, migrated_database_url, redis_url, discogs, timing, pool)
            stack.callback(fleet.close)
            return fleet

        yield launch
