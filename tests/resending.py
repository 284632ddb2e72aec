"""A real local server that stands for Resend: it takes a mail once for a key, and answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "re_key"


@dataclass
class FakeResend:
    """What it took, by key; what it was asked, with which end; and how it goes on.

    ``says`` are the next statuses, which take nothing; 0 takes the mail and hangs up. ``garbled`` is said once in place
    of an answer. ``meanwhile`` happens once it took a mail, before it says so.
    """

    url: str = ""
    taken: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    says: list[int] = field(default_factory=list)
    garbled: bytes = b""
    meanwhile: Callable[[], object] = lambda: None

    def take(self, key: str, mail: Any) -> int:
        """Take a mail, and say no to another one under the same key."""
        status = self.says.pop(0) if self.says else 200
        if status in {0, 200} and self.taken.setdefault(key, mail) != mail:
            status = 409
        self.asked.append((key, status))
        return status

    def words(self, status: int) -> bytes:
        name = "invalid_idempotent_request" if status == 409 else "application_error"
        said = {"id": "1"} if status == 200 else {"statusCode": status, "name": name, "message": "no"}
        text, self.garbled = self.garbled or json.dumps(said).encode(), b""
        return text


@contextmanager
def resending() -> Iterator[FakeResend]:
    """Run one on a free port."""
    fake = FakeResend()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert (self.path, self.headers["Authorization"]) == ("/emails", f"Bearer {KEY}")
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = fake.take(self.headers["Idempotency-Key"], body)
            fake.meanwhile()
            if status == 0:
                self.close_connection = True
                return
            text = fake.words(status)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
