"""One log line a request: method, route and status, never the query, for hand-shakes bring their codes there."""

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

QUIET = ("/healthz", "/readyz", "/metrics")  # asked by machines every few seconds


class RequestLog:
    """Logs each request when its answer is complete, under the route's pattern instead of its address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", None)
            say = log.debug if route in QUIET else log.info
            milliseconds = round((time.monotonic() - began) * 1000)
            say("request", method=scope["method"], route=route, status=status, milliseconds=milliseconds)
