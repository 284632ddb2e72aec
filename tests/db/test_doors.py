"""The doors into the ledger: many at once, later, in the place of another, and by SQL alone."""

import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb
from pydantic import Field, ValidationError

from actors.catalog import CATALOG, IMPORT_COLLECTION, UPKEEP
from db import Connection, jobs, kinds, line, links, operations, steps, undone_records
from db.errors import UnknownJobUser
from db.jobs import State
from db.kinds import KindRow
from db.links import Credentials
from db.sealing import Keys
from db.steps import Counts
from tests import new_jobs
from tests.new_jobs import enqueue
from workers.enqueue import NewJob, enqueue_many
from workers.kinds import Plain


@pytest.fixture
def connected(conn: Connection, keys: Keys, ada: UUID) -> UUID:
    with conn.transaction():
        links.connect(conn, keys, ada, username="ada", discogs_user_id=1, credentials=Credentials("oauth", "t", "s"))
    return ada


def claim(conn: Connection, job_id: UUID) -> jobs.Job:
    conn.execute("UPDATE rekkrd.jobs SET called_until = now() + interval '1 minute' WHERE id = %s", [job_id])
    claimed = steps.claim(conn, job_id, worker="w", lease_seconds=60)
    assert claimed is not None
    return claimed


def state_of(conn: Connection, job_id: UUID) -> State:
    found = jobs.find(conn, job_id)
    assert found is not None
    return found.state


def called(conn: Connection) -> list[UUID]:
    return [one.job_id for one in line.call_up(conn, lane="import", takes_token=True, room=9, call_seconds=60)]


# Many at once


def test_many_are_added_in_order_and_doubles_become_one(conn: Connection, ada: UUID) -> None:
    others = [uuid4() for _ in range(3)]
    there = enqueue(conn, UPKEEP, others[1]).job
    wanted = [new_jobs.of(UPKEEP, user) for user in (*others, ada, others[0])]
    made = new_jobs.add_many(conn, wanted)
    found = {job.id: job for job in jobs.page(conn)}
    assert [found[one.job_id].user_id for one in made] == [one.user_id for one in wanted]
    assert [one.is_new for one in made] == [True, False, True, True, False]
    assert made[1].job_id == there.id
    assert made[4].job_id == made[0].job_id
    assert len(found) == 4


def test_many_are_enqueued_all_or_none(conn: Connection, connected: UUID) -> None:
    with pytest.raises(UnknownJobUser, match=r"^jobs\.1: There is no user"):
        enqueue_many(conn, [NewJob(IMPORT_COLLECTION.name, user) for user in (connected, uuid4())])
    assert jobs.page(conn) == []


def test_nothing_to_add_adds_nothing(conn: Connection) -> None:
    assert enqueue_many(conn, []) == []


# Later, and before others of the same user


def test_a_time_to_come_is_waited_for_and_one_gone_by_is_now(conn: Connection, ada: UUID) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    later = enqueue(conn, UPKEEP, ada, run_at=tomorrow).job
    late = enqueue(conn, UPKEEP, uuid4(), run_at=tomorrow - timedelta(days=9)).job
    assert later.due_at == tomorrow
    assert late.due_at == late.created_at


def test_priority_orders_a_users_jobs_and_no_others(conn: Connection, ada: UUID) -> None:
    other = uuid4()
    slow, quick = (
        new_jobs.add(conn, new_jobs.NewJob("k", "import", ada, {}, None, True, False, priority=priority))[0].id
        for priority in (0, 7)
    )
    theirs, _ = new_jobs.add(conn, new_jobs.NewJob("k", "import", other, {}, None, True, False))
    first, second = (
        line.call_up(conn, lane="import", takes_token=True, room=1, call_seconds=60)[0].job_id for _ in range(2)
    )
    assert {first, second} == {quick, theirs.id}
    assert called(conn) == [slow]


# In the place of another


