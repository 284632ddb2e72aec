"""A worker dies at every statement boundary of claim, page and completion, and nothing is ever half done."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST
from db import line
from db.pool import Pool
from tests.journeys import oracle
from tests.journeys.fleet import Fleet, Person, Timing
from tests.journeys.simulated import simulated
from tests.new_jobs import enqueue

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

RECORDS, WANTS = 101, 3  # two pages, and one
LAST = 5  # of a collection's steps: identity, folders, fields, two pages
NEVER, AFTER_CLAIM = 0, 12
FAST = Timing(window=0.5, send_deadline=0.2, answer_deadline=4.0)  # a token every 9 ms
MOST_BOUNDARIES = 200
LOOK_SECONDS = 0.002

# What a claim, a call, a death or what is counted may change; everything else only changes with a step's COMMIT.
NOT_OF_STEPS = {
    "jobs", "turns", "lanes", "gates", "discogs_import_jobs", "attempts",
    "touched", "usage_minutes", "usage_months", "usage_flushes", "discogs_usage", "tallies", "lease_extensions",
    "presence_sessions",
}  # fmt: skip
TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('rekkrd', 'public') ORDER BY 1, 2"
BACKENDS = (
    "SELECT count(*) AS open FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rekkrd'"
)
TIME_PASSES = """
    UPDATE rekkrd.jobs SET
        leased_until = leased_until - interval '1 hour', called_until = called_until - interval '1 hour',
        due_at = due_at - interval '1 hour'
"""
FORGIVE = "UPDATE rekkrd.jobs SET crashes = 0"  # three deaths at one checkpoint would rightly end the job


@dataclass
class Ledger:
    """The database, and the process that dies on order."""

    conn: psycopg.Connection[dict[str, Any]]
    process: subprocess.Popen[str]
    tables: list[sql.Identifier]

    def dies(self, deed: str, boundary: int, job_id: UUID | None = None) -> bool:
        """Do it in a child that dies at that boundary; False when it ended without coming so far."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"deed": deed, "boundary": boundary, "job": str(job_id)}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert answer["code"] == (-9 if answer["died"] else 0), answer
        while self.conn.execute(BACKENDS).fetchone() != {"open": 0}:
            time.sleep(LOOK_SECONDS)  # the server takes a moment to see that nobody is there any more
        return bool(answer["died"])

    def recover(self) -> None:
        """Let every lease and call run out; what was in hand is taken back, and called up again."""
        self.conn.execute(TIME_PASSES)
        with self.conn.transaction():
            line.take_back_expired(self.conn)
            for takes_token in (True, False):
                line.call_up(self.conn, lane="import", takes_token=takes_token, room=9, call_seconds=600)
        self.conn.execute(FORGIVE)

    def job(self, job_id: UUID) -> dict[str, Any]:
        row = self.conn.execute("SELECT * FROM rekkrd.jobs WHERE id = %s", [job_id]).fetchone()
        assert row is not None
        return row

    def contents(self) -> dict[str, Any]:
        """A digest of each table that only a step's COMMIT may change; they come in no order."""
        digest = sql.SQL("SELECT {} AS name, md5(string_agg(t::text, '' ORDER BY t::text)) AS rows FROM {} AS t")
        each = sql.SQL(" UNION ALL ").join(
            sql.SQL("({})").format(digest.format(sql.Literal(table.as_string()), table)) for table in self.tables
        )
        return {row["name"]: row["rows"] for row in self.conn.execute(each)}

    def of_user(self, user_id: UUID) -> Counter[str]:
        """How many rows a collector has in each table."""
        rows = Counter[str]()
        for table in self.tables:
            with_user = sql.SQL("SELECT count(*) AS rows FROM {} AS t WHERE to_jsonb(t) ->> 'user_id' = %s")
            found = self.conn.execute(with_user.format(table), [str(user_id)]).fetchone()
            assert found is not None
            rows[table.as_string()] = found["rows"]
        return rows


@pytest.fixture
def fleet(servers, migrated_database_url, redis_url, tmp_path) -> Iterator[Fleet]:
    with simulated(tmp_path, window_seconds=FAST.window) as discogs:
        pool = Pool(migrated_database_url, size=1, timeout_seconds=5)
        fleet = Fleet(tmp_path, servers, migrated_database_url, redis_url, discogs, FAST, pool)
        fleet.crowd(RECORDS, RECORDS, wants=WANTS)
        pool.close()  # from here on a connection of ours is one of the mortal's
        yield fleet
        fleet.close()


