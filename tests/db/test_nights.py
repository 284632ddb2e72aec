"""A user's nights only move forward, and only connected archivists have any."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from db import Connection, nights

NOBODY = UUID(int=0)
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


@pytest.fixture
def conn(migrated_database_url: str) -> Iterator[Connection]:
    with psycopg.connect(migrated_database_url, row_factory=dict_row) as opened:
        yield opened


@pytest.fixture
def ada(conn: Connection) -> UUID:
    row = conn.execute(
        "INSERT INTO public.profiles (handle, tier, time_zone) VALUES ('ada', 'archivist', 'Asia/Tokyo') RETURNING id"
    ).fetchone()
    assert row is not None
    conn.execute("INSERT INTO rekkrd.links (user_id) VALUES (%s)", [row["id"]])
    return UUID(str(row["id"]))


def test_a_night_begins_once_and_none_after_a_later_one(conn: Connection, ada: UUID) -> None:
    assert nights.begin(conn, {ada: TUESDAY}) == {ada}
    assert nights.begin(conn, {ada: TUESDAY}) == set()
    assert nights.begin(conn, {ada: MONDAY}) == set()
    (sleeper,) = nights.sleepers(conn, ["archivist"], after=NOBODY, room=9)
    assert (sleeper.user_id, sleeper.time_zone, sleeper.last_night) == (ada, "Asia/Tokyo", TUESDAY)


def test_users_come_in_the_order_of_their_ids_from_behind_one(conn: Connection, ada: UUID) -> None:
    assert [one.user_id for one in nights.sleepers(conn, ["archivist"], after=NOBODY, room=1)] == [ada]
    assert nights.sleepers(conn, ["archivist"], after=ada, room=1) == []


def test_a_user_who_is_gone_takes_the_night_along(conn: Connection, ada: UUID) -> None:
    nights.begin(conn, {ada: MONDAY})
    conn.execute("DELETE FROM public.profiles WHERE id = %s", [ada])
    assert conn.execute("SELECT * FROM rekkrd.nights").fetchall() == []
