"""What can go wrong at the terminal, each with one sentence and the next step.

CommandFailed
├── BadSettings         a setting cannot be read
├── BrokenText          an argument, a setting or an input is not valid UTF-8, or has a control character
├── RequestRefused      a job was not enqueued, or the user does not exist: the arguments are wrong
├── NothingRunning      no `rekkrd up` here, and no address of another database
├── AlreadyRunning      another `rekkrd up` holds this data folder
├── PortTaken           somebody else listens where we should
├── FolderRefused       the data folder cannot be written to
├── BrokenKey           the file of the encryption key holds none
├── NotComplete         REKKRD_ENV=production, and something is missing
├── ProcessEnded        one of the processes of `up` ended by itself, or did not come up
├── NotFound            no job, or no user, goes by that name
│   └── Ambiguous       more than one does
└── WorkFailed          the job that we waited for did not complete
"""


class CommandFailed(Exception):
    """Ancestor of everything below: a sentence, what to do next, and the exit code."""

    exit_code = 1

    def __init__(self, sentence: str, next_step: str | None = None) -> None:
        super().__init__(sentence)
        self.next_step = next_step


class BadSettings(CommandFailed):
    """A setting cannot be read; the sentence names it."""

    exit_code = 2


class BrokenText(CommandFailed):
    """Something typed, set or piped in is not valid UTF-8, or has a control character; ``what`` names it."""

    exit_code = 2

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is not valid UTF-8, or has a control character.", "Correct it and run the command again."
        )


class RequestRefused(CommandFailed):
    """The arguments ask for something that no entry point allows."""

    exit_code = 2


class NothingRunning(CommandFailed):
    """There is no database to talk to."""


class AlreadyRunning(CommandFailed):
    """Two on one data folder would be two databases in one place."""


class PortTaken(CommandFailed):
    """Somebody else listens there; the next step names the setting."""


class FolderRefused(CommandFailed):
    """The data folder cannot be made or written to."""


class BrokenKey(CommandFailed):
    """The file of the encryption key is empty or damaged."""


class NotComplete(CommandFailed):
    """Production starts only complete; each missing thing is named."""

    exit_code = 2


class ProcessEnded(CommandFailed):
    """One of our processes ended by itself, or did not come up."""


class NotFound(CommandFailed):
    """Nothing goes by that name."""


class Ambiguous(NotFound):
    """More than one thing does."""


class WorkFailed(CommandFailed):
    """The job we waited for failed, or was cancelled."""
