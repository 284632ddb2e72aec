"""Who waits at the door: nobody who is gone keeps a token, and nobody waits beyond the last place."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from api.waiting_room import SHORTEST_SECONDS, Asked, RoomFull, WaitingRoom
from workers.limiter.errors import GaveUp, Stopped
from workers.limiter.lanes import Lane


class SlowLimiter:
    """Grants when told to, whoever still listens, and remembers what came back."""

    def __init__(self):
        self.go = threading.Event()
        self.asked = []
        self.given = self.returned = 0
        self.heeds_stop = True

    def acquire(self, *, lane, user, give_up_after, stop):
        self.asked.append((lane, user, give_up_after))
        while not self.go.wait(0.005):
            if self.heeds_stop and stop.is_set():
                raise Stopped("told to")
        self.given += 1
        return SimpleNamespace(unused=self._take_back, lane=lane, id="1" * 32)

    def _take_back(self):
        self.returned += 1


@pytest.fixture
def limiter():
    return SlowLimiter()


@pytest.fixture
def room(limiter):
    room = WaitingRoom(limiter, places=2)
    yield room
    limiter.go.set()
    room.close()


ASKED = Asked(Lane.IMPORT, "program:shop", 3.0)


async def listening():
    await asyncio.Event().wait()


def until(condition):
    async def look():
        while not condition():
            await asyncio.sleep(0.005)

    return asyncio.wait_for(look(), 10)


def test_who_waits_gets_the_token_that_comes(room, limiter):
    limiter.go.set()
    grant = asyncio.run(room.wait(ASKED, listening, lambda: False))
    assert (grant.lane, limiter.asked, limiter.returned) == (Lane.IMPORT, [(Lane.IMPORT, "program:shop", 3.0)], 0)


def test_who_does_not_want_to_wait_is_asked_for_once(room, limiter):
    limiter.go.set()
    asyncio.run(room.wait(Asked(Lane.IMPORT, "x", 0.0), listening, lambda: False))
    assert limiter.asked[0][2] == SHORTEST_SECONDS


def test_one_more_than_there_are_places_is_sent_away_and_takes_no_thread(room, limiter):
    async def crowd():
        waits = [asyncio.create_task(room.wait(ASKED, listening, lambda: False)) for _ in range(2)]
        await until(lambda: room.waiting == 2)
        with pytest.raises(RoomFull):
            await room.wait(ASKED, listening, lambda: False)
        limiter.go.set()
        await asyncio.gather(*waits)
        return len(limiter.asked), room.waiting

    assert asyncio.run(crowd()) == (2, 0)


@pytest.mark.parametrize("heeds_stop", [True, False])
def test_who_hangs_up_leaves_the_line_and_a_token_that_comes_all_the_same_goes_back(room, limiter, heeds_stop):
    limiter.heeds_stop = heeds_stop

    async def hang_up():
        gone = asyncio.Event()

        async def receive():
            await gone.wait()
            if not heeds_stop:
                asyncio.get_running_loop().call_later(0.1, limiter.go.set)
            return {"type": "http.disconnect"}

        waiting = asyncio.create_task(room.wait(ASKED, receive, lambda: False))
        await until(lambda: limiter.asked)
        gone.set()
        with pytest.raises(Stopped):
            await waiting

    asyncio.run(hang_up())
    assert limiter.given == limiter.returned == (0 if heeds_stop else 1)


def test_a_token_that_comes_in_the_moment_of_hanging_up_goes_back(room, limiter):
    """The thread has it and nobody was gone then; the client hangs up before the loop hears of it."""

    async def hang_up():
        async def receive():
            return {"type": "http.disconnect"}

        taking = threading.Event()
        take = room._take

        def slowly(asked, stop):
            grant = limiter.acquire(lane=asked.lane, user="", give_up_after=0, stop=stop)
            taking.wait(5)
            return grant

        room._take = slowly
        limiter.go.set()
        asyncio.get_running_loop().call_later(0.2, taking.set)
        try:
            with pytest.raises(Stopped):
                await room.wait(ASKED, receive, lambda: False)
        finally:
            room._take = take

    asyncio.run(hang_up())
    assert (limiter.given, limiter.returned) == (1, 1)


def test_the_token_of_a_request_that_was_cancelled_goes_back(room, limiter):
    limiter.heeds_stop = False

    async def cancel():
        waiting = asyncio.create_task(room.wait(ASKED, listening, lambda: False))
        await until(lambda: limiter.asked)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        limiter.go.set()
        await until(lambda: limiter.returned)

    asyncio.run(cancel())
    assert (limiter.given, limiter.returned, room.waiting) == (1, 1, 0)


def test_a_token_that_was_there_when_its_request_was_cancelled_goes_back(room, limiter):
    """The thread is done, and the loop hears of the cancellation before it hears of the token."""

    async def cancel():
        room._take = lambda asked, stop: limiter.acquire(lane=asked.lane, user="", give_up_after=0, stop=stop)
        waiting = asyncio.create_task(room.wait(ASKED, listening, lambda: False))
        await until(lambda: limiter.asked)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        limiter.go.set()
        await until(lambda: limiter.returned)

    limiter.heeds_stop = False
    asyncio.run(cancel())
    assert (limiter.given, limiter.returned) == (1, 1)


def test_a_process_that_ends_ends_every_wait(room):
    with pytest.raises(Stopped):
        asyncio.run(room.wait(ASKED, listening, lambda: True))


def test_what_the_limiter_says_is_passed_on(room, limiter):
    def too_long(**_):
        raise GaveUp("3 s")

    limiter.acquire = too_long
    with pytest.raises(GaveUp):
        asyncio.run(room.wait(ASKED, listening, lambda: False))
