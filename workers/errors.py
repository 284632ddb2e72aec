"""What can go wrong in the engine room.

EngineError
└── NotConfigured   a setting is missing or wrong, and the sentence names it
"""


class EngineError(Exception):
    """Ancestor of everything below."""


class NotConfigured(EngineError):
    """A process cannot start: the sentence names the setting and what to put there."""
