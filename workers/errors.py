"""What can go wrong in the engine room.

EngineError
└── NotConfigured   a setting is missing or wrong, and the sentence names it

StepError
├── JobFailed       a job cannot succeed, and the sentence tells a person what to do
├── Misfit          what the ledger has of a job does not fit this release
└── StepLost        somebody else has the job by now
"""


class EngineError(Exception):
    """Ancestor of everything below."""


class NotConfigured(EngineError):
    """A process cannot start: the sentence names the setting and what to put there."""


class StepError(Exception):
    """Ancestor of what ends a step; the runner makes of it what stands in the ledger, and nobody else meets it."""


class JobFailed(StepError):
    """Raised by a job that cannot succeed; the sentence tells a person what to do."""

    def __init__(self, error_class: str, sentence: str) -> None:
        super().__init__(sentence)
        self.error_class = error_class


class Misfit(StepError):
    """What the ledger has of a job does not fit this code: a newer release wrote it, or an older one."""


class StepLost(StepError):
    """The step is no longer ours: nothing may be written."""
