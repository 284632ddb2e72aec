"""Watched jobs: one look serves all event streams of a job, and one query all jobs of a look."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import structlog

from actors.operating import progress
from actors.operating.progress import JobView
from api.access import Caller
from api.answers import pace_of, redis_of
from api.errors import ApiError, Code
from api.models.jobs import JobOut
from api.roles import Role
from db import jobs
from db.errors import DatabaseError, MayBeRetried
from workers.resources import Resources

log = structlog.get_logger(__name__)

MOST_STREAMS = 500  # of one process
MOST_STREAMS_A_USER = 6  # as many as a browser opens to one host
MOST_STREAMS_OF_OPERATORS = 50  # together
LOOK_SECONDS = 1.0  # between two looks at a job without NOTIFY
LOOK_LISTENING_SECONDS = 3.0  # with it: what a job waits for changes without a notification
JOBS_A_LOOK = 50
REST_SECONDS = 0.05  # between two looks, so that a busy job takes a bounded share of this process


@dataclass(slots=True, eq=False)
class Topic:
    """One watched job. ``view`` is None before the first look and after the job was deleted."""

    job_id: UUID
    watchers: int = 0
    view: JobView | None = None
    version: int = 0
    is_gone: bool = False
    looked_at: float = float("-inf")
    is_changed: bool = True
    error: DatabaseError | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    rendered: dict[Role, str] = field(default_factory=dict)

    def data(self, role: Role) -> str | None:
        """Return the job as JSON, made once for all watchers of a role. None after the job was deleted."""
        if self.view is None:
            return None
        if role not in self.rendered:
            self.rendered[role] = JobOut.of(self.view, role).model_dump_json()
        return self.rendered[role]

    def publish(self, view: JobView | None) -> None:
        """Take the result of a look, and wake the watchers if anything changed."""
        is_new = self.version == 0 or self.view is None or view is None or _facts(self.view) != _facts(view)
        self.error = None
        if is_new:
            self.view, self.is_gone = view, view is None
            self.version += 1
            self.rendered.clear()
            self.wake()

    def wake(self) -> None:
        """Wake the watchers."""
        news, self.news = self.news, asyncio.Event()
        news.set()


class JobWatch:
    """The watched jobs of one process, and the thread that looks at them. Used in one event loop."""

    def __init__(self, resources: Resources, is_listening: Callable[[], bool], is_stopping: Callable[[], bool]) -> None:
        self._resources = resources
        self._is_listening = is_listening
        self._is_stopping = is_stopping
        self._topics: dict[UUID, Topic] = {}
        self._streams: Counter[UUID | None] = Counter()
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="job-watch")
        self._task: asyncio.Task[None] | None = None

    @property
    def streams(self) -> int:
        """Number of open streams."""
        return self._streams.total()

    def start(self) -> None:
        """Begin to look, in the event loop that runs now."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._thread.shutdown)

    def tell(self, job_id: str) -> None:
        """Look at a job soon: a notification came. An empty ID means that some may be lost: look at all."""
        for topic in self._topics.values():
            if not job_id or str(topic.job_id) == job_id:
                topic.is_changed = True
                self._wake.set()

    @contextmanager
    def stream(self, who: Caller, job_id: UUID) -> Iterator[Topic]:
        """Take a stream's place and watch a job. Raises ApiError at once when there are too many streams."""
        most = MOST_STREAMS_OF_OPERATORS if who.user_id is None else MOST_STREAMS_A_USER
        if self.streams >= MOST_STREAMS or self._streams[who.user_id] >= most:
            is_own = self._streams[who.user_id] >= most
            raise ApiError(
                Code.UNAVAILABLE,
                f"{most} event streams are open for this user." if is_own else "Too many event streams are open.",
                "Close one, or poll GET /api/jobs/{id} every few seconds.",
                reason="too_many_streams",
                headers={"Retry-After": "10"},
            )
        topic = self._topics.setdefault(job_id, Topic(job_id))
        topic.watchers += 1
        self._streams[who.user_id] += 1
        self._wake.set()
        try:
            yield topic
        finally:
            topic.watchers -= 1
            if not topic.watchers:
                del self._topics[job_id]
            self._streams[who.user_id] -= 1
            if not self._streams[who.user_id]:
                del self._streams[who.user_id]

    async def _run(self) -> None:
        while not self._is_stopping():
            self._wake.clear()
            due = self._due()
            if due:
                await self._look(due)
                await asyncio.sleep(REST_SECONDS)
                continue
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
        for topic in self._topics.values():
            topic.wake()

    def _due(self) -> list[Topic]:
        """Return the topics of the next look: those that changed first, then those that were seen longest ago."""
        oldest = time.monotonic() - (LOOK_LISTENING_SECONDS if self._is_listening() else LOOK_SECONDS)
        due = [topic for topic in self._topics.values() if topic.is_changed or topic.looked_at <= oldest]
        return sorted(due, key=lambda topic: (not topic.is_changed, topic.looked_at))[:JOBS_A_LOOK]

    async def _look(self, due: Sequence[Topic]) -> None:
        for topic in due:
            topic.is_changed, topic.looked_at = False, time.monotonic()
        look = partial(_views, self._resources, [topic.job_id for topic in due])
        try:
            views = await asyncio.get_running_loop().run_in_executor(self._thread, look)
        except DatabaseError as error:
            for topic in due:
                topic.error = error
                if topic.version == 0:
                    topic.wake()
            if not isinstance(error, MayBeRetried):
                log.warning("jobs_not_read", error=str(error))
            return
        for topic in due:
            topic.publish(views.get(topic.job_id))


def _views(resources: Resources, job_ids: Sequence[UUID]) -> dict[UUID, JobView]:
    with resources.pool.transaction() as conn:
        found = progress.views(conn, jobs.find_many(conn, job_ids), pace=pace_of(resources), redis=redis_of(resources))
    return {view.job.id: view for view in found}


def _facts(view: JobView) -> Hashable:
    """Return what makes an event: not the remaining time, which changes with every look."""
    job = view.job
    return (job.state, job.steps, job.processed_records, job.total_records, job.cancel_requested_at, view.waits_for)
