"""What the ledger counts is what Discogs saw: by user, lane, kind and endpoint, and over the death of a worker."""

from collections import Counter

import pytest

from actors.catalog import IMPORT_WANTLIST

pytestmark = pytest.mark.journey

OFTEN = {"REKKRD_USAGE_FLUSH_SECONDS": "0.2"}
SELDOM = {"REKKRD_USAGE_FLUSH_SECONDS": "30"}


def stored(fleet, by="user_id"):
    """Requests in the ledger, added up by a column of its minutes."""
    rows = fleet.rows(f"SELECT {by} AS name, sum(requests)::int AS n FROM rekkrd.usage_minutes GROUP BY 1")
    return Counter({row["name"]: row["n"] for row in rows})


def seen(fleet):
    """Requests at Discogs, by the collector for whom they came."""
    ids = {person.username: person.user_id for person in fleet.people}
    return Counter(ids[one.user] for one in fleet.discogs.arrivals())


def imports(fleet):
    rows = fleet.rows("SELECT user_id, sum(imports)::int AS n FROM discogs_usage GROUP BY 1")
    return {row["user_id"]: row["n"] for row in rows}


def test_sums_are_what_discogs_saw_when_workers_ended_well(new_fleet):
    fleet = new_fleet()
    fleet.crowd(250, 120, 30)
    fleet.start_imports()
    workers = fleet.start_workers(2, **SELDOM)
    fleet.wait_until_over()
    assert [worker.terminate() for worker in workers] == [0, 0]
    came = seen(fleet)
    assert came.total() == fleet.requests_needed()
    assert stored(fleet) == came
    assert stored(fleet, "lane") == {"import": came.total()}
    spent = fleet.rows("SELECT kind, sum(requests)::int AS n FROM rekkrd.jobs WHERE steps > 0 GROUP BY 1")
    assert stored(fleet, "kind") == {row["kind"]: row["n"] for row in spent}
    by_endpoint = Counter(one.endpoint for one in fleet.discogs.arrivals())
    assert sorted(stored(fleet, "endpoint").values()) == sorted(by_endpoint.values())
    months = fleet.rows("SELECT user_id, sum(api_calls)::int AS n FROM discogs_usage GROUP BY 1")
    assert {row["user_id"]: row["n"] for row in months} == came
    assert imports(fleet) == {person.user_id: 2 for person in fleet.people}


def test_a_killed_worker_loses_at_most_what_it_had_not_stored(new_fleet):
    fleet = new_fleet(latency=0.05)
    ada, ben = fleet.crowd(200, 900)
    (first,) = fleet.start_workers(**OFTEN)
    fleet.start_import(ada)
    fleet.wait_until_over()
    fleet.wait_until(lambda: stored(fleet) == seen(fleet), "what was counted is not stored")
    safe = seen(fleet)
    fleet.start_import(ben)
    fleet.stop_while(first, lambda job: job["is_executing"])
    fleet.kill(first)
    at_death, kept = seen(fleet), stored(fleet)
    assert safe <= kept <= at_death
    (second,) = fleet.start_workers(**SELDOM)
    fleet.start_import(ben, IMPORT_WANTLIST)
    fleet.wait_until_over()
    assert second.terminate() == 0
    assert stored(fleet) - kept == seen(fleet) - at_death
    assert imports(fleet) == {ada.user_id: 1, ben.user_id: 2}


@pytest.mark.soak  # 23 s; a counting whose database is away is always tried in tests/workers
def test_a_database_away_for_a_while_loses_no_count(new_fleet):
    fleet = new_fleet(latency=0.3)
    fleet.start_import(fleet.person(records=900))
    (worker,) = fleet.start_workers(**OFTEN)
    fleet.wait_for_steps(4)
    fleet.stop_while(worker, lambda job: job["is_executing"])
    fleet.servers.postgres.stop()  # in good order: killed, the servers of tests forget what they had stored
    worker.wake()
    fleet.wait_until(lambda: bool(worker.events("counts_not_stored")), "nothing was counted meanwhile")
    fleet.servers.postgres.start()
    fleet.wait_until_over()
    assert worker.terminate() == 0
    assert stored(fleet) == seen(fleet)
