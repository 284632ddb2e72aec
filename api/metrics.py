"""Figures for Prometheus: one look at the budget, the lanes and the workers whenever somebody scrapes."""

from collections.abc import Callable, Iterator
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Header, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from api import figures
from api.access import scraper
from api.answers import ResourcesNow, errors
from api.holding import Holding, Known
from api.waiting_room import WaitingRoom
from db.errors import DatabaseError
from workers.limiter.errors import LimiterUnavailable
from workers.limiter.lanes import Lane
from workers.limiter.snapshot import Snapshot
from workers.resources import Resources

log = structlog.get_logger(__name__)

CAUSES = ("throttled", "blocked", "rejected", "operator")

router = APIRouter(tags=["limiter"])


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    response_description="Budget and engine, in Prometheus' text format or OpenMetrics, whichever is accepted.",
    responses={
        200: {"content": {"text/plain": {"example": "rekkrd_limiter_up 1.0\n"}}},
        **errors(),
    },
    dependencies=[Depends(scraper)],
)
def metrics(request: Request, resources: ResourcesNow, accept: Annotated[str, Header()] = "") -> Response:
    """One look at budget and engine a scrape. The figures are the fleet's: every process says the same, so scrape one.

    Without Redis or PostgreSQL the answer is 200 all the same, with `rekkrd_limiter_up` or `rekkrd_database_up` 0.
    """
    holding: Holding = request.app.state.holding
    room: WaitingRoom = request.app.state.waiting_room
    registry = CollectorRegistry()
    registry.register(Fleet(resources, known=lambda: holding.known, at_door=lambda: room.waiting))
    encode, content_type = choose_encoder(accept)
    return Response(encode(registry), headers={"Content-Type": content_type, "Cache-Control": "no-store"})


class Fleet(Collector):
    """What can be told of the fleet. No label holds a user: there are too many, and it is nobody's business."""

    def __init__(self, resources: Resources, *, known: Callable[[], Known], at_door: Callable[[], int]) -> None:
        self._resources = resources
        self._known = known
        self._at_door = at_door

    def describe(self) -> list[Metric]:
        """Name nothing beforehand, so that registering looks at nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Look once and say everything."""
        try:
            seen: Snapshot | None = self._resources.limiter.snapshot()
        except LimiterUnavailable:
            seen = None
        yield _gauge(
            "rekkrd_limiter_up", "Whether the budget in Redis can be asked; without it nobody sends.", seen is not None
        )
        yield _gauge("rekkrd_limiter_door_waiting", "Programs that wait for a token at this process.", self._at_door())
        known = self._known()
        yield from _ledger(known)
        if known.is_database_up:  # else a scrape would wait for a connection, and the budget's figures with it
            yield from self._engine()
        if seen is not None:
            yield from _budget(seen)
            yield from _lanes(seen)
            yield from _counted(seen)

    def _engine(self) -> Iterator[Metric]:
        try:
            with self._resources.pool.transaction() as conn:
                engine = figures.look(conn)
        except DatabaseError as error:
            log.warning("engine_not_told", error=str(error))
            return
        yield from figures.tell(engine)


def _ledger(known: Known) -> Iterator[Metric]:
    yield _gauge("rekkrd_database_up", "Whether the ledger answered when it was last asked.", known.is_database_up)
    closed = GaugeMetricFamily(
        "rekkrd_gate_held", "Whether this holds the fleet back, by the ledger.", labels=["cause"]
    )
    ends = GaugeMetricFamily("rekkrd_gate_until_timestamp_seconds", "Until when it does; 0 if not.", labels=["cause"])
    for cause in CAUSES:
        gate = next((one for one in known.holding if one.cause == cause), None)
        closed.add_metric([cause], float(gate is not None))
        ends.add_metric([cause], 0.0 if gate is None else gate.closed_until.timestamp())
    users = GaugeMetricFamily("rekkrd_line_users", "Users with live jobs, among whom turns go round.", labels=["lane"])
    for lane in Lane:
        users.add_metric([lane], known.users_by_lane.get(lane, 0))
    yield from (closed, ends, users)


