"""How the consumers of one process share its threads."""

from threading import Barrier, BrokenBarrierError, Thread

import pytest
import redis

from workers.broker import CallBroker, CallConsumer, Desk


class Plentiful(CallBroker):
    """A Redis with as many messages as it is asked for, which answers two consumers at once if it can."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(redis.Redis(), namespace="tests", desk=desk)
        self.both = Barrier(2, timeout=0.3)
        self.fetched = 0

    def do_fetch(self, _queue: str, room: int) -> list[bytes]:
        try:
            self.both.wait()
        except BrokenBarrierError:
            self.both.reset()
        self.fetched += room
        return [b"{}"] * room


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the messages are empty
def test_two_consumers_never_fetch_for_the_same_free_thread() -> None:
    broker = Plentiful(Desk(threads=4))
    threads = [Thread(target=CallConsumer(broker, queue, 1, 1).__next__) for queue in ("import", "push")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert broker.fetched == broker.desk.busy == 4
