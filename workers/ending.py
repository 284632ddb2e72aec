"""How a process hears that it shall end."""

import os
import select
import signal

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Ending:
    """Listens for SIGTERM and SIGINT from when it is made; one a process, in its main thread.

    Not an Event that a handler sets: the handler runs in the middle of whatever the main thread does, and in the middle
    of ``Event.wait`` that may be holding the lock which ``set`` needs. Here the interpreter writes a byte into a pipe.
    """

    def __init__(self) -> None:
        self._heard, written = os.pipe()
        os.set_blocking(written, False)
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(written)

    @property
    def has_come(self) -> bool:
        """Tell whether one of them came, without waiting."""
        return bool(select.select([self._heard], [], [], 0)[0])

    def wait(self) -> None:
        """Sleep until one of them came, also if that was before this call."""
        os.read(self._heard, 1)