@pytest.fixture
def ledger(fleet: Fleet) -> Iterator[Ledger]:
    with (
        psycopg.connect(fleet.database_url, autocommit=True, row_factory=dict_row) as conn,
        subprocess.Popen(
            [sys.executable, "-m", "tests.storm.mortal"],
            env={**fleet.environment(), "REKKRD_LOG_LEVEL": "error", "REKKRD_WORKER_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        found = conn.execute(TABLES).fetchall()
        tables = [
            sql.Identifier(row["schemaname"], row["tablename"]) for row in found if row["tablename"] not in NOT_OF_STEPS
        ]
        yield Ledger(conn, process, tables)
        assert process.stdin is not None
        process.stdin.close()


def start(ledger: Ledger, person: Person, kind: Any) -> UUID:
    with ledger.conn.transaction():
        return enqueue(ledger.conn, kind, person.user_id).job.id


def stand(job: dict[str, Any]) -> dict[str, Any]:
    """What of a job only a step's COMMIT may change, without what tells two collectors apart."""
    checkpoint = {name: value for name, value in job["checkpoint"].items() if name not in {"sweep", "account_id"}}
    columns = ("steps", "requests", "attempts", "total_records", "processed_records", "skipped_records", "outcome")
    return {
        "checkpoint": checkpoint,
        "is_over": job["finished_at"] is not None,
        **{name: job[name] for name in columns},
    }


def undisturbed(ledger: Ledger, person: Person, kind: Any) -> list[tuple[dict[str, Any], Counter[str]]]:
    """How the same job stands after each of its steps when nobody dies."""
    job_id = start(ledger, person, kind)
    stands = [(stand(ledger.job(job_id)), ledger.of_user(person.user_id))]
    while not stands[-1][0]["is_over"]:
        ledger.recover()
        assert not ledger.dies("run", NEVER, job_id)
        stands.append((stand(ledger.job(job_id)), ledger.of_user(person.user_id)))
    return stands


@pytest.mark.parametrize(
    ("kind", "swept"),
    [
        pytest.param(IMPORT_WANTLIST, {1}, id="wantlist"),
        pytest.param(IMPORT_COLLECTION, set(range(1, LAST + 1)), id="all_steps", marks=pytest.mark.soak),
    ],
)
def test_who_dies_at_any_statement_of_a_step_leaves_all_of_it_or_nothing(fleet, ledger, kind, swept):
    witness, mortal = fleet.people
    stands = undisturbed(ledger, witness, kind)
    job_id = start(ledger, mortal, kind)
    deaths = Counter[int]()
    for step, (expected, rows) in enumerate(stands[1:], 1):
        before, contents = stand(ledger.job(job_id)), ledger.contents()
        for boundary in range(1, MOST_BOUNDARIES) if step in swept else [NEVER]:
            ledger.recover()
            died = ledger.dies("run", boundary, job_id)
            deaths[step] += died
            after = stand(ledger.job(job_id))
            if after["steps"] == step:
                break
            assert after == before
            assert ledger.contents() == contents, f"step {step} was half done at boundary {boundary}"
            assert died, f"step {step} ended at boundary {boundary} and did nothing"
        assert after == expected
        assert ledger.of_user(mortal.user_id) == rows
    sys.stdout.write(f"{kind.name}: {deaths.total()} deaths, by step {dict(deaths)}\n")
    assert all(deaths[step] > 20 for step in swept)
    assert len(stands) - 1 == max(swept), "the steps are others than we sweep"
    assert oracle.ledger_complaints(ledger.conn) == []
    for person in fleet.people:
        said = oracle.complaints(ledger.conn, person.user_id, without(kind, fleet.truth(person)))
        assert said == []


def without(kind: Any, truth: dict[str, Any]) -> dict[str, Any]:
    """The truth about what this kind of job brings over."""
    others = ("wants",) if kind is IMPORT_COLLECTION else ("instances", "fields", "folders")
    return {**truth, **{name: [] for name in others}}


def test_who_dies_at_any_statement_of_a_call_or_a_take_over_costs_no_step(fleet, ledger):
    person = fleet.people[0]
    job_id = start(ledger, person, IMPORT_WANTLIST)
    ledger.recover()
    assert ledger.dies("run", AFTER_CLAIM, job_id)  # so that there is a step to take over
    assert ledger.job(job_id)["leased_by"] is not None
    before = stand(ledger.job(job_id)), ledger.contents()
    for boundary in count(1):
        ledger.conn.execute(TIME_PASSES)
        died = ledger.dies("look", boundary)
        assert (stand(ledger.job(job_id)), ledger.contents()) == before
        if not died:
            break
    sys.stdout.write(f"{boundary - 1} deaths of a dispatcher\n")
    assert ledger.job(job_id)["called_until"] is not None
    ledger.recover()
    assert not ledger.dies("run", NEVER, job_id)
    assert ledger.job(job_id)["state"] == "completed"
