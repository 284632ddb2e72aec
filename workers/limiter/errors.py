"""Why a token was not given.

LimiterError
├── GaveUp               nothing was free within the time that the asker had
├── Stopped              the asker was told to end: cancelled, or its process stops
├── GateClosed           Discogs asked us to wait for longer than the asker has
└── LimiterUnavailable   Redis is out of reach: nobody sends
"""

from datetime import datetime


class LimiterError(Exception):
    """Ancestor of everything below; none of them is an attempt."""


class GaveUp(LimiterError):
    """No token came up in the time that the asker had."""


class Stopped(LimiterError):
    """The asker was told to end while it waited."""


class GateClosed(LimiterError):
    """The gate is closed for the whole fleet for longer than the asker has."""

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(f"{reason}. Going on at {until:%H:%M:%S} UTC.")
        self.until = until
        self.reason = reason


class LimiterUnavailable(LimiterError):
    """Redis cannot be reached, so nobody may send."""
