"""A body may not be larger than any that this API asks for."""

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import ApiError, Code

LARGEST_BODY_BYTES = 64 * 1024  # the largest body asked for is a job's arguments, a few hundred bytes
TOO_LARGE = ApiError(Code.TOO_LARGE, "The body is too large.", f"Send {LARGEST_BODY_BYTES // 1024} KiB at most.")


class BodyLimit:
    """Refuses a body by its announced length, and one without a length as soon as it grows too large."""

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

        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if announced.isdigit() and int(announced) > self._largest:
            await JSONResponse(TOO_LARGE.body(), TOO_LARGE.status)(scope, receive, send)
            return
        await self._app(scope, counted, send)
