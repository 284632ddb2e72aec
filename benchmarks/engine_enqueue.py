"""What it costs to hand over work: ours beside a bare INSERT of the same row, bare Dramatiq and Procrastinate.

Ours, the bare INSERT and Procrastinate write to the same durable PostgreSQL, each one in a committed transaction.
Dramatiq writes to the same Valkey, which commits nothing. The bare table has the ledger's columns, without its indexes
and with them; what is claimed is claimed of the one without, which is the harder one. In bulk it is one
statement of whole rows, an array a column, which is quicker than a list of VALUES.
All take turns in rounds, so that a busy moment of the machine falls on each.
"""

import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any
from uuid import uuid4

import redis
from psycopg import sql
from psycopg.types.json import Jsonb

from benchmarks.engine_dramatiq import broker, nothing
from benchmarks.engine_ours import NOTHING
from benchmarks.engine_procrastinate import enqueuer
from benchmarks.figures import Bench, Outcome, at_least, at_most, told
from benchmarks.house import House, house
from benchmarks.simulated import Simulated
from db import Connection
from db.jobs import get
from workers.enqueue import NewJob, Origin, enqueue, enqueue_many

SENTENCE = "Handing over one job and ten thousand, beside a bare INSERT, Dramatiq and Procrastinate."

AT_MOST_ONE, AT_LEAST_BULK = 2.5, 0.25
PLAIN, INDEXED = "bare INSERT", "bare INSERT, the ledger's indexes"


def run(bench: Bench) -> Outcome:
    """Measure one by one, then in bulk."""
    rounds, ones, bulks, many = (2, 10, 1, 200) if bench.is_quick else (20, 25, 3, 10_000)
    nowhere = Simulated("http://127.0.0.1:9", 60.0)
    with house(bench, "engine_enqueue", nowhere) as home:
        one, bulk = _ways(home, bench)
        singles = _timed(bench, "one by one", one, rounds, ones)
        bulked = _timed(bench, "in bulk", {name: partial(do, many) for name, do in bulk.items()}, bulks, 1)
    took = {name: median(values) for name, values in singles.items()}
    rate = {name: many / median(values) for name, values in bulked.items()}
    nowhere.close()
    return Outcome(
        [
            at_most("one: ours, of a bare INSERT", took["ours"] / took[PLAIN], AT_MOST_ONE, "times"),
            told("one: ours, of a bare INSERT with the ledger's indexes", took["ours"] / took[INDEXED], "times"),
            *(told(f"one: {name}", value * 1000, "ms") for name, value in took.items()),
            at_least("bulk: ours, of a bare multi-row INSERT", rate["ours"] / rate[PLAIN], AT_LEAST_BULK, "times"),
            told("bulk: ours, of one with the ledger's indexes", rate["ours"] / rate[INDEXED], "times"),
            *(told(f"bulk: {name}", value, "a second") for name, value in rate.items()),
        ],
        {"jobs_in_bulk": many, "seconds_one": singles, "seconds_bulk": bulked},
    )


def _timed(
    bench: Bench, name: str, ways: dict[str, Callable[[], object]], rounds: int, times: int
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {way: [] for way in ways}
    for nth in range(rounds):
        for way, do in ways.items():
            for _ in range(times):
                began = time.perf_counter()
                do()
                found[way].append(time.perf_counter() - began)
        bench.track(name, nth + 1, rounds)
    return found


def _ways(home: House, bench: Bench) -> tuple[dict[str, Callable[[], object]], dict[str, Callable[[int], object]]]:
    """Open every way to hand over one job, and many."""
    pool = home.resources.pool
    home.know(NOTHING)
    columns, values = _bare(home)

    def ours() -> None:
        with pool.transaction() as conn:
            enqueue(conn, NOTHING.name, origin=Origin.OPERATOR)

    def ours_many(many: int) -> None:
        with pool.transaction() as conn:
            enqueue_many(conn, [NewJob(NOTHING.name)] * many, origin=Origin.OPERATOR)

    def insert_one(table: str) -> None:
        row = [uuid4() if name == "id" else values[name] for name in columns]
        with pool.transaction() as conn:
            conn.execute(_insert_one(table, columns), row)

    def insert(table: str, many: int) -> None:
        arrays = [[uuid4() if name == "id" else values[name] for _ in range(many)] for name in columns]
        with pool.transaction() as conn:
            conn.execute(_insert(table, columns), arrays)

    # Its actor knows its broker since the import, before there was a Valkey: the client is led there now.
    broker.client.connection_pool = redis.ConnectionPool.from_url(bench.servers.redis_url)
    app, task = enqueuer(home.environment["DATABASE_URL"])
    app.open()
    app.schema_manager.apply_schema()
    one: dict[str, Callable[[], object]] = {
        "ours": ours,
        PLAIN: lambda: insert_one("bench_plain"),
        INDEXED: lambda: insert_one("bench_indexed"),
        "dramatiq send": nothing.send,
        "procrastinate defer": task.defer,
    }
    bulk: dict[str, Callable[[int], object]] = {
        "ours": ours_many,
        PLAIN: lambda many: insert("bench_plain", many),
        INDEXED: lambda many: insert("bench_indexed", many),
        "dramatiq send": lambda many: [nothing.send() for _ in range(many)],
        "procrastinate batch_defer": lambda many: task.batch_defer(*[{} for _ in range(many)]),
    }
    return one, bulk


def _bare(home: House) -> tuple[dict[str, str], dict[str, Any]]:
    """Make the two bare tables; return the columns that one may write, and what ours writes there."""
    with home.resources.pool.transaction() as conn:
        job = get(conn, enqueue(conn, NOTHING.name, origin=Origin.OPERATOR).job_id)
        conn.execute(b"CREATE TABLE bench_plain (LIKE rekkrd.jobs INCLUDING DEFAULTS INCLUDING GENERATED)")
        conn.execute(b"CREATE TABLE bench_indexed (LIKE rekkrd.jobs INCLUDING ALL)")
        columns = _writable(conn)
        row = conn.execute(b"SELECT * FROM rekkrd.jobs WHERE id = %s", [job.id]).fetchone() or {}
    columns = {
        name: kind for name, kind in columns.items() if row[name] is not None
    }  # an INSERT leaves out what it has no value for
    return columns, {name: Jsonb(value) if isinstance(value, dict) else value for name, value in row.items()}


def _writable(conn: Connection) -> dict[str, str]:
    rows = conn.execute(
        b"SELECT attname, format_type(atttypid, NULL) AS type FROM pg_attribute "
        b"WHERE attrelid = 'bench_indexed'::regclass "
        b"AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = '' ORDER BY attnum"
    ).fetchall()
    return {row["attname"]: row["type"] for row in rows}


def _insert_one(table: str, columns: dict[str, str]) -> sql.Composed:
    row = sql.SQL(", ").join([sql.Placeholder()] * len(columns))
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, row)


def _insert(table: str, columns: dict[str, str]) -> sql.Composed:
    """One statement of whole rows, an array a column."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    arrays = sql.SQL(", ").join(sql.SQL("%s::{}[]").format(sql.SQL(kind)) for kind in columns.values())
    return sql.SQL("INSERT INTO {} ({}) SELECT * FROM unnest({})").format(sql.Identifier(table), names, arrays)
