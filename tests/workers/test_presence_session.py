"""A living worker keeps its steps when its presence session ends."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from db import presence
from db.jobs import Job
from db.listen import Listener
from db.pool import Pool
from db.presence import Session
from workers.leases import LeaseKeeper
from workers.presence_session import PresenceSession

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEASE_SECONDS = 60.0
END = "SELECT pg_terminate_backend(backend_pid, 5000) FROM rekkrd.presence_sessions WHERE worker = %s"


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=2)
    yield pool
    pool.close()


@pytest.fixture
def keeper(pool: Pool) -> LeaseKeeper:
    """A keeper whose thread does not run: the tests renew."""
    return LeaseKeeper(pool, worker="here", lease_seconds=LEASE_SECONDS, step_deadline_seconds=60)


@pytest.fixture
def listener(migrated_database_url: str) -> Iterator[Listener]:
    with Listener(migrated_database_url, ["rekkrd_line"]) as listener:
        yield listener


def session_of(listener: Listener, keeper: LeaseKeeper, worker: str = "here") -> PresenceSession:
    return PresenceSession(listener, keeper, worker=worker, lease_seconds=LEASE_SECONDS, on_work=lambda: None)


def registered(pool: Pool) -> list[Session]:
    with pool.transaction() as conn:
        rows = conn.execute("SELECT worker, backend_pid FROM rekkrd.presence_sessions ORDER BY worker").fetchall()
    return [Session(**row) for row in rows]


def end(url: str, worker: str) -> None:
    with psycopg.connect(url, autocommit=True) as operator:
        operator.execute(END, [worker])


def test_a_worker_registers_its_session(listener: Listener, keeper: LeaseKeeper, pool: Pool) -> None:
    session_of(listener, keeper).turn()
    (found,) = registered(pool)
    assert found.worker == "here"


def test_the_end_of_the_session_suspends_and_a_new_one_renews(
    listener: Listener, keeper: LeaseKeeper, pool: Pool, migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, suspended = session_of(listener, keeper), []
    session.turn()
    (before,) = registered(pool)
    suspend = keeper.suspend
    monkeypatch.setattr(keeper, "suspend", lambda ended: (suspended.append(ended), suspend(ended)))
    end(migrated_database_url, "here")
    while registered(pool) == [before]:
        session.turn()
    assert suspended == [before]
    assert keeper.wait_until_renewed(0), "renewed in the transaction that registered the new session"


def test_a_suspended_keeper_renews_over_its_own_connection(
    listener: Listener, keeper: LeaseKeeper, pool: Pool, migrated_database_url: str
) -> None:
    session = session_of(listener, keeper)
    session.turn()
    (before,) = registered(pool)
    keeper.suspend(before)
    assert not keeper.wait_until_renewed(0)
    keeper.start()
    assert keeper.wait_until_renewed(10)
    assert registered(pool) == [], "removed with the renewal: nobody shortens the leases after it"
    keeper.stop()


def test_a_young_session_shortens_no_leases(
    listener: Listener, keeper: LeaseKeeper, pool: Pool, migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shortened: list[Session] = []
    monkeypatch.setattr(presence, "shorten_leases", lambda _, session, **__: shortened.append(session))
    with Listener(migrated_database_url, ["rekkrd_line"]) as another:
        session_of(another, keeper, "another").turn()
    session = session_of(listener, keeper)
    session.turn()
    while not found_ended(pool):
        session.turn()
    session.turn()
    assert shortened == [], "it was away itself a moment ago, and the others may have been, too"
    monkeypatch.setattr(session, "_trusted_from", 0.0)
    session.turn()
    assert [one.worker for one in shortened] == ["another"]


def found_ended(pool: Pool) -> list[Session]:
    with pool.transaction() as conn:
        return presence.find_ended(conn)


def test_a_thread_that_was_stopped_is_young_again(
    listener: Listener, keeper: LeaseKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(listener, keeper)
    session.turn()
    monkeypatch.setattr(session, "_trusted_from", 0.0)
    monkeypatch.setattr(session, "_turned_at", session._turned_at - 60)
    session.turn()
    assert session._trusted_from > session._turned_at


def test_without_a_direct_address_nothing_is_registered(keeper: LeaseKeeper, pool: Pool) -> None:
    with Listener(None, ["rekkrd_line"]) as listener:
        session_of(listener, keeper).turn()
    assert registered(pool) == []
    assert keeper.wait_until_renewed(0)


def test_a_lease_taken_from_a_living_worker_takes_its_crash_back(
    keeper: LeaseKeeper, pool: Pool, job_row: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    forgiven = []
    monkeypatch.setattr(presence, "unregister", lambda *_, **__: True)
    monkeypatch.setattr(presence, "forgive_crash", lambda _conn, *told: forgiven.append(told))
    job = job_row(NOW, id=uuid4(), fence=3, leased_by="here")
    with keeper.hold(job) as lease:
        keeper.suspend(Session("here", 1))
        keeper.renew_in(pool.transaction())
    assert lease.is_lost, "it has no row"
    assert forgiven == [("here", job.id, 3)]
