"""Response times of other routes while people wait for prices and watch jobs."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from actors.catalog import IMPORT_COLLECTION
from api.main import new_token
from benchmarks.figures import Bench, Outcome, at_least, at_most, quantile, told
from benchmarks.house import House, house
from benchmarks.processes import running
from benchmarks.simulated import Simulated, simulated
from cli.children import ours

SENTENCE = "Response times of other routes while people wait for prices and watch jobs."

PEOPLE = 60
KEYS = 15  # releases that these ask for at a time: fewer than may wait, so that all of them wait
STREAMS_A_USER = 5
PROBE_SECONDS = 0.05  # between two requests to each measured route
TARGET_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Scale:
    """Open streams and seconds of measurement."""

    streams: int
    seconds: float


TRUE = Scale(streams=500, seconds=40.0)
QUICK = Scale(streams=20, seconds=3.0)


@dataclass(slots=True)
class Found:
    """Measurements: seconds by route, statuses of price requests, and those that waited at each probe."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    prices: Counter[int] = field(default_factory=Counter)
    waiting: list[int] = field(default_factory=list)
    waits: int = 0
    events: int = 0


def run(bench: Bench) -> Outcome:
    """Open the streams, let people wait for prices, and measure other routes from a user who does neither."""
    scale = QUICK if bench.is_quick else TRUE
    token = new_token()
    with ExitStack() as stack:
        discogs = stack.enter_context(simulated(bench.folder, "waiting", window_seconds=60.0, limit=60, latency=0.3))
        home = stack.enter_context(
            house(bench, "waiting", discogs, REKKRD_API_TOKENS_APPLICATION=token, REKKRD_API_PORT=str(_free_port()))
        )
        url = f"http://127.0.0.1:{home.environment['REKKRD_API_PORT']}"
        watchers = [_user(home, discogs, f"watcher{number}") for number in range(scale.streams // STREAMS_A_USER)]
        people = [_user(home, discogs, f"person{number}") for number in range(PEOPLE)]
        jobs = [home.enqueue(user, IMPORT_COLLECTION)[0].id for user in watchers]
        api = stack.enter_context(running(ours("api"), home.environment, bench.folder / "waiting-api.log"))
        api.wait_until(lambda said: "api_listening" in said)
        idle, busy = asyncio.run(_measure(url, token, list(zip(watchers, jobs, strict=True)), people, scale))
        memory = api.memory()
    figures = [
        at_least("people who wait for a price, median", quantile(busy.waiting, 0.5), PEOPLE * 0.9),
        at_least("open event streams", busy.events, scale.streams),
    ]
    for route, seconds in busy.seconds.items():
        figures.append(at_most(f"{route}: p95", quantile(seconds, 0.95), TARGET_SECONDS, "s"))
        figures.append(told(f"{route}: longest", max(seconds), "s"))
        figures.append(told(f"{route}: p95 before", quantile(idle.seconds[route], 0.95), "s"))
    figures.append(told("the API's memory", memory.rss, "MiB"))
    return Outcome(figures, {"prices": {str(status): count for status, count in busy.prices.items()}})


def _user(home: House, discogs: Simulated, name: str) -> UUID:
    return home.move_in(discogs.open_account(name, records=0))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def _measure(
    url: str, token: str, watched: Sequence[tuple[UUID, UUID]], people: Sequence[UUID], scale: Scale
) -> tuple[Found, Found]:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=url, limits=limits, timeout=60, trust_env=False)
        )

        def headers(user: UUID) -> dict[str, str]:
            return {"Authorization": f"Bearer {token}", "X-Rekkrd-User": str(user)}

        user, job = watched[0]
        routes = {
            "GET /api/jobs": "/api/jobs?limit=1",
            "GET /api/jobs/{id}": f"/api/jobs/{job}",
            "GET /healthz": "/healthz",
        }

        async def probe(found: Found, seconds: float) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for route, path in routes.items():
                    began = time.monotonic()
                    answer = await http.get(path, headers=headers(user))
                    answer.raise_for_status()
                    found.seconds.setdefault(route, []).append(time.monotonic() - began)
                found.waiting.append(found.waits)
                await asyncio.sleep(PROBE_SECONDS)

        idle, busy = Found(), Found()
        await probe(idle, scale.seconds / 4)
        for owner, job_id in watched:
            for _ in range(STREAMS_A_USER):
                stream = http.stream("GET", f"/api/jobs/{job_id}/events", headers=headers(owner))
                answer = (await stack.enter_async_context(stream)).raise_for_status()
                await anext(answer.aiter_raw())
                busy.events += 1
        tasks = [
            asyncio.create_task(_wait_for_prices(http, headers(one), number, busy)) for number, one in enumerate(people)
        ]
        await probe(busy, scale.seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return idle, busy


async def _wait_for_prices(http: httpx.AsyncClient, headers: dict[str, str], number: int, found: Found) -> None:
    """Ask for one price after the other. Four people ask for the same one at a time."""
    release_id = 1 + number % KEYS
    while True:
        found.waits += 1
        try:
            answer = await http.get(f"/api/discogs/marketplace/stats/{release_id}", headers=headers)
        finally:
            found.waits -= 1
        found.prices[answer.status_code] += 1
        if answer.status_code in (202, 503):
            await asyncio.sleep(int(answer.headers["Retry-After"]))
        else:
            release_id += KEYS
