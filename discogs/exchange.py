"""One request and its answer: take a permit, sign, send, look at the permit once more, read the whole body in time."""

from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass

import httpx

from discogs import body, deadline
from discogs.budget import Budget, Permit
from discogs.errors import PermitExpired, Unavailable

MAX_PERMITS = 5  # a request that could not leave in time this often gives up
MAX_BODY_BYTES = 32 * 1024 * 1024  # a page of 100 copies has 300 KB; more than this is no answer of Discogs'
# Raised before the first byte left. LocalProtocolError: what we wanted to send is no HTTP.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.LocalProtocolError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    content_type: str
    body: bytes


def exchange(
    http: httpx.Client,
    budget: Budget,
    request: httpx.Request,
    *,
    endpoint: str,
    auth: httpx.Auth | None,
    deadline_seconds: float,
) -> Answer:
    """Send one request, once. Nothing is repeated here: that is for who knows what a repetition does.

    Raises:
        Unavailable: no answer, or not the whole of it.
        PermitExpired: the request could not leave while a permit was good, ``MAX_PERMITS`` times.
    """
    with _Sending(budget, endpoint, deadline_seconds) as sending, deadline.within(deadline_seconds):
        request.extensions = {**request.extensions, "trace": sending.on_trace}
        try:
            # Not elsewhere on its own: a second request would need a second permit.
            with closing(http.send(request, auth=auth, stream=True, follow_redirects=False)) as response:
                sending.answered(response.status_code, response.headers)
                return _whole(response)
        except httpx.HTTPError as error:
            has_left = not isinstance(error, _NEVER_LEFT)
            if has_left:
                sending.unanswered()
            sentence = f"{_what_happened(error)}."
            raise Unavailable(
                sentence,
                endpoint=endpoint,
                snippet=type(error).__name__,
                maybe_applied=has_left and request.method != "GET",
            ) from None


class _Sending:
    """The permit of one request, exchanged for a fresh one should the old one run out before the bytes are written.

    That happens when making the connection takes longer than a permit lives. The new permit is waited for with the
    connection open: to give up and dial again would run out again, for ever on a slow line.
    """

    def __init__(self, budget: Budget, endpoint: str, deadline_seconds: float) -> None:
        self._budget = budget
        self._endpoint = endpoint
        self._deadline_seconds = deadline_seconds
        self._held = ExitStack()
        self._is_written = False
        self._is_settled = False

    def __enter__(self) -> "_Sending":
        self._permit: Permit = self._held.enter_context(self._budget.permit(self._endpoint))
        return self

    def __exit__(self, *_: object) -> None:
        # An interruption from outside (shutdown, time limit) leaves no httpx error, and the request may be out there.
        try:
            if self._is_written:
                self.unanswered()
        finally:
            self._held.close()

    def on_trace(self, event: str, info: Mapping[str, object]) -> None:  # noqa: ARG002  httpcore calls it with both
        """Called by httpcore; the one event that matters comes immediately before the first byte of a request."""
        if event.endswith("send_request_headers.started"):
            self._check()
            self._is_written = True

    def answered(self, status: int, headers: httpx.Headers) -> None:
        """Settle the permit as soon as the headers are here; the body may take its time."""
        self._settle(status, _number(headers, "x-discogs-ratelimit-remaining"), _number(headers, "x-discogs-ratelimit"))

    def unanswered(self) -> None:
        """Settle the permit of a request that left and was not answered, unless it was."""
        self._settle(None, None, None)

    def _settle(self, status: int | None, remaining: int | None, limit: int | None) -> None:
        if not self._is_settled:
            self._is_settled = True
            self._permit.answered(status, remaining, limit)

    def _check(self) -> None:
        for left in reversed(range(MAX_PERMITS)):
            try:
                self._permit.check()
            except PermitExpired:
                if left == 0:
                    raise
                self._held.close()  # unused
                self._permit = self._held.enter_context(self._budget.permit(self._endpoint))
                deadline.restart(self._deadline_seconds)
            else:
                return


def _whole(response: httpx.Response) -> Answer:
    """Read the body to its end, inflated, within deadline and size. A refusal counts without its whole text too."""
    chunks: list[bytes] = []
    try:
        for chunk in body.pieces(response, most=MAX_BODY_BYTES):
            if deadline.has_passed():
                raise httpx.ReadTimeout("the deadline of the whole call has passed")
            chunks.append(chunk)
    except httpx.HTTPError:
        if response.is_success:
            raise
    return Answer(response.status_code, response.headers.get("content-type", ""), b"".join(chunks))


def _number(headers: httpx.Headers, name: str) -> int | None:
    """Read a header, whatever its case. Absent, or not a number, means unknown and never 0 (Discogs contract §1)."""
    value = headers.get(name, "").strip()
    return int(value) if value.isascii() and value.isdigit() else None


def _what_happened(error: Exception) -> str:
    match error:
        case httpx.ConnectTimeout() | httpx.ConnectError():
            return "Discogs cannot be reached"
        case httpx.PoolTimeout():
            return "No connection to Discogs was free in time"
        case httpx.TimeoutException():
            return "Discogs did not answer in time"
        case body.BodyTooLong():
            return "Discogs' answer is far too long to be one"
        case httpx.DecodingError():
            return "Discogs' answer arrived damaged"
        case _:
            return "The connection to Discogs broke"
