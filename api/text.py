"""Text in the path, the query and our headers: valid UTF-8 without control characters, or 422."""

from urllib.parse import unquote_to_bytes

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api import pages
from api.errors import ApiError, Code

HEADERS = frozenset({b"x-rekkrd-user", b"x-rekkrd-operator", b"idempotency-key", b"last-event-id"})
SENTENCE = "is not valid UTF-8, or has a NUL character"


class TextCheck:
    """Refuses a request before any route reads a text that PostgreSQL can't store.

    The framework replaces invalid bytes silently, so a route can't see them.
    """

    def __init__(self, app: ASGIApp, *, html_paths: frozenset[str]) -> None:
        self._app = app
        self._html_paths = html_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        where = _broken(scope) if scope["type"] == "http" else None
        if where is None:
            await self._app(scope, receive, send)
            return
        error = ApiError(Code.INVALID, f"{where} {SENTENCE}.", "Correct it and send the request again.")
        is_html = scope["path"] in self._html_paths
        answer = pages.trouble(error) if is_html else JSONResponse(error.body(), error.status)
        await answer(scope, receive, send)


def _broken(scope: Scope) -> str | None:
    """Return which part of the request is broken, or None."""
    if not _is_text(unquote_to_bytes(scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass"))):
        return "The path"
    if not _is_text(unquote_to_bytes(scope["query_string"])):
        return "The query"
    broken = (name for name, value in scope["headers"] if name in HEADERS and not _is_text(value))
    return next((f"The header {name.decode()}" for name in broken), None)


def _is_text(sent: bytes) -> bool:
    try:
        return "\0" not in sent.decode()
    except UnicodeDecodeError:
        return False
