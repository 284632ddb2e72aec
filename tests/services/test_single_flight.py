"""Request de-duplication: one request a key, followers on the event loop, bounds, and other processes' claims."""

import asyncio
import threading
from types import SimpleNamespace
from uuid import uuid4

import pytest

from db.errors import DatabaseAway
from services import single_flight
from services.senders import Busy, Senders
from services.single_flight import MOST_KEYS_A_USER, Pending, SingleFlight, Source
from tests.services.test_senders import Home

ADA, BOB = uuid4(), uuid4()


class Table:
    """Stored answers, claims of other processes, and Discogs, which answers when told to."""

    def __init__(self):
        self.go = threading.Event()
        self.stored = {}
        self.claimed_elsewhere = set()
        self.asked = []
        self.polls = 0
        self.error = None
        self.away = 0

    def find(self, _, key):
        return self.stored.get(key)

    def ask(self, _, key, user):
        if key in self.claimed_elsewhere:
            return None
        self.asked.append((key, user))
        assert self.go.wait(30)
        if self.error is not None:
            raise self.error
        return self.stored.setdefault(key, f"answer {key}")

    def held(self, _, keys):
        self.polls += 1
        if self.away:
            self.away -= 1
            raise DatabaseAway("away")
        return self.claimed_elsewhere & set(keys)


@pytest.fixture
def table():
    return Table()


@pytest.fixture
def source(table):
    return Source(find=table.find, ask=table.ask, held=table.held)


@pytest.fixture
def run(table, monkeypatch):
    """Run a test's coroutine function with a SingleFlight."""
    monkeypatch.setattr(single_flight, "POLL_SECONDS", 0.01)

    def to(body):
        async def main():
            home = Home(SimpleNamespace(limiter=SimpleNamespace(window_seconds=60.0, limit=55)))
            senders = Senders(home)
            flights = SingleFlight(senders)
            try:
                return await asyncio.wait_for(body(flights), 30)
            finally:
                table.go.set()
                await flights.close()
                await asyncio.to_thread(senders.close)

        return asyncio.run(main())

    return to


def until(condition):
    async def look():
        while not condition():
            await asyncio.sleep(0)

    return look()


def test_followers_share_one_request_and_hold_no_thread(run, source, table):
    async def body(flights):
        tasks = [asyncio.create_task(flights.get(source, "k", uuid4(), wait=20)) for _ in range(500)]
        await until(lambda: flights.followers == 500)
        senders = [thread for thread in threading.enumerate() if thread.name.startswith("sender")]
        table.go.set()
        return len(senders), set(await asyncio.gather(*tasks))

    assert run(body) == (1, {"answer k"})
    assert len(table.asked) == 1


def test_without_wait_the_request_starts_and_goes_on(run, source, table):
    async def body(flights):
        with pytest.raises(Pending) as pending:
            await flights.get(source, "k", ADA, wait=0)
        assert pending.value.retry_after == 1
        table.go.set()
        await until(lambda: "k" in table.stored)
        return await flights.get(source, "k", ADA, wait=20)

    assert run(body) == "answer k"
    assert len(table.asked) == 1


def test_the_error_of_the_request_reaches_every_follower(run, source, table):
    table.error = ValueError("refused")

    async def body(flights):
        tasks = [asyncio.create_task(flights.get(source, "k", ADA, wait=20)) for _ in range(3)]
        await until(lambda: flights.followers == 3)
        table.go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert [str(error) for error in run(body)] == ["refused"] * 3


def test_a_cancelled_follower_leaves_the_others_waiting(run, source, table):
    async def body(flights):
        gone, stays = (asyncio.create_task(flights.get(source, "k", ADA, wait=20)) for _ in range(2))
        await until(lambda: flights.followers == 2)
        gone.cancel()
        await until(lambda: flights.followers == 1)
        table.go.set()
        return await stays

    assert run(body) == "answer k"


def test_a_user_has_few_keys_under_way_and_others_go_on(run, source):
    async def body(flights):
        for key in range(MOST_KEYS_A_USER):
            with pytest.raises(Pending):
                await flights.get(source, key, ADA, wait=0)
        with pytest.raises(Busy):
            await flights.get(source, "more", ADA, wait=0)
        for user, key in ((ADA, 0), (BOB, "more")):
            with pytest.raises(Pending):
                await flights.get(source, key, user, wait=0)

    run(body)


def test_following_counts_as_a_key_of_the_user(run, source):
    async def body(flights):
        for key in range(MOST_KEYS_A_USER + 1):
            with pytest.raises(Pending):
                await flights.get(source, key, BOB if key % 2 else uuid4(), wait=0)
        for key in range(MOST_KEYS_A_USER):
            with pytest.raises(Pending):
                await flights.get(source, key, ADA, wait=0)
        with pytest.raises(Busy):
            await flights.get(source, MOST_KEYS_A_USER, ADA, wait=0)

    run(body)


def test_followers_of_a_process_are_bounded(run, source, monkeypatch):
    monkeypatch.setattr(single_flight, "MOST_FOLLOWERS", 2)

    async def body(flights):
        tasks = [asyncio.create_task(flights.get(source, "k", uuid4(), wait=20)) for _ in range(2)]
        await until(lambda: flights.followers == 2)
        with pytest.raises(Busy):
            await flights.get(source, "k", ADA, wait=20)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return flights.followers

    assert run(body) == 0


def test_another_process_answer_is_found_by_one_poll_for_all(run, source, table):
    keys = [f"k{n}" for n in range(20)]
    table.claimed_elsewhere = set(keys)

    async def body(flights):
        tasks = [asyncio.create_task(flights.get(source, key, uuid4(), wait=20, is_held=True)) for key in keys]
        await until(lambda: table.polls >= 2)
        threads = [thread for thread in threading.enumerate() if thread.name.startswith("sender")]
        polls = table.polls
        table.stored = {key: f"theirs {key}" for key in keys}
        table.claimed_elsewhere = set()
        answers = await asyncio.gather(*tasks)
        return threads, answers, table.polls - polls

    threads, answers, polls = run(body)
    assert (threads, answers) == ([], [f"theirs {key}" for key in keys])
    assert polls <= 3
    assert table.asked == []


def test_a_claim_that_was_lost_makes_a_follower(run, source, table):
    table.claimed_elsewhere = {"k"}

    async def body(flights):
        task = asyncio.create_task(flights.get(source, "k", ADA, wait=20))
        await until(lambda: table.polls)
        table.stored["k"] = "theirs"
        table.claimed_elsewhere = set()
        return await task

    assert run(body) == "theirs"


def test_when_another_process_gives_up_this_one_asks(run, source, table):
    table.claimed_elsewhere, table.away = {"k"}, 1
    table.go.set()

    async def body(flights):
        task = asyncio.create_task(flights.get(source, "k", ADA, wait=20, is_held=True))
        await until(lambda: table.polls >= 2)
        table.claimed_elsewhere = set()
        return await task

    assert run(body) == "answer k"
    assert table.asked == [("k", ADA)]
