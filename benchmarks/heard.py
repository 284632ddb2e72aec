"""What Valkey was asked to do by our script and how long each call took, by its own log of slow commands.

With the threshold at nothing the log takes every command, with its time in microseconds and the beginning of its
arguments, so that calls of our script are told from those of others by their keys.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis

MOST = 400_000  # commands that are kept


@dataclass(slots=True)
class Calls:
    """Calls of the script for one namespace, by what was asked, and the microseconds that they took."""

    count: Counter[str] = field(default_factory=Counter)
    microseconds: Counter[str] = field(default_factory=Counter)


@contextmanager
def hearing(redis_url: str) -> Iterator[redis.Redis]:
    """Let the server note every command for as long as the context lasts; ``forget`` and ``hear`` take the client."""
    with redis.Redis.from_url(redis_url) as client:
        before = client.config_get("slowlog-*")
        client.config_set("slowlog-max-len", MOST)
        client.config_set("slowlog-log-slower-than", 0)
        try:
            yield client
        finally:
            for name, value in before.items():
                client.config_set(name, value)
            client.slowlog_reset()


def forget(client: redis.Redis) -> None:
    """Begin anew."""
    client.slowlog_reset()


def hear(client: redis.Redis) -> dict[str, Calls]:
    """Return what our script was asked since ``forget``, by namespace."""
    heard: dict[str, Calls] = {}
    for entry in client.slowlog_get(MOST):
        words = entry["command"].split(b" ")
        if words[0].upper() not in (b"EVALSHA", b"EVAL") or b":{discogs-api}:state" not in words[3]:
            continue
        calls = heard.setdefault(words[3].split(b":")[0].decode(), Calls())
        op = words[3 + int(words[2])].decode()
        calls.count[op] += 1
        calls.microseconds[op] += entry["duration"]
    return heard
