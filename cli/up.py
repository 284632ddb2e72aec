"""`rekkrd up`: everything on one machine, until Ctrl-C."""

import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import typer
from rich.text import Text

from actors import publishing
from actors.wording import count
from api.settings import ApiSettings
from cli import here, ports, running_settings, screen, simulated, words
from cli.children import Child, Family, Hear, ours
from cli.place import Place, development_key, hold
from cli.production import require_complete
from cli.servers import Postgres, Valkey, running_postgres, running_valkey
from cli.settings import CommandSettings
from db import presence
from db.errors import DatabaseError
from db.migrations import FUNCTIONS
from simulator.settings import SimulatorSettings
from workers.settings import Settings

COLOURS = {"api": "blue", "worker": "cyan", "scheduler": "magenta", "simulator": "yellow"}
LOOK_SECONDS = 1.0
NAME_WIDTH = max(len(name) for name in COLOURS)


@dataclass(frozen=True, slots=True)
class Running:
    """What is up: the settings as completed, where the doors are, and the processes to watch over."""

    settings: Settings
    place: Place
    api_url: str
    family: Family
    servers: tuple[Postgres | Valkey, ...]

    def stay(self) -> NoReturn:
        """Watch over everything: who ended by itself is started again. Raises ProcessEnded for who ends too often."""
        while True:
            self.check()
            self.family.wait(LOOK_SECONDS)

    def check(self) -> None:
        """Look once whether everything still runs. Raises as ``stay`` does."""
        for server in self.servers:  # first: a process that is started again needs them
            if server.pid is None:
                server.start()
                tell(server.name, "ended by itself, and was started again; no job is lost")
        self.family.check()


def up() -> None:
    """Run everything on this machine, until Ctrl-C.

    What the settings do not name is brought along: PostgreSQL without DATABASE_URL, Valkey without REDIS_URL, and a
    simulated Discogs without DISCOGS_CONSUMER_KEY and DISCOGS_CONSUMER_SECRET.
    """
    with until_told_to_end(), everything(print_line) as running:
        running.stay()


