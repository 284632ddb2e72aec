"""Bodies of answers: one encoding at most, and never more bytes than allowed."""

import gzip
import zlib

import httpx
import pytest

from discogs.body import BodyTooLong, beginning, pieces


def answer(body: bytes, *encodings: str) -> httpx.Response:
    """Make a response that nobody has read."""
    return httpx.Response(200, headers=[("Content-Encoding", one) for one in encodings], stream=httpx.ByteStream(body))


@pytest.mark.parametrize("encodings", [(), ("identity",), ("",)])
def test_a_plain_body_is_returned_as_sent(encodings):
    assert b"".join(pieces(answer(b"abc", *encodings), most=3)) == b"abc"


@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip"])
def test_gzip_is_inflated(name):
    assert b"".join(pieces(answer(gzip.compress(b"abc"), name), most=100)) == b"abc"


def test_an_empty_body_may_claim_to_be_gzip():
    assert b"".join(pieces(answer(b"", "gzip"), most=3)) == b""


@pytest.mark.parametrize(
    "encodings", [("gzip, gzip",), ("gzip", "gzip"), ("identity, gzip",), ("deflate",), ("br",), ("zstd",), ("?",)]
)
def test_other_encodings_are_refused(encodings):
    with pytest.raises(httpx.DecodingError, match="unsupported"):
        list(pieces(answer(gzip.compress(b"abc"), *encodings), most=100))


@pytest.mark.parametrize("body", [b"not gzip", gzip.compress(b"abc" * 99, mtime=0)[:-9], zlib.compress(b"abc")])
def test_damaged_gzip_is_refused(body):
    with pytest.raises(httpx.DecodingError):
        list(pieces(answer(body, "gzip"), most=1000))


@pytest.mark.parametrize("encodings", [(), ("gzip",)])
def test_one_byte_above_the_limit_is_too_long(encodings):
    sent = gzip.compress(b"a" * 100) if encodings else b"a" * 100
    assert len(b"".join(pieces(answer(sent, *encodings), most=100))) == 100
    with pytest.raises(BodyTooLong):
        list(pieces(answer(sent, *encodings), most=99))


def test_the_sent_bytes_are_limited_too():
    with pytest.raises(BodyTooLong):
        list(pieces(answer(gzip.compress(b""), "gzip"), most=10))


def test_the_beginning_of_a_damaged_body_is_kept():
    damaged = gzip.compress(bytes(range(256)) * 9, 0)[:-50]
    assert beginning(answer(damaged, "gzip"), most=5000)[:100] == bytes(range(100))
    assert beginning(answer(b"abc", "br"), most=100) == b""
