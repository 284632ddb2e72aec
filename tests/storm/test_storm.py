"""A storm of a minute over whole processes: every job ends, every item came once, and the limit held."""

import sys

import pytest

from tests.journeys.fleet import SHORT_TIMING
from tests.storm.storm import storm
from tests.storm.weather import Kind

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


@pytest.mark.parametrize(
    ("seed", "seconds"),
    [
        pytest.param(1, 40.0, id="a_minute"),
        *(pytest.param(seed, 60.0, id=f"seed_{seed}", marks=pytest.mark.soak) for seed in range(1, 21)),
    ],
)
def test_a_storm_loses_nothing_and_doubles_nothing(seed, seconds, tmp_path, servers, migrated_database_url, redis_url):
    survived = storm(
        tmp_path,
        servers,
        migrated_database_url,
        redis_url,
        seed=seed,
        seconds=seconds,
        timing=SHORT_TIMING,
        say=lambda line: sys.stdout.write(f"{line}\n"),
    )
    sys.stdout.write("\n".join(["", *survived.lines(), ""]))
    again = f"make storm SEED={seed} DURATION={seconds:g}"
    assert survived.complaints == [], f"The oracle found faults. The same storm again: {again}"
    families = {kind.partition(":")[0] for kind in Kind}  # a busy machine may leave a single kind nothing to strike
    assert {kind.partition(":")[0] for kind in survived.struck} == families, again
