"""Records a second through the whole system when nobody limits it, as a multiple of the least that the work can be.

**The bare minimum** is what no importer can leave out, in one process and one connection: ask for a page, parse it,
COPY its rows into one table without an index, commit. It keeps no checkpoint, lease, budget, release, album or log, and
finds no second copy; it shows what the network, JSON and the disk cost, on the same simulator, server and machine.

The worker's memory is read ten times a second while it imports, a fresh process for each size.
"""

import gzip
import http.client
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

import httpx

from actors.catalog import IMPORT_COLLECTION
from benchmarks.figures import Bench, Outcome, at_most, told
from benchmarks.house import House, house
from benchmarks.processes import Memory, Process
from benchmarks.simulated import Collector, Simulated, simulated
from db.jobs import Job
from db.pool import connect

SENTENCE = "Records a second without a limit beside the bare minimum, and the worker's memory."

PAGE = 100
PATIENCE_SECONDS = 900.0
FLAT_MIB = 10.0
ASKERS = 4  # that load the simulator when its own speed is measured
# Grants are spaced by window / limit: this is one every 20 µs, so that the script is the only limit.
UNLIMITED = {"DISCOGS_WINDOW_SECONDS": "1", "DISCOGS_REQUESTS_PER_WINDOW": "50000"}
NO_LIMIT = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Scale:
    """How many records each measurement takes."""

    small: int
    large: int
    bare: int
    collectors: int
    each: int


TRUE = Scale(small=1_000, large=100_000, bare=20_000, collectors=8, each=5_000)
QUICK = Scale(small=200, large=400, bare=400, collectors=2, each=200)


@dataclass(frozen=True, slots=True)
class Pass:
    """One import: its size, its time by the ledger, and the most that its worker weighed meanwhile."""

    records: int
    seconds: float
    idle: Memory
    most: Memory

    @property
    def speed(self) -> float:
        return self.records / self.seconds


def run(bench: Bench) -> Outcome:
    """Measure one after the other: here the machine is the limit."""
    scale = QUICK if bench.is_quick else TRUE
    with (
        simulated(bench.folder, "discogs", window_seconds=1.0, limit=NO_LIMIT) as discogs,
        house(bench, "unlimited", discogs, **UNLIMITED) as home,
    ):
        small = _measured(bench, home, [discogs.open_account("small", records=scale.small)])
        large_account = discogs.open_account("large", records=scale.large)
        large = _measured(bench, home, [large_account])
        crowd = [discogs.open_account(f"one-of-{n}", records=scale.each) for n in range(scale.collectors)]
        many = _measured(bench, home, crowd)
        bare = _bare_minimum(bench, discogs, large_account, scale.bare // PAGE)
        pages = _pages_a_second(discogs, large_account, scale.bare // PAGE)
    return Outcome(
        [
            told(f"one collector of {scale.large:,}: records a second", large.speed, "/s"),
            told(f"{scale.collectors} collectors of {scale.each:,} at once: records a second", many.speed, "/s"),
            told(f"bare minimum, {scale.bare:,} records: records a second", bare, "/s"),
            told("bare minimum as multiple of one collector", bare / large.speed),
            told("bare minimum as multiple of many collectors", bare / many.speed),
            told("simulator alone: pages of 100 a second", pages, "/s"),
            told(f"worker at {scale.small:,} records: RSS", small.most.rss, "MiB"),
            told(f"worker at {scale.large:,} records: RSS", large.most.rss, "MiB"),
            told(f"worker at {scale.small:,} records: PSS", small.most.pss, "MiB"),
            told(f"worker at {scale.large:,} records: PSS", large.most.pss, "MiB"),
            at_most("worker's growth from the one to the other: RSS", large.most.rss - small.most.rss, FLAT_MIB, "MiB"),
            at_most("worker's growth from the one to the other: PSS", large.most.pss - small.most.pss, FLAT_MIB, "MiB"),
        ],
        {"small": asdict(small), "large": asdict(large), "many": asdict(many)},
    )


def _measured(bench: Bench, home: House, collectors: Sequence[Collector]) -> Pass:
    """Import collections at once by a fresh worker."""
    users = [home.move_in(collector) for collector in collectors]
    name = collectors[0].username if len(collectors) == 1 else f"{len(collectors)} collectors"
    with home.worker(name) as worker:
        scales = _Scales(worker)
        asked = [job for user in users for job in home.enqueue(user, IMPORT_COLLECTION)]

        def tell(found: list[Job]) -> None:
            scales.look()
            done, total = sum(job.processed_records for job in found), sum(job.total_records or 1 for job in found)
            bench.track(name, done, total)

        seconds = home.wait(asked, PATIENCE_SECONDS, tell)
    records = sum(home.size(user).copies for user in users)
    return Pass(records, seconds, scales.idle, scales.most)


class _Scales:
    """Weighs a worker now and then, and keeps the most."""

    def __init__(self, worker: Process) -> None:
        self._worker = worker
        self.idle = self.most = worker.memory()

    def look(self) -> None:
        now = self._worker.memory()
        self.most = Memory(max(self.most.rss, now.rss), max(self.most.pss, now.pss))


def _bare_minimum(bench: Bench, discogs: Simulated, collector: Collector, pages: int) -> float:
    """Return the records a second of the least that can be done."""
    headers = {"Authorization": f"Discogs token={collector.personal_token}", "User-Agent": "Benchmark/1.0"}
    with (
        connect(bench.servers.database_url, timeout_seconds=30.0) as conn,
        httpx.Client(base_url=discogs.url, headers=headers, trust_env=False) as client,
    ):
        conn.execute("CREATE TABLE bare (instance_id bigint, release_id bigint, added timestamptz, item jsonb)")
        began, records = time.monotonic(), 0
        for page in range(1, pages + 1):
            answer = client.get(_path(collector), params={"page": page, "per_page": PAGE, "sort": "added"})
            items = answer.raise_for_status().json()["releases"]
            with (
                conn.transaction(),
                conn.cursor() as cursor,
                cursor.copy("COPY bare (instance_id, release_id, added, item) FROM STDIN") as copy,
            ):
                for item in items:
                    # The simulator's odd titles hold NUL, which no text of PostgreSQL can.
                    told_of = json.dumps(item).replace("\\u0000", "")
                    copy.write_row((item["instance_id"], item["id"], item["date_added"], told_of))
            records += len(items)
            bench.track("bare minimum", page, pages)
        return records / (time.monotonic() - began)


def _pages_a_second(discogs: Simulated, collector: Collector, pages: int) -> float:
    """Return how many pages the simulator gives when nobody reads them: to know that it is not the limit."""
    address = urlsplit(discogs.url).netloc
    headers = {
        "Authorization": f"Discogs token={collector.personal_token}",
        "User-Agent": "Benchmark/1.0",
        "Accept-Encoding": "gzip",
    }

    def ask(first: int) -> None:
        wire = http.client.HTTPConnection(address, timeout=30.0)
        for page in range(first, pages + 1, ASKERS):
            wire.request("GET", f"{_path(collector)}?page={page}&per_page={PAGE}&sort=added", headers=headers)
            body = wire.getresponse().read()
            if page == first and len(json.loads(gzip.decompress(body))["releases"]) != PAGE:
                raise ValueError("This is no page of 100.")
        wire.close()

    began = time.monotonic()
    with ThreadPoolExecutor(ASKERS) as threads:
        list(threads.map(ask, range(1, ASKERS + 1)))
    return pages / (time.monotonic() - began)


def _path(collector: Collector) -> str:
    return f"/users/{collector.username}/collection/folders/0/releases"
