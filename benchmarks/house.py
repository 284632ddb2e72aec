"""Our whole system for one measurement: a database and a budget of its own, users, jobs, and workers as processes."""

import os
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from actors import publishing
from actors.catalog import CATALOG, IMPORT_COLLECTION, IMPORT_WANTLIST
from benchmarks.figures import Bench
from benchmarks.processes import Process, ProcessFailed, running
from benchmarks.simulated import Collector, Simulated
from cli.children import ours
from db import jobs, kinds, links, shelf, users
from db.jobs import NOBODY, Job, State
from db.links import Credentials
from db.pool import connect
from db.shelf import Size
from simulator.settings import SimulatorSettings
from workers.enqueue import NewJob, Origin, enqueue_many
from workers.kinds import Kind, Plain
from workers.resources import Resources, open_resources
from workers.settings import Settings

LOOK_SECONDS = 0.1
DATABASE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class House:
    """One fleet. Several stand side by side on the same two servers without touching each other."""

    name: str
    folder: Path
    resources: Resources
    environment: dict[str, str]

    def move_in(self, collector: Collector) -> UUID:
        """Make a user and connect the account, without a request."""
        credentials = Credentials("oauth", collector.oauth_token, collector.oauth_secret)
        with self.resources.pool.transaction() as conn:
            user = users.create(conn, collector.username, tier="archivist")
            links.connect(
                conn,
                self.resources.keys,
                user.id,
                username=collector.username,
                discogs_user_id=collector.account_id,
                credentials=credentials,
            )
        return user.id

    def enqueue(self, user_id: UUID, *kinds: Kind[Any, Any]) -> list[Job]:
        """Put jobs into the ledger, in one transaction."""
        return self.enqueue_together([(user_id, kind, None) for kind in kinds])

    def enqueue_together(self, wanted: Iterable[tuple[UUID, Kind[Any, Any], Plain | None]]) -> list[Job]:
        """Enqueue jobs of several users, with their arguments, in one transaction."""
        asked = list(wanted)
        self.know(*(kind for _, kind, _ in asked))
        new = [
            NewJob(kind.name, None if user_id == NOBODY else user_id, arguments) for user_id, kind, arguments in asked
        ]
        with self.resources.pool.transaction() as conn:
            enqueued = enqueue_many(conn, new, origin=Origin.OPERATOR)
            return [jobs.get(conn, one.job_id) for one in enqueued]

    def know(self, *used: Kind[Any, Any]) -> None:
        """Store the kinds that exist in a benchmark only, as a migration does with the others."""
        own = {kind.name: publishing.row_of(kind) for kind in used if kind.name not in CATALOG}
        with self.resources.pool.transaction() as conn:
            kinds.keep(conn, list(own.values()))

    def enqueue_import(self, user_id: UUID) -> list[Job]:
        """Ask for collection and wantlist."""
        return self.enqueue(user_id, IMPORT_COLLECTION, IMPORT_WANTLIST)

    def look(self, asked: Sequence[Job]) -> list[Job]:
        """Read jobs as they stand now."""
        with self.resources.pool.transaction() as conn:
            found = [jobs.find(conn, job.id) for job in asked]
        return [job for job in found if job is not None]

    def wait(self, asked: Sequence[Job], seconds: float, tell: Callable[[list[Job]], None] = lambda _: None) -> float:
        """Wait until all are completed; return the seconds from the first one's row to the last one's end.

        Raises ProcessFailed when one is not.
        """
        deadline = time.monotonic() + seconds
        while True:
            found = self.look(asked)
            tell(found)
            ended = [job.finished_at for job in found if job.finished_at is not None]
            if len(ended) == len(asked):
                break
            if time.monotonic() > deadline:
                raise ProcessFailed(f"{self.name}: the jobs did not end in {seconds:.0f} s.")
            time.sleep(LOOK_SECONDS)
        for job in found:
            if job.state is not State.COMPLETED:
                raise ProcessFailed(f"{self.name}: {job.kind} is {job.state}: {job.error}")
        return (max(ended) - min(job.created_at for job in found)).total_seconds()

    def size(self, user_id: UUID) -> Size:
        """Count what came over."""
        with self.resources.pool.transaction() as conn:
            return shelf.sizes(conn, [user_id])[user_id]

    @contextmanager
    def worker(self, name: str = "worker", command: Sequence[str] | None = None) -> Iterator[Process]:
        """Run a worker that is ready when the context begins."""
        log = self.folder / f"{self.name}-{name}.log"
        with running(command or ours("worker"), self.environment, log) as process:
            process.wait_until(lambda said: "worker_started" in said)
            yield process


@contextmanager
def house(bench: Bench, name: str, discogs: Simulated, **settings: str) -> Iterator[House]:
    """Build one: an empty migrated database, a namespace in Valkey, the simulator as Discogs, defaults otherwise."""
    simulator = SimulatorSettings()
    url = _new_database(bench.servers.database_url, name)
    own = {
        "DATABASE_URL": url,
        "DATABASE_DIRECT_URL": url,
        "REDIS_URL": bench.servers.redis_url,
        "REKKRD_REDIS_NAMESPACE": name,
        "DISCOGS_OAUTH_ENCRYPTION_KEY": b64encode(os.urandom(32)).decode(),
        "DISCOGS_API_URL": discogs.url,
        "DISCOGS_CONSUMER_KEY": simulator.consumer_key,
        "DISCOGS_CONSUMER_SECRET": simulator.consumer_secret.get_secret_value(),
        "DISCOGS_WINDOW_SECONDS": str(discogs.window_seconds),
        "REKKRD_LOG_FORMAT": "json",
        "REKKRD_DATA_DIR": str(bench.folder / "nothing"),
        **settings,
    }
    file = bench.folder / f"{name}.env"
    file.write_text("".join(f"{key}='{value}'\n" for key, value in own.items()), encoding="utf-8")
    try:
        with open_resources(Settings(str(file))) as resources:
            yield House(name, bench.folder, resources, {**os.environ, **own})
    finally:
        _do(bench.servers.database_url, f'DROP DATABASE "{name}" WITH (FORCE)')


def _new_database(server_url: str, name: str) -> str:
    _do(server_url, f'CREATE DATABASE "{name}"')
    url = urlsplit(server_url)._replace(path=f"/{name}").geturl()
    publishing.bring_up_to_date(url)
    return url


def _do(server_url: str, statement: str) -> None:
    with connect(server_url, timeout_seconds=DATABASE_SECONDS) as conn:
        conn.execute(statement.encode())