def test_a_job_that_waits_is_replaced(conn: Connection, ada: UUID) -> None:
    old = enqueue(conn, IMPORT_COLLECTION, ada).job
    new = enqueue(conn, IMPORT_COLLECTION, ada, if_live="replace")
    assert (new.is_new, new.replaced, new.job.follows) == (True, old.id, None)
    replaced = jobs.find(conn, old.id)
    assert replaced is not None
    assert (replaced.state, replaced.outcome) == (State.CANCELLED, "Replaced by a newer request.")
    row = conn.execute("SELECT status FROM public.discogs_import_jobs WHERE id = %s", [old.id]).fetchone()
    assert row == {"status": "cancelled"}
    assert called(conn) == [new.job.id]


def test_a_job_whose_step_is_under_way_ends_first_and_the_new_one_follows(conn: Connection, ada: UUID) -> None:
    old = claim(conn, enqueue(conn, IMPORT_COLLECTION, ada).job.id)
    new = enqueue(conn, IMPORT_COLLECTION, ada, if_live="replace")
    assert (new.replaced, new.job.follows) == (old.id, old.id)
    assert called(conn) == []
    assert enqueue(conn, IMPORT_COLLECTION, ada).job.id == old.id, "the key is its own while it lives"
    steps.advance(conn, old, Counts(1, 9, 3, 0), checkpoint={}, takes_token=True, after_seconds=None)
    assert state_of(conn, old.id) is State.CANCELLED
    assert called(conn) == [new.job.id]
    assert enqueue(conn, IMPORT_COLLECTION, ada).job.id == new.job.id


def test_who_stands_behind_a_job_is_replaced_too(conn: Connection, ada: UUID) -> None:
    old = claim(conn, enqueue(conn, IMPORT_COLLECTION, ada).job.id)
    second, third = (enqueue(conn, IMPORT_COLLECTION, ada, if_live="replace").job for _ in range(2))
    assert state_of(conn, second.id) is State.CANCELLED
    steps.complete(conn, old, Counts(1, 9, 9, 0), outcome="done")
    assert called(conn) == [third.id]


def test_who_was_cancelled_while_it_stood_behind_can_be_retried(conn: Connection, ada: UUID) -> None:
    old = claim(conn, enqueue(conn, IMPORT_COLLECTION, ada).job.id)
    behind = enqueue(conn, IMPORT_COLLECTION, ada, if_live="replace").job
    jobs.cancel(conn, behind.id)
    assert operations.retry(conn, [behind.id]) == [], "the one before it still lives"
    steps.complete(conn, old, Counts(1, 9, 9, 0), outcome="done")
    assert state_of(conn, behind.id) is State.CANCELLED
    assert operations.retry(conn, [behind.id]) == [behind.id]
    assert called(conn) == [behind.id]


def test_an_account_that_is_forgotten_leaves_nobody_behind(conn: Connection, ada: UUID) -> None:
    claim(conn, enqueue(conn, IMPORT_COLLECTION, ada).job.id)
    behind = enqueue(conn, IMPORT_COLLECTION, ada, if_live="replace").job
    jobs.end_conversation(conn, ada)
    assert state_of(conn, behind.id) is State.CANCELLED
    assert enqueue(conn, IMPORT_COLLECTION, ada).is_new


# By SQL alone


def by_sql(conn: Connection, user: UUID, **said: object) -> dict[str, object]:
    given = {"kind": "import_collection", "user_id": user, **said}
    names = ", ".join(f"{name} => %({name})s" for name in given)
    row = conn.execute(f"SELECT * FROM rekkrd.enqueue({names})".encode(), given).fetchone()
    assert row is not None
    return row


