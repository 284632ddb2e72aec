"""A count whose storing was not heard of is stored once, when the reply was lost on the wire for real."""

from uuid import uuid4

import psycopg
import pytest

from db.pool import Pool
from tests.storm.proxy import before_postgres
from workers.usage import Tally

ADA = str(uuid4())


@pytest.mark.parametrize("lost", [1, 2])
def test_a_flush_whose_commit_lost_its_reply_counts_once(migrated_database_url, lost):
    def stored() -> int:
        with psycopg.connect(migrated_database_url) as conn:
            (requests,) = conn.execute("SELECT coalesce(sum(requests), 0) FROM rekkrd.usage_minutes").fetchone()
            return int(requests)

    def count(times: int) -> None:
        for _ in range(times):
            counted.count("GET /a", user=ADA, lane="import", kind="k")

    with before_postgres(migrated_database_url) as (proxy, url):
        pool = Pool(url, size=1, timeout_seconds=5)
        counted = Tally(pool, flush_seconds=3600.0)
        count(3)
        proxy.lose(lost, b"COMMIT")
        for _ in range(lost):
            assert not counted.flush()
            assert stored() == 3
        count(2)
        assert counted.flush()
        assert stored() == 5
        counted.close()
        pool.close()
    assert proxy.lost == lost
