"""Bodies of HTTP answers from other servers: inflated in bounded pieces, so that no answer decides our memory use.

httpx inflates a whole network chunk before its caller sees the size, and undoes every encoding that an answer names.
Here at most one encoding is accepted, the one that we ask for, and each call of zlib has a maximum output length.
"""

import zlib
from collections.abc import Iterable, Iterator

import httpx

ACCEPT_ENCODING = "gzip"  # what every client of ours sends
PIECE_BYTES = 64 * 1024  # the most that one call of zlib may produce
_GZIP = 16 + zlib.MAX_WBITS
_ENCODINGS = {"": False, "identity": False, "gzip": True, "x-gzip": True}


class BodyTooLong(httpx.DecodingError):
    """The body exceeds the limit, as sent or inflated."""


def pieces(response: httpx.Response, *, most: int) -> Iterator[bytes]:
    """Yield the inflated body of a streamed response in pieces of at most ``PIECE_BYTES``, or of one network chunk.

    Raises:
        BodyTooLong: more than ``most`` bytes were sent, or came out.
        httpx.DecodingError: several encodings, an unknown one, or damaged gzip data.
        httpx.HTTPError: the network failed.
    """
    encoding = ", ".join(response.headers.get_list("content-encoding", split_commas=True)).strip().casefold()
    is_gzip = _ENCODINGS.get(encoding)
    if is_gzip is None:
        raise httpx.DecodingError(f"unsupported Content-Encoding: {encoding[:40]!r}")
    # Not `iter_raw`: it refuses responses that a test's transport has already read.
    stream = response.stream
    assert isinstance(stream, httpx.SyncByteStream)  # noqa: S101  a sync client gives no other
    raw = _limited(stream, most)
    return _limited(_inflated(raw), most) if is_gzip else raw


def beginning(response: httpx.Response, *, most: int) -> bytes:
    """Return at most ``most`` bytes of the inflated body; what cannot be read is left out."""
    found = bytearray()
    try:
        for piece in pieces(response, most=most):
            found += piece
    except httpx.HTTPError:
        pass
    return bytes(found)


def _limited(parts: Iterable[bytes], most: int) -> Iterator[bytes]:
    size = 0
    for part in parts:
        if size + len(part) > most:
            yield part[: most - size]
            raise BodyTooLong(f"more than {most} bytes")
        size += len(part)
        yield part


def _inflated(raw: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(_GZIP)
    has_begun = False
    for chunk in raw:
        has_begun = has_begun or bool(chunk)
        left = chunk
        while left and not inflater.eof:  # bytes behind the end of the stream are ignored, as httpx does
            try:
                piece = inflater.decompress(left, PIECE_BYTES)
            except zlib.error as error:
                raise httpx.DecodingError(f"damaged gzip data: {error}") from None
            left = inflater.unconsumed_tail
            yield piece
    if has_begun and not inflater.eof:
        raise httpx.DecodingError("the gzip data ends too early")