def test_sql_makes_the_very_job_that_python_makes(conn: Connection, connected: UUID) -> None:
    told = by_sql(conn, connected)
    made = jobs.find(conn, UUID(str(told["job_id"])))
    again = enqueue(conn, IMPORT_COLLECTION, connected)
    assert (told["is_new"], told["state"], again.is_new) == (True, "pending", False)
    assert again.job == made
    jobs.cancel(conn, again.job.id)
    twin = enqueue(conn, IMPORT_COLLECTION, connected).job
    for name in ("kind", "lane", "queue", "args", "unique_key", "priority", "takes_token", "speaks_for_user"):
        assert getattr(made, name) == getattr(twin, name), name
    rows = conn.execute("SELECT id FROM public.discogs_import_jobs").fetchall()
    assert {row["id"] for row in rows} == {again.job.id, twin.id}


def test_sql_returns_replaces_and_waits_as_python_does(conn: Connection, connected: UUID) -> None:
    first = by_sql(conn, connected)
    assert by_sql(conn, connected) == {**first, "is_new": False}
    at = datetime.now(UTC) + timedelta(hours=1)
    new = by_sql(conn, connected, run_at=at, priority=5, if_live="replace")
    assert (new["is_new"], new["replaced"]) == (True, first["job_id"])
    job = jobs.find(conn, UUID(str(new["job_id"])))
    assert job is not None
    assert (job.due_at, job.priority) == (at, 5)


@pytest.mark.parametrize(
    ("said", "state", "sentence"),
    [
        ({"kind": "bake"}, "RK001", "no such kind of job: bake"),
        ({"kind": "upkeep"}, "RK001", "no such kind of job: upkeep"),
        ({"kind": None}, "RK001", "no such kind of job"),
        ({"arguments": Jsonb({"page": 3})}, "RK002", "page is not known"),
        ({"arguments": Jsonb([])}, "RK002", "arguments must be of type object, not array"),
        ({"arguments": None}, "RK002", "must be of type object, not null"),
        ({"user_id": UUID(int=7)}, "RK003", "There is no user"),
        ({"user_id": None}, "RK003", "There is no user"),
        ({"if_live": "overtake"}, "RK005", "if_live must be return or replace"),
        ({"priority": 101}, "RK005", "priority must be an integer from -100 to 100"),
        ({"run_at": datetime.now(UTC) + timedelta(days=400)}, "RK005", "not be more than a year ahead"),
    ],
)
def test_what_sql_asks_wrongly_is_refused_by_name(
    conn: Connection, connected: UUID, said: dict[str, object], state: str, sentence: str
) -> None:
    with pytest.raises(psycopg.DatabaseError, match=sentence) as refused:
        by_sql(conn, connected, **said)
    assert refused.value.sqlstate == state
    assert jobs.page(conn) == []


def test_sql_is_told_when_the_account_is_not_connected(conn: Connection, ada: UUID) -> None:
    with pytest.raises(psycopg.DatabaseError, match="no Discogs account connected") as refused:
        by_sql(conn, ada)
    assert refused.value.sqlstate == "RK004"


def test_sql_refuses_a_sync_that_is_paused_after_an_undo(conn: Connection, connected: UUID) -> None:
    undone_records.pause(conn, connected)
    with pytest.raises(psycopg.DatabaseError, match="paused, because a sync was undone") as refused:
        by_sql(conn, connected)
    assert refused.value.sqlstate == "RK006"
    by_sql(conn, connected, kind="preview_sync")


