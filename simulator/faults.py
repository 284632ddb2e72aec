"""Faults on request: what goes wrong, for whom, when and how often."""

import re
from itertools import count
from random import Random
from threading import RLock
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

Kind = Literal[
    "throttle",  # 429 though the limit is not reached
    "error",  # `status` (default 500), nothing done
    "html",  # 200 with a page of HTML, nothing done
    "empty",  # 200 with no body, nothing done
    "truncated",  # the right answer, its JSON cut off, properly framed
    "slow",  # the right answer after `seconds`
    "drip",  # the right answer, byte by byte over `seconds`
    "reset",  # the connection is reset instead of an answer, nothing done
    "half",  # the head and half of the body, then the connection closes
    "lost",  # the request is carried out, the answer is `status` (default 502)
    "lost_reset",  # the request is carried out, then the connection is reset
    "revoked",  # the OAuth token counts as revoked: 401, nothing done
    "anonymous",  # the caller counts as nobody, as with a bad signature
    "unstable",  # from now on equal dates of the account come in another order each time
    "wrong_count",  # from now on the account's lists claim `items` and `pages` more than there are
    "edits",  # `edits` random copies of the account are added, removed or regraded before the answer
    "private",  # from now on the account is private
    "rename",  # from now on the account is called `new_name`
]


class Fault(BaseModel):
    """One fault. Of the requests that match it skips ``after``, then strikes every ``every``-th, ``times`` at most."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    id: int = 0
    path: str | None = Field(default=None, description="A regular expression found in the path.")
    endpoint: str | None = Field(default=None, description="The name of an endpoint, as in the log.")
    method: str | None = None
    user: str | None = Field(default=None, description="The caller, or the account in the path.")
    after: int = Field(default=0, ge=0)
    every: int = Field(default=1, ge=1)
    times: int | None = Field(default=None, ge=0)
    probability: float = Field(default=1.0, ge=0, le=1)
    seed: int = 0
    status: int | None = Field(default=None, ge=400, le=599)
    seconds: float = Field(default=5.0, ge=0)
    is_empty: bool = Field(default=False, description="throttle: the body is one line feed instead of JSON.")
    items: int = Field(default=1, description="wrong_count: how many items are claimed beyond the truth.")
    pages: int = Field(default=0, description="wrong_count: how many pages are claimed beyond the truth.")
    edits: int = Field(default=1, ge=1)
    new_name: str | None = None
    matched: int = Field(default=0, description="How many requests matched so far.")
    struck: int = Field(default=0, description="How many it struck so far.")
    _rng: Random | None = PrivateAttr(default=None)

    @property
    def rng(self) -> Random:
        """Its own randomness, from its seed."""
        if self._rng is None:
            self._rng = Random(self.seed)
        return self._rng

    def strikes(self, *, path: str, endpoint: str, method: str, users: set[str]) -> bool:
        """Whether this request is struck; asking counts."""
        is_meant = (
            (self.path is None or re.search(self.path, path) is not None)
            and (self.endpoint is None or self.endpoint == endpoint)
            and (self.method is None or self.method == method)
            and (self.user is None or self.user.casefold() in users)
        )
        if not is_meant or (self.times is not None and self.struck >= self.times):
            return False
        self.matched += 1
        place = self.matched - self.after
        if place < 1 or (place - 1) % self.every or self.rng.random() >= self.probability:
            return False
        self.struck += 1
        return True


class Faults:
    """All faults that wait for a request to strike."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._numbers = count(1)
        self._lock = RLock()

    def add(self, fault: Fault) -> Fault:
        """Take a fault up and number it."""
        with self._lock:
            fault.id = next(self._numbers)
            self._faults[fault.id] = fault
            return fault

    def remove(self, fault_id: int) -> bool:
        """Take a fault away. False when there was none."""
        with self._lock:
            return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Take all faults away."""
        with self._lock:
            self._faults.clear()

    def all(self) -> list[Fault]:
        """Return all faults with their counts."""
        with self._lock:
            return list(self._faults.values())

    def striking(self, *, path: str, endpoint: str, method: str, users: set[str]) -> list[Fault]:
        """Return the faults that strike this request, oldest first."""
        if not self._faults:
            return []
        with self._lock:
            return [
                each
                for each in self._faults.values()
                if each.strikes(path=path, endpoint=endpoint, method=method, users=users)
            ]
