"""Servers of our own on one machine: PostgreSQL and Valkey from PyPI wheels, which end with us, however we end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.servers.errors import translated
from cli.servers.guard import remove
from cli.servers.home import open_home
from cli.servers.postgres import Postgres
from cli.servers.server import Server
from cli.servers.valkey import Valkey

__all__ = ["Postgres", "Servers", "Valkey", "running", "running_postgres", "running_valkey"]


@dataclass(frozen=True, slots=True)
class Servers:
    """Both, running. Each can be stopped, killed, started and restarted, and keeps its addresses."""

    postgres: Postgres
    valkey: Valkey

    @property
    def database_url(self) -> str:
        return self.postgres.url()

    @property
    def redis_url(self) -> str:
        return self.valkey.url()


@contextmanager
def running(folder: Path, *, durable: bool = True, keep: bool = True, listen_tcp: bool = False) -> Iterator[Servers]:
    """Run both on ``folder``, which is made if need be. ``keep`` False removes it in the end, even if we are killed.

    Raises:
        ServersFailed: with a sentence for a person; see errors.py for its kinds.
    """
    with (
        running_valkey(folder, keep=keep, listen_tcp=listen_tcp) as valkey,
        running_postgres(folder, durable=durable, keep=keep, listen_tcp=listen_tcp) as postgres,
    ):
        yield Servers(postgres, valkey)


@contextmanager
def running_postgres(
    folder: Path, *, durable: bool = True, keep: bool = True, listen_tcp: bool = False
) -> Iterator[Postgres]:
    """Run PostgreSQL alone. Raises ServersFailed."""
    with open_home(folder, "postgres") as home:
        with translated(home.asked_for):
            server = Postgres(home, durable=durable, keep=keep, listen_tcp=listen_tcp)
        with _started(server):
            yield server


@contextmanager
def running_valkey(folder: Path, *, keep: bool = True, listen_tcp: bool = False) -> Iterator[Valkey]:
    """Run Valkey alone. Raises ServersFailed."""
    with open_home(folder, "valkey") as home:
        with translated(home.asked_for):
            server = Valkey(home, keep=keep, listen_tcp=listen_tcp)
        with _started(server):
            yield server


@contextmanager
def _started(server: Server) -> Iterator[None]:
    try:
        server.start()
        yield
    finally:
        server.stop()
        if not server.keep:
            remove(server.home.everything, server.home.above)