def _budget(seen: Snapshot) -> Iterator[Metric]:
    gate, brake = seen.gate, seen.brake
    until_next = max(0.0, (seen.next_token_at - seen.taken_at).total_seconds())
    yield _gauge("rekkrd_limiter_window_seconds", "Length of Discogs' rolling window.", seen.window_seconds)
    yield _gauge("rekkrd_limiter_limit", "Requests a window after reserve, brake and Discogs' word.", seen.limit)
    yield _gauge("rekkrd_limiter_limit_configured", "Requests a window by the settings.", seen.limit_configured)
    yield _gauge("rekkrd_limiter_free", "Requests of this window that nobody has used.", seen.free)
    yield _gauge("rekkrd_limiter_foreign", "Requests of others on our address in a window.", seen.foreign)
    yield _gauge("rekkrd_limiter_next_token_seconds", "Until the next token, gate and brake aside.", until_next)
    yield _gauge("rekkrd_limiter_gate_closed", "Whether nobody may send.", gate is not None)
    yield _gauge(
        "rekkrd_limiter_gate_until_timestamp_seconds",
        "Until when nobody may send; 0 if somebody may.",
        0.0 if gate is None else gate.until.timestamp(),
    )
    yield _gauge(
        "rekkrd_limiter_brake_share", "Share that the operator leaves; 1 if released.", brake.share if brake else 1.0
    )


def _lanes(seen: Snapshot) -> Iterator[Metric]:
    spent = GaugeMetricFamily("rekkrd_limiter_spent", "Requests of the last window.", labels=["lane"])
    flying = GaugeMetricFamily("rekkrd_limiter_in_flight", "Of these, not answered yet.", labels=["lane"])
    share = GaugeMetricFamily("rekkrd_limiter_share", "The lane's part while every lane has work.", labels=["lane"])
    waiting = GaugeMetricFamily("rekkrd_limiter_waiting", "Who waits for a token now.", labels=["lane"])
    users = GaugeMetricFamily(
        "rekkrd_limiter_waiting_users", "Different users and programs that wait.", labels=["lane"]
    )
    oldest = GaugeMetricFamily("rekkrd_limiter_oldest_wait_seconds", "The longest wait now.", labels=["lane"])
    for lane in Lane:
        now = [one for one in seen.waiting if one.lane is lane]
        spent.add_metric([lane], seen.spent_by_lane[lane])
        flying.add_metric([lane], seen.in_flight[lane])
        share.add_metric([lane], seen.shares[lane])
        waiting.add_metric([lane], len(now))
        users.add_metric([lane], len({one.user for one in now}))
        oldest.add_metric([lane], max((one.seconds for one in now), default=0.0))
    yield from (spent, flying, share, waiting, users, oldest)


def _counted(seen: Snapshot) -> Iterator[Metric]:
    """Counters begin anew with an emptied Redis; Prometheus takes that for a restart."""
    yield CounterMetricFamily("rekkrd_limiter_grants", "Tokens given.", value=seen.granted)
    yield CounterMetricFamily("rekkrd_limiter_returned", "Tokens handed back unused.", value=seen.returned)
    yield CounterMetricFamily("rekkrd_limiter_throttled", "Answers 429 of Discogs.", value=seen.throttled)
    waits = HistogramMetricFamily("rekkrd_limiter_wait_seconds", "How long tokens were waited for.", labels=["lane"])
    for lane in Lane:
        buckets = [
            ("+Inf" if bound == float("inf") else f"{bound}", count) for bound, count in seen.waits[lane].buckets
        ]
        waits.add_metric([lane], buckets, sum_value=seen.waits[lane].seconds)
    yield waits


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=float(value))
