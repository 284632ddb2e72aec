"""News of jobs for the event streams of this process: one connection listens, any number of streams wait."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from db.listen import Listener

CHANNEL = "rekkrd_job"
LISTEN_SECONDS = 60.0


class JobNews:
    """Wakes streams when their job changes. Without a direct connection it never does, and they look by themselves."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._ear: Listener | None = None
        self._end = Event()
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._thread: Thread | None = None

    def start(self) -> None:
        """Listen in a thread, and wake streams in the event loop that runs now."""
        self._ear = Listener(self._url, (CHANNEL,))
        self._thread = Thread(
            target=self._listen, args=(self._ear, asyncio.get_running_loop()), name="job-news", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and every wait."""
        self._end.set()
        if self._ear is not None and self._thread is not None:
            self._ear.close()
            self._thread.join()
        self._tell("")

    @property
    def is_listening(self) -> bool:
        """Whether news would arrive at this moment."""
        return self._ear is not None and self._ear.is_listening

    @contextmanager
    def of(self, job_id: str) -> Iterator[asyncio.Event]:
        """Give an event that is set when this job changed; clear it before each look."""
        changed = asyncio.Event()
        self._waiting[job_id].add(changed)
        try:
            yield changed
        finally:
            self._waiting[job_id].discard(changed)
            if not self._waiting[job_id]:
                del self._waiting[job_id]

    @property
    def streams(self) -> int:
        """How many streams wait."""
        return sum(len(waiting) for waiting in self._waiting.values())

    def _listen(self, ear: Listener, loop: asyncio.AbstractEventLoop) -> None:
        with ear:
            while not self._end.is_set():
                for news in ear.wait(LISTEN_SECONDS):
                    if not self._end.is_set():
                        loop.call_soon_threadsafe(self._tell, news.payload)

    def _tell(self, job_id: str) -> None:
        """Wake the streams of one job; an empty id means that something may have been missed, so all look."""
        found = self._waiting.get(job_id, set()) if job_id else set().union(*self._waiting.values())
        for changed in found:
            changed.set()
