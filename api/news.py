"""Notifications of changed jobs: one connection of this process listens for all event streams."""

import asyncio
from collections.abc import Callable
from threading import Event, Thread

from db.listen import Listener

CHANNEL = "rekkrd_job"
LISTEN_SECONDS = 60.0


class JobNews:
    """Calls ``tell`` with the ID of each changed job, in the event loop. Without a direct connection it never does."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._listener: Listener | None = None
        self._end = Event()
        self._thread: Thread | None = None

    def start(self, tell: Callable[[str], None]) -> None:
        """Listen in a thread, and call ``tell`` in the event loop that runs now."""
        self._listener = Listener(self._url, (CHANNEL,))
        self._thread = Thread(
            target=self._listen, args=(self._listener, asyncio.get_running_loop(), tell), name="job-news", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._end.set()
        if self._listener is not None and self._thread is not None:
            self._listener.close()
            self._thread.join()

    @property
    def is_listening(self) -> bool:
        """Return True if a notification would arrive at this moment."""
        return self._listener is not None and self._listener.is_listening

    def _listen(self, listener: Listener, loop: asyncio.AbstractEventLoop, tell: Callable[[str], None]) -> None:
        with listener:
            while not self._end.is_set():
                for news in listener.wait(LISTEN_SECONDS):
                    if not self._end.is_set():
                        loop.call_soon_threadsafe(tell, news.payload)
