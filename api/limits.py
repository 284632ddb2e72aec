"""A body may not be larger than any that this API asks for."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import ApiError, Code

LARGEST_BODY_BYTES = 64 * 1024  # the largest body asked for is a job's arguments, a few hundred bytes
TOO_LARGE = ApiError(Code.TOO_LARGE, "The body is too large.", f"Send {LARGEST_BODY_BYTES // 1024} KiB at most.")


class BodyLimit:
    """Refuses a body as soon as it grows too large, whatever length was announced: no more of it is read."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY_BYTES) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._largest:
                raise HTTPException(TOO_LARGE.status)  # the one error that passes through FastAPI's reading of a body
            return message

        await self._app(scope, counted, send)