@contextmanager
def until_told_to_end(*, once: bool = False) -> Iterator[None]:
    """Take Ctrl-C and SIGTERM for a wish to end, not for a failure; a command that ends by itself was cut short."""
    for name in (signal.SIGINT, signal.SIGTERM):  # SIGINT, too: a shell lets background commands ignore it
        signal.signal(name, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(130 if once else 0) from None


@contextmanager
def everything(hear: Hear, *, records: int | None = None) -> Iterator[Running]:
    """Start everything in order, and end it in the reverse order whatever happens inside."""
    began = time.monotonic()
    here.check_env_file()
    chosen = Settings(here.ENV_FILE)
    api, command = ApiSettings(_env_file=here.ENV_FILE), CommandSettings(_env_file=here.ENV_FILE)
    chosen.require_readable()
    require_complete(chosen, api)
    place = Place(command.data_dir)
    with ExitStack() as stack:
        stack.enter_context(hold(place))
        ports.require_free(api.host, api.port, "REKKRD_API_PORT", "The API")
        additions, servers = _with_servers(stack, chosen, place)
        additions |= _with_key(chosen, place)
        family = stack.enter_context(_family(hear, _report_death))
        additions |= _with_discogs(family, place, chosen, records) | _with_api(api, place)
        additions |= _with_public_url(chosen, api)
        running_settings.store(place, additions, os.environ)
        settings = here.settings()
        _migrate(settings)
        _start(family, settings, {**os.environ, **additions}, api.url)
        tell("ready", f"in {words.duration(time.monotonic() - began)}; Ctrl-C ends everything")
        yield Running(settings, place, api.url, family, servers)


def tell(name: str, text: str) -> None:
    """Say what was brought up, in two columns."""
    screen.out().print(Text(f"{name:<11}", style="bold"), Text(text), sep="", soft_wrap=True)


def print_line(name: str, line: str) -> None:
    """Print a child's line behind its name."""
    screen.out().print(
        Text(f"{name:<{NAME_WIDTH}} │ ", style=COLOURS[name]), Text.from_ansi(line), sep="", soft_wrap=True
    )


def _with_servers(
    stack: ExitStack, chosen: Settings, place: Place
) -> tuple[dict[str, str], tuple[Postgres | Valkey, ...]]:
    additions: dict[str, str] = {}
    servers: list[Postgres | Valkey] = []
    if chosen.database.database_url is None:
        postgres = stack.enter_context(running_postgres(place.folder))
        additions["DATABASE_URL"] = additions["DATABASE_DIRECT_URL"] = postgres.url()
        servers.append(postgres)
        tell("PostgreSQL", f"our own, data in {place.folder} (DATABASE_URL is not set)")
    if chosen.engine.redis_url is None:
        valkey = stack.enter_context(running_valkey(place.folder))
        additions["REDIS_URL"] = valkey.url()
        servers.append(valkey)
        tell("Valkey", "our own, in memory (REDIS_URL is not set)")
    return additions, tuple(servers)


def _with_key(chosen: Settings, place: Place) -> dict[str, str]:
    if chosen.database.encryption_key is not None:
        return {}
    key, is_new = development_key(place)
    made = "made now and kept" if is_new else "kept"
    tell("key", f"of stored Discogs tokens: {made} in {place.key}")
    return {"DISCOGS_OAUTH_ENCRYPTION_KEY": key}


def _with_discogs(family: Family, place: Place, chosen: Settings, records: int | None) -> dict[str, str]:
    if not simulated.is_wanted(chosen):
        tell("Discogs", chosen.discogs.api_url)
        return {}
    settings = SimulatorSettings(_env_file=here.ENV_FILE)
    if records is not None:
        settings = settings.model_copy(update={"records": records})
    additions = simulated.bring(family, place, chosen, settings)
    tell("Discogs", f"simulated, {additions['DISCOGS_API_URL']} (DISCOGS_CONSUMER_KEY is not set)")
    return additions


def _with_api(api: ApiSettings, place: Place) -> dict[str, str]:
    """Make the bearer tokens that are not set; they are valid until `up` ends."""
    additions = {}
    if not api.application_tokens:
        additions["REKKRD_API_TOKENS_APPLICATION"] = secrets.token_hex(24)
    if not api.operator_tokens:
        additions["REKKRD_API_TOKENS_OPERATOR"] = secrets.token_hex(24)
    if additions:
        tell("API tokens", f"made for this run, in {place.stored()}")
    return additions


def _with_public_url(chosen: Settings, api: ApiSettings) -> dict[str, str]:
    """Let links in e-mails lead to the API that runs here, whatever its port, unless a public address is set."""
    return {} if "public_url" in chosen.engine.model_fields_set else {"REKKRD_PUBLIC_URL": api.url}


def _migrate(settings: Settings) -> None:
    database = settings.database
    applied = publishing.bring_up_to_date(
        database.migration_url() or "",
        lock_seconds=database.migration_lock_seconds,
        tell=lambda message: tell("database", message),
    )
    migrations = [name for name in applied if name not in {publishing.CATALOGUE, FUNCTIONS}]
    if migrations:
        tell("database", f"{count(len(migrations), 'migration')} applied")


def _start(family: Family, settings: Settings, environment: dict[str, str], api_url: str) -> None:
    family.start("worker", ours("worker"), environment)
    family.start("scheduler", ours("scheduler"), environment)
    limiter = settings.limiter
    tell(
        "worker",
        f"{settings.engine.worker_threads} threads, {limiter.limit} requests in {limiter.window_seconds:g} s",
    )
    family.start("api", ours("api"), environment, _answering(f"{api_url}/healthz"))
    tell("API", f"{api_url}/docs")


def _answering(url: str) -> Callable[[], bool]:
    return lambda: ports.answers(url)


def _report_death(child: Child) -> None:
    """End the leases of a worker that was reaped: its steps go on at once. Without the database they expire."""
    if child.name != "worker":
        return
    try:
        with here.opened_pool() as pool, pool.transaction() as conn:
            presence.report_death(conn, child.worker_name)
    except DatabaseError as error:
        tell(child.name, f"its steps go on when their leases expire: {error}")


@contextmanager
def _family(hear: Hear, on_death: Callable[[Child], None]) -> Iterator[Family]:
    family = Family(hear, on_death)
    try:
        yield family
    finally:
        # A second Ctrl-C must not leave half of them behind; whoever cannot wait has kill -9, which is safe.
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        screen.say("[dim]Ending: steps under way are finished first.[/]")
        family.end()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