def test_a_role_that_may_call_the_door_needs_no_right_on_any_table(
    conn: Connection, connected: UUID, migrated_database_url: str
) -> None:
    role = f"app_{uuid4().hex}"
    conn.execute(f"CREATE ROLE {role}".encode())
    try:
        conn.execute(f"GRANT USAGE ON SCHEMA rekkrd TO {role}".encode())
        with psycopg.connect(migrated_database_url, autocommit=True) as app:
            app.execute(f"SET ROLE {role}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("SELECT rekkrd.enqueue('import_collection', %s)", [connected])
            conn.execute(f"GRANT EXECUTE ON FUNCTION rekkrd.enqueue TO {role}".encode())
            app.execute("SELECT rekkrd.enqueue('import_collection', %s)", [connected])
            for forbidden in ("SELECT FROM rekkrd.jobs", "SELECT rekkrd.add_jobs('[]')"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    app.execute(forbidden.encode())
    finally:
        conn.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())
    assert len(jobs.page(conn)) == 1


# What fits


class Size(StrEnum):
    SMALL, LARGE = "small", "large"


class Inner(Plain):
    name: Annotated[str, Field(min_length=1, max_length=3)]


class Everything(Plain):
    """One field for each word of JSON Schema that the catalogue may use."""

    whole: Annotated[int, Field(ge=0, lt=10)]
    size: Size = Size.SMALL
    who: UUID | None = None
    inner: Inner | None = None
    several: Annotated[tuple[int, ...], Field(max_length=2)] = ()
    is_sure: bool = True


WORDS = {
    "$defs", "$ref", "additionalProperties", "anyOf", "const", "default", "description", "enum", "exclusiveMaximum",
    "exclusiveMinimum", "format", "items", "maxItems", "maxLength", "maximum", "minItems", "minLength", "minimum",
    "pattern", "properties", "required", "title", "type",
}  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 12),
    st.sampled_from(["", "ab", "abcd", "small", "large", str(UUID(int=5))]),
    st.lists(st.one_of(st.integers(0, 3), st.just("x")), max_size=3),
    st.fixed_dictionaries({}, optional={"name": st.sampled_from(["", "abc", "abcd", 3]), "more": st.just(1)}),
)  # fmt: skip


def words_of(schema: object) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(words_of, schema))
    if not isinstance(schema, dict):
        return set()
    named = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    rest = [value for name, value in schema.items() if name not in ("properties", "$defs", "default", "enum")]
    return schema.keys() | set().union(*map(words_of, [*named, *rest]))


@pytest.mark.parametrize("kind", CATALOG.values(), ids=lambda kind: kind.name)
def test_the_door_knows_every_word_that_a_kinds_arguments_are_described_with(kind: object) -> None:
    schema = kind.arguments.model_json_schema()  # type: ignore[attr-defined]
    assert words_of(schema) <= WORDS
    assert words_of(Everything.model_json_schema()) <= WORDS


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    given=st.one_of(
        VALUES,
        st.fixed_dictionaries(
            {}, optional=dict.fromkeys(["whole", "size", "who", "inner", "several", "is_sure", "more"], VALUES)
        ),
        st.fixed_dictionaries(
            {"whole": st.integers(0, 9)},
            optional={
                "size": st.sampled_from(["small", "large", "vast"]),
                "who": st.sampled_from([None, str(UUID(int=5)), "x"]),
                "inner": st.one_of(st.none(), st.fixed_dictionaries({"name": st.sampled_from(["", "abc", "abcd"])})),
                "several": st.lists(st.integers(0, 3), max_size=3),
                "is_sure": st.booleans(),
            },
        ),
    )
)
def test_the_database_finds_fitting_what_python_finds_fitting(conn: Connection, given: object) -> None:
    schema = Everything.model_json_schema()
    row = conn.execute("SELECT rekkrd.misfit(%s, %s, %s, '') AS why", [Jsonb(given), Jsonb(schema), Jsonb(schema)])
    said = row.fetchone()
    try:
        Everything.model_validate_json(json.dumps(given), strict=True)
    except ValidationError:
        fits = False
    else:
        fits = True
    assert said is not None
    assert (said["why"] is None) == fits, said["why"]


def test_a_kind_of_another_release_is_asked_by_its_own_description(conn: Connection, connected: UUID) -> None:
    kinds.keep(conn, [KindRow("newer", "…", "import", None, True, True, False, Everything.model_json_schema())])
    with pytest.raises(psycopg.DatabaseError, match=r"inner.name is too long"):
        by_sql(conn, connected, kind="newer", arguments=Jsonb({"whole": 1, "inner": {"name": "abcd"}}))
    assert by_sql(conn, connected, kind="newer", arguments=Jsonb({"whole": 1}))["is_new"]
