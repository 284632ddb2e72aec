"""From a request to its answer: log, limit, caller, faults, endpoint. No network in here."""

import time
from dataclasses import dataclass, replace
from random import Random
from typing import Literal
from urllib.parse import unquote_plus

from simulator import consent, routes, upheaval
from simulator.accounts import Account
from simulator.admin.routes import administer
from simulator.apparatus import Apparatus
from simulator.call import NOBODY, Answer, Call, Caller, Request
from simulator.callers import ANONYMOUS_AFTER_ALL, identify, shows_credentials
from simulator.errors import NO_SUCH_PATH, InvalidCredentials, MethodNotAllowed, NotFound, Refused, TooFast, TurnedAway
from simulator.faults import Fault
from simulator.limit import Standing
from simulator.log import Arrival
from simulator.paths import Places, decoded
from simulator.settings import SimulatorSettings
from simulator.world import World

ADMIN = "/_simulator"
AUTHORIZE = "/oauth/authorize"
HTML_PAGE = (
    b"<!DOCTYPE html><html><head><title>Discogs</title></head><body><h1>We will be right back.</h1></body></html>"
)
HTML = "text/html; charset=UTF-8"
Manner = Literal["whole", "drip", "half", "reset"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """An answer and how it comes. ``seconds`` is how long a drip takes, ``arrival`` is its line in the log."""

    answer: Answer
    delay: float = 0.0
    manner: Manner = "whole"
    seconds: float = 0.0
    arrival: Arrival | None = None


class Service(Apparatus):
    """The simulated Discogs without its wires."""

    def __init__(self, settings: SimulatorSettings, world: World) -> None:
        super().__init__(settings, world)
        self._latency = Random(settings.seed)

    def deliver(self, request: Request) -> Delivery:
        """Answer one request; the world stands still meanwhile."""
        with self.world.lock:
            path = decoded(request.path)
            if path == ADMIN or path.startswith(f"{ADMIN}/"):
                return Delivery(administer(self, request))
            arrival = self.log.add(
                at=request.at,
                wall=time.time() - (time.monotonic() - request.at),
                peer=request.peer,
                method=request.method,
                path=request.path,
                query=_without_secrets(request.query),
            )
            if path == AUTHORIZE:
                arrival.is_counted, arrival.endpoint = False, "authorize"
                return self._finished(arrival, Delivery(_refusing(lambda: consent.answer(self, request))))
            return self._finished(arrival, self._api(request, arrival))

    def _finished(self, arrival: Arrival, delivery: Delivery) -> Delivery:
        arrival.status = 0 if delivery.manner == "reset" else delivery.answer.status
        return replace(delivery, arrival=arrival)

    def _api(self, request: Request, arrival: Arrival) -> Delivery:
        if not request.headers.get("user-agent", "").strip():
            return Delivery(_as_answer(TurnedAway()))
        standing, call = self._let_in(request, arrival)
        if isinstance(call, Refused):
            return Delivery(_announced(_as_answer(call), standing), self._delay())
        route = routes.found(request.path)
        arrival.endpoint = route[0].name if route else _handshake_name(decoded(request.path))
        if route is not None:
            call.places = route[1]
        struck = self.faults.striking(
            path=request.path, endpoint=arrival.endpoint, method=request.method, users=_users(call)
        )
        arrival.fault = " ".join(each.kind for each in struck) or None
        delivery = self._struck(call, struck, lambda: self._endpoint(call, route))
        return replace(delivery, answer=_announced(delivery.answer, standing), delay=delivery.delay + self._delay())

    def _let_in(self, request: Request, arrival: Arrival) -> tuple[Standing, Call | Refused]:
        """Identify the caller and ask the limit; a request over the limit is refused whoever asks."""
        refusal: Refused | None = None
        caller: Caller = NOBODY
        try:
            caller = NOBODY if decoded(request.path) in _HANDSHAKE else identify(request, self.world)
        except InvalidCredentials as error:
            refusal = error
            arrival.auth = "invalid"
        else:
            arrival.auth = caller.auth
            arrival.user = caller.account.profile.username if caller.account else None
        has_credentials = shows_credentials(request) and caller.auth not in ANONYMOUS_AFTER_ALL
        standing = self.limit.arrive(request.peer, has_credentials=has_credentials, at=request.at)
        if standing.is_over:
            return standing, TooFast(is_empty=arrival.number % 2 == 0)
        return standing, refusal or Call(self.world, request, caller)

    def _endpoint(self, call: Call, route: tuple[routes.Route, Places] | None) -> Answer:
        if decoded(call.request.path) in _HANDSHAKE:
            return self._handshake(call)
        if route is None:
            raise NotFound(NO_SUCH_PATH)
        handler = route[0].verbs.get(call.request.method)
        if handler is None:
            raise MethodNotAllowed(call.request.method)
        return handler(call)

    def _handshake(self, call: Call) -> Answer:
        if call.request.method not in {"GET", "POST"}:
            raise MethodNotAllowed(call.request.method)
        return (
            self.handshakes.begin(call) if decoded(call.request.path) == REQUEST_TOKEN else self.handshakes.finish(call)
        )

    def _struck(self, call: Call, struck: list[Fault], answer: routes.Answering) -> Delivery:
        """Carry the faults out: some change world or caller, one may answer instead, the rest spoil the answer."""
        for fault in struck:
            upheaval.shake(fault, call)
        instead = next((each for each in map(_instead, struck) if each is not None), None)
        if instead is not None:
            return instead
        delivery = Delivery(_refusing(answer))
        for fault in struck:
            delivery = _spoiled(delivery, fault)
        return delivery

    def _delay(self) -> float:
        median = self.settings.latency
        return median * self._latency.lognormvariate(0, self.settings.latency_sigma) if median else 0.0


REQUEST_TOKEN, ACCESS_TOKEN = "/oauth/request_token", "/oauth/access_token"
_HANDSHAKE = {REQUEST_TOKEN, ACCESS_TOKEN}


def _handshake_name(path: str) -> str:
    return path.rpartition("/")[2] if path in _HANDSHAKE else "unknown"


def _instead(fault: Fault) -> Delivery | None:
    """Return what a fault answers instead of the endpoint, which is then not reached."""
    if fault.kind == "reset":
        return Delivery(Answer(), manner="reset")
    answers = {
        "throttle": _as_answer(TooFast(is_empty=fault.is_empty)),
        "error": Answer(fault.status or 500, HTML_PAGE, HTML),
        "html": Answer(200, HTML_PAGE, HTML),
        "empty": Answer(200),
        "revoked": _as_answer(InvalidCredentials()),
    }
    return Delivery(answers[fault.kind]) if fault.kind in answers else None


def _spoiled(delivery: Delivery, fault: Fault) -> Delivery:
    """Return what a fault makes of the right answer."""
    answer = delivery.answer
    if fault.kind == "truncated":
        delivery = replace(delivery, answer=replace(answer, body=answer.body[: len(answer.body) // 2]))
    elif fault.kind == "slow":
        delivery = replace(delivery, delay=delivery.delay + fault.seconds)
    elif fault.kind == "drip":
        delivery = replace(delivery, manner="drip", seconds=fault.seconds)
    elif fault.kind == "half":
        delivery = replace(delivery, manner="half")
    elif fault.kind == "lost":
        delivery = replace(delivery, answer=Answer(fault.status or 502, HTML_PAGE, HTML))
    elif fault.kind == "lost_reset":
        delivery = replace(delivery, manner="reset")
    return delivery


def _refusing(answer: routes.Answering) -> Answer:
    try:
        return answer()
    except Refused as refusal:
        return _as_answer(refusal)


def _as_answer(refusal: Refused) -> Answer:
    return Answer(refusal.status, refusal.body, refusal.content_type, refusal.headers)


def _announced(answer: Answer, standing: Standing) -> Answer:
    return replace(answer, headers=(*answer.headers, *standing.headers, ("X-Discogs-Media-Type", "discogs.v2")))


def _users(call: Call) -> set[str]:
    """Return whom a request concerns: the caller, and the account in the path."""
    account: Account | None = call.caller.account
    names = {call.places.get("username", ""), account.profile.username if account else ""}
    return {name.casefold() for name in names if name}


def _without_secrets(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&"))
    return "&".join(
        f"{name}=…" if is_pair and _is_secret(name) else name + is_pair + value for name, is_pair, value in pairs
    )


def _is_secret(name: str) -> bool:
    name = unquote_plus(name)
    return name in {"token", "secret"} or name.startswith("oauth_")
