"""Counts are added once, to minutes, months and the plan's table, whoever the user is or was."""

import time
from datetime import UTC, date, datetime, timedelta
from threading import Thread
from uuid import UUID, uuid4

import pytest

from db import Connection, fleet, usage
from db.pool import Pool
from db.usage import Month, Share, Use

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARCH = date(2026, 3, 1)


def use(user_id: UUID | None = None, **said: object) -> Use:
    given = {"minute": NOON, "lane": "import", "kind": "import_collection", "endpoint": "GET /a", **said}
    return Use(user_id=user_id, **given)  # type: ignore[arg-type]


def minutes(conn: Connection) -> list[tuple[object, ...]]:
    rows = conn.execute(
        "SELECT minute, user_id, requests FROM rekkrd.usage_minutes ORDER BY minute, user_id"
    ).fetchall()
    return [tuple(row.values()) for row in rows]


def plans(conn: Connection) -> list[tuple[object, ...]]:
    rows = conn.execute("SELECT user_id, month, api_calls, imports FROM discogs_usage ORDER BY month").fetchall()
    return [tuple(row.values()) for row in rows]


def test_flushes_of_many_processes_add_up(conn: Connection, ada: UUID) -> None:
    assert usage.add(conn, uuid4(), {use(ada): 3, use(): 2})
    assert usage.add(conn, uuid4(), {use(ada): 4, use(): 1, use(ada, minute=NOON + timedelta(minutes=1)): 1})
    assert minutes(conn) == [(NOON, ada, 7), (NOON, None, 3), (NOON + timedelta(minutes=1), ada, 1)]
    assert plans(conn) == [(ada, MARCH, 8, 0)]
    assert usage.month_of(conn, MARCH) == Month(11, 0, 0)
    assert usage.month_of(conn, MARCH, ada) == Month(8, 0, 0)


def test_the_fleets_requests_are_added_up_by_lane(conn: Connection, ada: UUID) -> None:
    flush = uuid4()
    for _ in range(2):
        usage.add(conn, flush, {use(ada): 3, use(): 2, use(ada, lane="interactive"): 1})
    usage.add(conn, uuid4(), {use(ada, minute=NOON + timedelta(days=40)): 4})
    told = {one.labels["lane"]: one.value for one in fleet.tallies(conn) if one.name == "requests"}
    assert told == {"import": 9, "interactive": 1}


def test_a_flush_said_twice_counts_once(conn: Connection, ada: UUID) -> None:
    flush = uuid4()
    assert [usage.add(conn, flush, {use(ada): 3}) for _ in range(2)] == [True, False]
    assert minutes(conn) == [(NOON, ada, 3)]
    assert plans(conn) == [(ada, MARCH, 3, 0)]
    assert usage.month_of(conn, MARCH, ada).requests == 3


def test_a_flush_said_again_while_the_first_is_under_way_counts_once(
    conn: Connection, migrated_database_url: str, ada: UUID
) -> None:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=10)
    flush, said = uuid4(), []

    def say_again() -> None:
        with pool.transaction() as second:
            said.append(usage.add(second, flush, {use(ada): 3}))

    try:
        again = Thread(target=say_again)
        with pool.transaction() as first:
            assert usage.add(first, flush, {use(ada): 3})
            again.start()
            while not conn.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
                time.sleep(0.01)
        again.join()
    finally:
        pool.close()
    assert said == [False]
    assert minutes(conn) == [(NOON, ada, 3)]


def test_a_month_is_one_of_utc_wherever_the_server_stands(conn: Connection, ada: UUID) -> None:
    conn.execute("SET TIME ZONE 'Pacific/Auckland'")
    last = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)
    usage.add(conn, uuid4(), {use(ada, minute=last): 1, use(ada, minute=last + timedelta(minutes=1)): 2})
    assert [usage.month_of(conn, date(2026, month, 1), ada).requests for month in (3, 4)] == [1, 2]
    assert [row[1:3] for row in plans(conn)] == [(MARCH, 1), (date(2026, 4, 1), 2)]
    usage.add_import(conn, ada)
    assert plans(conn)[-1][1] == datetime.now(UTC).date().replace(day=1)


def test_who_has_left_still_counts_in_the_fleets_month(conn: Connection, ada: UUID) -> None:
    stranger = uuid4()
    usage.add(conn, uuid4(), {use(ada): 3, use(stranger): 2})
    conn.execute("DELETE FROM public.profiles")
    usage.add(conn, uuid4(), {use(ada): 1})
    usage.add_import(conn, ada)
    assert plans(conn) == []
    assert usage.month_of(conn, MARCH) == Month(6, 0, 0)
    assert usage.shares(conn, MARCH, "user", room=9) == [Share(str(ada), 4), Share(str(stranger), 2)]


