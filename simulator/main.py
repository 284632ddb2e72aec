"""The simulator as a process, and as a thread inside a test."""

import asyncio
import contextlib
import errno
import gc
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator import state
from simulator.faults import Fault, Faults
from simulator.log import Log
from simulator.seeding import Oddness
from simulator.service import Service
from simulator.settings import SimulatorSettings
from simulator.wire import Wire
from simulator.world import World

STARTING_SECONDS = 60.0
SHOPS = (
    ("rainy_day_records", "United Kingdom", "GBP"),
    ("plattenkeller", "Germany", "EUR"),
    ("b_side", "Japan", "JPY"),
)
SHOP_SHARE, LARGEST_SHOP = 4, 1_000  # an offer for each so many records of the demo collector, and never more


class CannotListen(Exception):
    """The address is taken, or not ours."""


@dataclass(frozen=True, slots=True)
class Simulator:
    """A running simulator, to be used from Python; hold ``world.lock`` while reading what others may change."""

    url: str
    service: Service

    @property
    def world(self) -> World:
        return self.service.world

    @property
    def log(self) -> Log:
        return self.service.log

    @property
    def faults(self) -> Faults:
        return self.service.faults

    def break_with(self, **fault: object) -> Fault:
        """Take up a fault, by its fields."""
        return self.faults.add(Fault.model_validate(fault))


def serve(settings: SimulatorSettings) -> None:
    """Run until SIGTERM or SIGINT. Raises CannotListen."""
    service = new_service(settings)

    async def run() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        await _listen(service, lambda url: say(f"Simulated Discogs listens on {url}"), ended)

    gc.freeze()  # a collection of 100,000 records never becomes garbage; looking through it would hold answers up
    asyncio.run(run())


@contextlib.contextmanager
def running(settings: SimulatorSettings | None = None) -> Iterator[Simulator]:
    """Run a simulator in a thread for as long as the context lasts.

    Without settings it takes a free port and has no demo account.
    """
    settings = settings or SimulatorSettings(port=0, records=0, wants=0)
    service = new_service(settings)
    started = threading.Event()
    ends: list[Callable[[], object]] = []
    failures: list[CannotListen] = []

    async def listen() -> None:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        ends.append(lambda: loop.call_soon_threadsafe(ended.set))
        await _listen(service, lambda _: started.set(), ended)

    def run() -> None:
        try:
            asyncio.run(listen())
        except CannotListen as error:
            failures.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=run, name="simulator", daemon=True)
    thread.start()
    if not started.wait(STARTING_SECONDS):
        raise CannotListen("The simulator did not start within a minute.")
    if failures:
        raise failures[0]
    try:
        yield Simulator(service.world.url, service)
    finally:
        ends[0]()
        thread.join(STARTING_SECONDS)


def new_service(settings: SimulatorSettings) -> Service:
    """Make a simulated Discogs with its demo collector, or with what the state file remembers."""
    world = World(settings.seed, {settings.consumer_key: settings.consumer_secret.get_secret_value()})
    if settings.state is not None:
        state.load(world, settings.state)
    account = world.account(settings.username)
    if account is not None and account.profile.seeded_from[:2] != (settings.records, settings.wants):
        # The demo was asked for in another size: all of it begins anew, under the same ids.
        for each in (account, *(world.account(name) for name, _, _ in SHOPS)):
            if each is not None:
                del world.accounts[each.profile.id]
        account = None
    if account is None and (settings.records or settings.wants):
        world.create_account(
            settings.username,
            records=settings.records,
            wants=settings.wants,
            oddness=Oddness.GENTLE,
            currency="EUR",
            has_seller_settings=True,
        )
    if settings.records:
        _open_shops(world, settings)
    return Service(settings, world)


def _open_shops(world: World, settings: SimulatorSettings) -> None:
    """Open the demo's shops, which have some of what its collector has, in whatever grade."""
    for name, location, currency in SHOPS:
        if world.account(name) is None:
            world.create_account(
                name,
                records=min(LARGEST_SHOP, max(1, settings.records // SHOP_SHARE)),
                oddness=Oddness.GENTLE,
                currency=currency,
                is_shop=True,
                location=location,
                like=settings.username,
            )


async def _listen(service: Service, ready: Callable[[str], None], ended: asyncio.Event) -> None:
    settings, wires = service.settings, set[Wire]()
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(lambda: Wire(service, wires), settings.host, settings.port, backlog=1024)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        reason = (
            "is taken by another program" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
        )
        raise CannotListen(
            f"The address {where} {reason}. Choose another with --port; --port 0 takes a free one."
        ) from error
    host, port = server.sockets[0].getsockname()[:2]
    host = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104  compared, not listened on
    service.world.url = settings.public_url or f"http://{host}:{port}"
    if settings.ready_file is not None:
        settings.ready_file.write_text(service.world.url, encoding="utf-8")
    ready(service.world.url)
    keeper = loop.create_task(state.keep(service.world, settings.state, settings.state_seconds))
    await ended.wait()
    keeper.cancel()
    server.close()
    for wire in tuple(wires):
        wire.abort()
    await server.wait_closed()
    if settings.state is not None:
        state.save_or_say(service.world, settings.state)
    service.log.close()


def say(line: str) -> None:
    """Tell whoever started us."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
