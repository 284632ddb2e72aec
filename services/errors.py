"""Errors of the domain logic; each text says what is wrong, ``next_step`` what to do.

ServiceError
├── SyncPaused          a sync was undone, and the user has not chosen how to go on
├── NothingToResume     the sync is not paused
└── ChoiceOutdated      the confirmed numbers are not those of now
"""


class ServiceError(Exception):
    """Ancestor of everything below."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.next_step = next_step


class SyncPaused(ServiceError):
    """No import and no push may run: a sync was undone, and the user has not chosen how to go on."""


class NothingToResume(ServiceError):
    """The sync is not paused, or its undo has not ended."""


class ChoiceOutdated(ServiceError):
    """The push would delete or overwrite another number of records than the user confirmed."""
