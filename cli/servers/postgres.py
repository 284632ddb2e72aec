"""Our own PostgreSQL: its data made once, its socket private, its password random."""

import secrets
import shutil
import socket
from pathlib import Path
from signal import SIGINT
from urllib.parse import quote

from cli.servers import binaries
from cli.servers.errors import ELSEWHERE, OtherVersion, ServerFailed, ServersFailed
from cli.servers.home import Home
from cli.servers.server import Server
from cli.servers.wreckage import is_alive

ROLE = "rekkrd"
DATABASE = "postgres"
SOCKET_PORT = 5432  # only part of the socket's name
READY_LINE = 7  # of postmaster.pid, which postmaster writes as it goes

SETTINGS = {
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "dynamic_shared_memory_type": "mmap",  # in the data folder: a kill leaves nothing in /dev/shm, whatever its size
    "jit": "off",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # statements and rows have no business in a log
    "log_error_verbosity": "terse",
    "timezone": "UTC",
}
# A commit is still written before it is answered, only not flushed: without synchronous_commit a kill of the server
# would take the last ones with it, and a storm would blame us for what it lost.
FAST_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class Postgres(Server):
    """PostgreSQL 18. Without ``durable`` a loss of power may destroy the data; a kill does not."""

    name = "PostgreSQL"
    end_signal = SIGINT  # fast: sessions are closed, the data is written

    def __init__(self, home: Home, *, durable: bool = True, keep: bool = True, listen_tcp: bool = False) -> None:
        super().__init__(home, keep=keep)
        self.durable = durable
        self.port = _free_port() if listen_tcp else SOCKET_PORT
        self._listens = "127.0.0.1" if listen_tcp else ""
        self._tree = binaries.runnable(binaries.find_postgres(), home.account, home.folder)
        self._password = _kept_password(home)

    @property
    def data(self) -> Path:
        return self.home.folder / "data"

    def url(self, database: str = DATABASE) -> str:
        """The address of a database over the private socket."""
        host = quote(str(self.home.sockets), safe="")
        return f"postgresql://{ROLE}:{self._password}@/{quote(database, safe='')}?host={host}&port={self.port}"

    def tcp_url(self, database: str = DATABASE) -> str:
        """The address over TCP, when that was asked for."""
        return f"postgresql://{ROLE}:{self._password}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def noted_pid(self) -> int | None:
        first = _lines(self._note)[:1]
        return int(first[0]) if first and first[0].isdigit() else None

    def prepare(self) -> None:
        """Make the data if it is not there. Raises ServerFailed."""
        if (noted := self.noted_pid()) and is_alive(noted):
            # Orphans were ended, so its number is somebody else's now: PostgreSQL would take that one for a postmaster.
            # Otherwise the note stays: by it PostgreSQL finds and removes the old shared memory.
            self._note.unlink()
        if not (self.data / "PG_VERSION").exists():
            self._refuse_remains()
            self._make_data()

    def command(self) -> list[str | Path]:
        sockets = str(self.home.sockets).replace('"', '""')
        settings = {
            "listen_addresses": self._listens,
            "port": str(self.port),
            "unix_socket_directories": f'"{sockets}"',  # a list: quoted, for a name may have a comma
            **SETTINGS,
            **({} if self.durable else FAST_SETTINGS),
        }
        chosen = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [self._tree / "bin" / "postgres", "-D", self.data, *chosen]

    def is_ready(self) -> bool:
        lines = _lines(self._note)
        return len(lines) > READY_LINE and lines[0] == str(self.pid) and lines[READY_LINE].strip() == "ready"

    def failure(self, what: str) -> ServersFailed:
        if (
            self.home.log.exists()
            and "files are incompatible with server" in self.home.log.read_text(errors="replace")[-2000:]
        ):
            return OtherVersion(
                f"The data in {self.data} was written by PostgreSQL {_lines(self.data / 'PG_VERSION')[0]}, "
                "which this one cannot read.",
                f"Dump it with the version that wrote it, or start anew: {ELSEWHERE}",
            )
        return super().failure(what)

    @property
    def _note(self) -> Path:
        return self.data / "postmaster.pid"

    def _refuse_remains(self) -> None:
        """Refuse a folder with files but without PG_VERSION: new data in it would destroy what can be restored."""
        if self.data.exists() and any(self.data.iterdir()):
            raise ServerFailed(
                f"{self.data} holds files but no PG_VERSION: it is damaged, or no data of PostgreSQL.",
                "Restore the folder from a backup, or move it away: `rekkrd up` then starts with new, empty data.",
            )

    def _make_data(self) -> None:
        """Make the data beside its place and move it there: what was begun and not finished is thrown away."""
        self.home.account.require_name()
        draft = self.home.folder / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        making = self.run(
            [
                self._tree / "bin" / "initdb",
                *("--pgdata", draft, "--username", ROLE, "--pwfile", self.home.folder / "password"),
                *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--data-checksums", "--encoding=UTF8"),
                # The same order of words on every system, and no locale of the machine is needed.
                *(
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C",
                    "--no-instructions",
                    "--no-clean",
                ),
                *(() if self.durable else ("--no-sync",)),
            ]
        )
        if making.wait() != 0:
            failure = self.failure("could not make its data")  # before there is room again
            shutil.rmtree(draft, ignore_errors=True)
            raise failure
        if self.data.exists():
            self.data.rmdir()  # refuses a folder that has something in it
        draft.rename(self.data)


def _kept_password(home: Home) -> str:
    path = home.folder / "password"
    if not path.exists():
        home.account.write_file(path, secrets.token_hex(24))
    return path.read_text().strip()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
