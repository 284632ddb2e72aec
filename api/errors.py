"""What the API answers when it cannot do what was asked: few codes, one body.

A body is ``{"error": {"code", "reason", "message", "next_step"}}``. The code decides the status; the reason tells
answers of one code apart, for programs; the message is for people. A stranger hears "Internal error." of what nobody
foresaw. What a room's error is among these stands in api/meanings.py.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal


class Code(StrEnum):
    """All there are."""

    INVALID = "invalid"
    TOO_LARGE = "too_large"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    NOT_CONNECTED = "not_connected"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


STATUS: Mapping[Code, int] = {
    Code.INVALID: 422,
    Code.TOO_LARGE: 413,
    Code.UNAUTHORISED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.CONFLICT: 409,
    Code.NOT_CONNECTED: 409,
    Code.UNAVAILABLE: 503,
    Code.INTERNAL: 500,
}


class ApiError(Exception):
    """An answer that is not what was asked for; ``reason`` defaults to the code."""

    def __init__(
        self,
        code: Code,
        message: str,
        next_step: str,
        *,
        reason: str | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason or str(code)
        self.next_step = next_step
        self.status = status or STATUS[code]
        self.headers = dict(headers or {})

    def body(self) -> dict[Literal["error"], dict[str, str]]:
        """Return what is sent."""
        said = {"code": str(self.code), "reason": self.reason, "message": str(self), "next_step": self.next_step}
        return {"error": said}


INTERNAL = ApiError(Code.INTERNAL, "Internal error.", "Try again; if it stays, tell the operator the time.")
