"""Our own Valkey: nothing kept, for it may be emptied at any moment, and nobody but us gets in."""

import secrets
import socket
from pathlib import Path
from signal import SIGTERM
from urllib.parse import quote

from cli.servers import binaries
from cli.servers.home import Home
from cli.servers.server import Server

DATABASES = 64
PING_SECONDS = 1.0


class Valkey(Server):
    """Valkey 9, in memory only."""

    name = "Valkey"
    end_signal = SIGTERM

    def __init__(self, home: Home, *, keep: bool = True, listen_tcp: bool = False) -> None:
        super().__init__(home, keep=keep)
        self.port = _free_port() if listen_tcp else 0
        self._tree = binaries.runnable(binaries.find_valkey(), home.account, home.folder)
        self._password = secrets.token_hex(24)

    @property
    def socket(self) -> Path:
        return self.home.sockets / "valkey.sock"

    def url(self, database: int = 0) -> str:
        """The address over the private socket."""
        return f"unix://:{self._password}@{quote(str(self.socket))}?db={database}"

    def tcp_url(self, database: int = 0) -> str:
        """The address over TCP, when that was asked for."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        self.home.account.write_file(self._file, self._settings())

    def command(self) -> list[str | Path]:
        return [self._tree / "valkey-server", self._file]  # a file, for everybody sees what stands in a command

    def is_ready(self) -> bool:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PING_SECONDS)
            try:
                line.connect(str(self.socket))
                line.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    if not (read := line.recv(64)):
                        return False
                    answer += read
            except OSError:
                return False
        return answer == b"+OK\r\n+PONG\r\n"

    @property
    def _file(self) -> Path:
        return self.home.folder / "valkey.conf"

    def _settings(self) -> str:
        lines = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "unixsocket": _quoted(str(self.socket)),
            "unixsocketperm": "700",
            "requirepass": self._password,
            "dir": _quoted(str(self.home.folder)),
            "databases": str(DATABASES),
            "save": '""',
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