def test_a_profile_that_is_deleted_meanwhile_refuses_nobodys_counts(
    conn: Connection, migrated_database_url: str, ada: UUID
) -> None:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=10)

    def add() -> None:
        with pool.transaction() as second:
            usage.add(second, uuid4(), {use(ada): 3})

    try:
        adding = Thread(target=add)
        with pool.transaction() as first:
            first.execute("DELETE FROM public.profiles")
            adding.start()
            while not conn.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
                time.sleep(0.01)
        adding.join()
    finally:
        pool.close()
    assert minutes(conn) == [(NOON, ada, 3)]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("lane", [("import", 5), ("interactive", 1)]),
        ("kind", [("import_collection", 3), ("import_wantlist", 2), ("door", 1)]),
        ("endpoint", [("GET /b", 4), ("GET /a", 2)]),
    ],
)
def test_a_month_is_shown_in_parts_the_largest_first(
    conn: Connection, ada: UUID, part: usage.Part, said: list[tuple[str, int]]
) -> None:
    counts = {
        use(ada, endpoint="GET /b"): 2,
        use(ada, kind="import_wantlist", endpoint="GET /b"): 2,
        use(): 1,
        use(ada, kind="door", lane="interactive"): 1,
    }
    usage.add(conn, uuid4(), counts)
    usage.add(conn, uuid4(), {use(minute=NOON + timedelta(days=40)): 9})
    assert [(share.name, share.requests) for share in usage.shares(conn, MARCH, part, room=9)] == said
    assert usage.shares(conn, MARCH, part, room=1) == [Share(*said[0])]
    assert sum(share.requests for share in usage.shares(conn, MARCH, part, ada, room=9)) == 5


def test_minutes_are_shown_in_parts_the_oldest_first(conn: Connection, ada: UUID) -> None:
    later = NOON + timedelta(minutes=1)
    usage.add(conn, uuid4(), {use(ada): 2, use(): 3, use(ada, minute=later, lane="interactive"): 1})
    usage.add(conn, uuid4(), {use(minute=NOON - timedelta(minutes=1)): 9})
    said = usage.minutes(conn, NOON, "lane")
    assert [(each.minute, each.name, each.requests) for each in said] == [
        (NOON, "import", 5),
        (later, "interactive", 1),
    ]
    assert [each.requests for each in usage.minutes(conn, NOON, "lane", ada)] == [2, 1]


def test_a_month_is_read_a_page_at_a_time(conn: Connection, ada: UUID) -> None:
    usage.add(conn, uuid4(), {use(ada, endpoint=f"GET /{name}"): 1 for name in "dbeac"} | {use(endpoint="GET /z"): 9})
    whole = [f"GET /{name}" for name in "zabcde"]
    for user_id, names in ((None, whole), (ada, whole[1:])):
        read = [usage.shares(conn, MARCH, "endpoint", user_id, room=2, skip=skip) for skip in (0, 2, 4, 6)]
        assert [share.name for page in read for share in page] == names


def test_minutes_are_read_up_to_a_moment(conn: Connection, ada: UUID) -> None:
    usage.add(conn, uuid4(), {use(ada, minute=NOON + timedelta(minutes=n)): n + 1 for n in range(4)})
    for user_id in (None, ada):
        said = usage.minutes(conn, NOON + timedelta(minutes=1), "lane", user_id, until=NOON + timedelta(minutes=2))
        assert [each.requests for each in said] == [2, 3]


def test_nobody_is_a_user_without_a_name(conn: Connection, ada: UUID) -> None:
    usage.add(conn, uuid4(), {use(ada): 2, use(): 3})
    assert usage.shares(conn, MARCH, "user", room=9) == [Share(None, 3), Share(str(ada), 2)]


def test_old_minutes_and_flushes_are_cleared_and_months_stay(conn: Connection, ada: UUID) -> None:
    old, flush = use(ada, minute=datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(days=40)), uuid4()
    new = use(ada, minute=old.minute + timedelta(days=10))
    usage.add(conn, flush, {old: 1, new: 1})
    assert usage.forget_minutes(conn, timedelta(days=35), room=9) == 1
    assert [row[0] for row in minutes(conn)] == [new.minute]
    assert sum(row[2] for row in plans(conn)) == 2  # type: ignore[misc]  a number
    assert usage.forget_months(conn, timedelta(days=100), room=9) == 0
    assert usage.forget_flushes(conn, timedelta(days=1), room=9) == 0
    conn.execute("UPDATE rekkrd.usage_flushes SET flushed_at = now() - interval '2 days'")
    assert usage.forget_flushes(conn, timedelta(days=1), room=9) == 1


def test_old_months_lose_their_parts_and_the_plans_row_stays(conn: Connection, ada: UUID) -> None:
    this_minute = datetime.now(UTC).replace(second=0, microsecond=0)
    usage.add(conn, uuid4(), {use(ada, minute=NOON.replace(year=2020)): 3, use(ada, minute=this_minute): 1})
    assert usage.forget_months(conn, timedelta(days=800), room=9) == 1
    assert usage.month_of(conn, date(2020, 3, 1), ada).requests == 0
    assert [row[2] for row in plans(conn)] == [3, 1]
