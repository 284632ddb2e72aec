"""A body may not be larger than any that this API asks for."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import STATUS, ApiError, Code

LARGEST_BODY_BYTES = 64 * 1024  # most bodies are a few hundred bytes
LARGEST_BY_ROUTE = {("POST", "/api/jobs"): 4 * 1024 * 1024}  # ten thousand jobs


class BodyLimit:
    """Refuses a body as soon as it grows too large, whatever length was announced: no more of it is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest, seen = largest_body(scope), 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > largest:
                raise HTTPException(STATUS[Code.TOO_LARGE])  # the one error that passes through FastAPI's reading of it
            return message

        await self._app(scope, counted, send)


def largest_body(scope: Scope) -> int:
    """Return how many bytes the route of a request reads."""
    return LARGEST_BY_ROUTE.get((scope["method"], scope["path"]), LARGEST_BODY_BYTES)


def too_large(largest: int) -> ApiError:
    """Say how large a body may be."""
    return ApiError(Code.TOO_LARGE, "The body is too large.", f"Send {largest // 1024} KiB at most.")
