"""`rekkrd doctor` on real servers: each thing that is broken is named, with what to do, and the rest is looked at."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner, Result

from actors.catalog import CATALOG, IMPORT_COLLECTION
from actors.doctor import mail
from actors.doctor.findings import Level, fine, wrong
from actors.doctor.webhook import judge_webhook
from cli import main
from cli.doctor import checks, lines
from cli.errors import CommandFailed
from cli.examining import Check, examine
from db import deliveries, entry_pauses, fleet, jobs, links, pauses, ticks, users
from db.fleet import SignOfLife
from db.links import Account, Credentials
from db.pool import Pool
from db.sealing import Keys
from simulator import Simulator, SimulatorSettings, running
from simulator.faults import Fault
from tests.new_jobs import enqueue
from workers import logs
from workers.limiter.lanes import Lane
from workers.settings import Settings

NOWHERE = "127.0.0.1:1"
KEY = "now:" + "11" * 32
SIGN = SignOfLife("here:1:a", "here", 1, "1+a", [lane.value for lane in Lane], list(CATALOG), 8, 1, 0, 0.1, 0.1, 2.0)
Doctor = Callable[..., dict[str, list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def simulated() -> Iterator[Simulator]:
    with running(SimulatorSettings(port=0, records=3, wants=1, limit=10_000)) as simulator:
        yield simulator


@pytest.fixture
def simulator(simulated: Simulator) -> Iterator[Simulator]:
    yield simulated
    simulated.faults.clear()


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def fleet_at_work(
    pool: Pool,
    redis_url: str,
    migrated_database_url: str,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Pool:
    """Servers, a worker, a scheduler and Discogs, all well."""
    monkeypatch.chdir(tmp_path)
    logs.configure("pretty", "error")  # as main does
    for name, value in {
        "DATABASE_URL": migrated_database_url,
        "DATABASE_DIRECT_URL": migrated_database_url,
        "REDIS_URL": redis_url,
        "REKKRD_REDIS_NAMESPACE": f"doctor-{uuid4().hex[:8]}",
        "DISCOGS_OAUTH_ENCRYPTION_KEY": KEY,
        "DISCOGS_API_URL": simulator.url,
        "RESEND_API_KEY": "re_key",
    }.items():
        monkeypatch.setenv(name, value)
    with pool.transaction() as conn:
        fleet.keep(conn, SIGN)
        ticks.make(conn, "upkeep", datetime.now(UTC))
    return pool


@pytest.fixture
def doctor(fleet_at_work: Pool) -> Doctor:
    """Run it, and return what it found by check; it must exit 1 exactly when something is wrong."""

    def run(*options: str) -> dict[str, list[dict[str, Any]]]:
        result = examined("--json", *options)
        told = json.loads(result.stdout)
        found: dict[str, list[dict[str, Any]]] = {}
        for finding in told["findings"]:
            found.setdefault(finding["check"], []).append(finding)
        is_wrong = any(one["level"] == "wrong" for each in found.values() for one in each)
        assert (result.exit_code, told["is_well"]) == ((1, False) if is_wrong else (0, True))
        return found

    return run


def examined(*options: str) -> Result:
    return CliRunner().invoke(main.app_for(["doctor"]), ["doctor", *options])


def not_well(found: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    """What is not as it should be, by check; what cannot be looked at meanwhile is not named."""
    return {
        name: one["sentence"] for name, each in found.items() for one in each if one["level"] in ("warning", "wrong")
    }


def test_where_all_is_well_each_line_says_so_for_one_request(doctor: Doctor, simulator: Simulator) -> None:
    before = len(simulator.log.arrivals)
    found = doctor()
    assert not_well(found) == {}
    assert len(found) == len(checks(is_offline=False))
    assert len(simulator.log.arrivals) == before + 1


def test_offline_it_sends_nothing(doctor: Doctor, simulator: Simulator) -> None:
    before = len(simulator.log.arrivals)
    assert doctor("--offline")["asked"][0]["level"] == "left out"
    assert len(simulator.log.arrivals) == before


def test_it_fits_into_80_columns_and_ends_with_a_sum(fleet_at_work: Pool) -> None:
    told = examined("--offline")
    assert told.exit_code == 0
    assert max(map(len, told.stdout.splitlines())) <= 80
    assert told.stdout.splitlines()[-1] == "All is well."


def test_without_the_database_the_rest_is_looked_at_and_its_password_is_not_said(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "DATABASE_DIRECT_URL"):
        monkeypatch.setenv(name, f"postgresql://rekkrd:do-not-say@{NOWHERE}/rekkrd")
    found = doctor()
    assert list(not_well(found)) == ["database"]
    assert found["Redis"][0]["level"] == "ok"
    assert found["jobs"][0]["sentence"] == 'Not looked at while "database" is wrong.'
    assert "do-not-say" not in json.dumps(found)


def test_without_redis_the_ledger_is_looked_at(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", f"redis://:do-not-say@{NOWHERE}/0")
    found = doctor()
    assert list(not_well(found)) == ["Redis"]
    assert (found["jobs"][0]["level"], found["clocks"][0]["level"]) == ("ok", "ok")
    assert found["asked"][0]["level"] == "left out"
    assert "do-not-say" not in json.dumps(found)


def test_a_database_that_can_only_be_read_is_named(doctor: Doctor, migrated_database_url: str) -> None:
    with psycopg.connect(migrated_database_url, autocommit=True) as conn:
        name = sql.Identifier(conn.info.dbname)
        conn.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
    assert "replica, or read-only" in not_well(doctor("--offline"))["database"]


def test_another_database_behind_the_direct_address_is_named(
    doctor: Doctor, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_DIRECT_URL", database_url)
    assert "another database" in not_well(doctor("--offline"))["direct"]


def test_without_the_direct_address_it_says_what_that_costs(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_DIRECT_URL")
    assert "a job may start 1 s later" in not_well(doctor("--offline"))["direct"]


def test_a_database_that_was_never_migrated_is_sent_to_rekkrd_migrate(
    doctor: Doctor, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "DATABASE_DIRECT_URL"):
        monkeypatch.setenv(name, database_url)
    (finding,) = doctor()["migrations"]
    assert (finding["sentence"], finding["command"]) == ("This database was never migrated.", "rekkrd migrate")


def test_a_migration_of_a_newer_release_is_a_warning(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        conn.execute("INSERT INTO rekkrd.migrations (name, checksum) VALUES ('9999_later', 'x')")
    (finding,) = doctor("--offline")["migrations"]
    assert (finding["level"], "9999_later" in finding["sentence"]) == ("warning", True)


def test_what_a_stranger_may_is_named_and_the_statement_named_takes_it_away(
    doctor: Doctor, migrated_database_url: str
) -> None:
    with psycopg.connect(migrated_database_url, autocommit=True) as conn:
        conn.execute("GRANT SELECT ON rekkrd.jobs TO PUBLIC")
        (finding,) = doctor("--offline")["rights"]
        assert finding["sentence"] == "Everybody (PUBLIC) has SELECT on rekkrd.jobs."
        conn.execute(finding["command"])
        assert doctor("--offline")["rights"][0]["level"] == "ok"


def test_a_right_that_we_lack_is_named_and_the_statement_named_gives_it(
    doctor: Doctor, migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(migrated_database_url, autocommit=True) as conn, limited_role(conn) as role:
        server = urlsplit(migrated_database_url)
        url = server._replace(netloc=f"{role}:limited@{server.netloc.rpartition('@')[2]}").geturl()
        for name in ("DATABASE_URL", "DATABASE_DIRECT_URL"):
            monkeypatch.setenv(name, url)
        (finding,) = doctor("--offline")["rights"]
        assert "UPDATE on rekkrd.jobs" in finding["sentence"]
        conn.execute(finding["command"])
        assert doctor("--offline")["rights"][0]["level"] == "ok"
        assert role in finding["command"]


@contextmanager
def limited_role(conn: psycopg.Connection) -> Iterator[str]:
    """A role that may do everything of ours but change a job."""
    role = f"limited_{uuid4().hex[:8]}"
    name = sql.Identifier(role)
    conn.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'limited' BYPASSRLS").format(name))
    for statement in (
        "GRANT USAGE ON SCHEMA rekkrd TO {}",
        "GRANT ALL ON ALL TABLES IN SCHEMA rekkrd TO {}",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO {}",
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA rekkrd TO {}",
        "REVOKE UPDATE ON rekkrd.jobs FROM {}",
    ):
        conn.execute(sql.SQL(statement).format(name))
    try:
        yield role
    finally:
        conn.execute(sql.SQL("DROP OWNED BY {}").format(name))
        conn.execute(sql.SQL("DROP ROLE {}").format(name))


def test_without_a_worker_it_says_that_no_job_goes_on(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        fleet.remove(conn, SIGN.name)
    (finding,) = doctor("--offline")["workers"]
    assert (finding["level"], finding["command"]) == ("wrong", "rekkrd worker")


def test_a_job_without_a_worker_is_stuck(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        enqueue(conn, IMPORT_COLLECTION, users.create(conn, "ada").id)
        conn.execute("UPDATE rekkrd.jobs SET due_at = now() - interval '1 min'")
        fleet.remove(conn, SIGN.name)
    (finding,) = doctor("--offline")["jobs"]
    assert (finding["level"], finding["sentence"]) == ("wrong", "1 job stuck: No worker is running.")


def test_a_lease_of_a_killed_worker_makes_a_job_stuck(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        enqueue(conn, IMPORT_COLLECTION, users.create(conn, "ada").id)
        conn.execute(
            "UPDATE rekkrd.jobs SET state = 'running', started_at = now(), leased_by = %s, claimed_at = now(),"
            " leased_until = now() - interval '1 min'",
            [SIGN.name],
        )
        conn.execute("UPDATE rekkrd.workers SET seen_at = now() - interval '70 s'")
    sentence = doctor("--offline")["jobs"][0]["sentence"]
    assert sentence.startswith("1 job stuck: Worker ")
    assert "has sent no heartbeat since" in sentence
    assert sentence.endswith("; no worker is running.")


def test_a_clock_that_was_set_back_makes_jobs_stuck(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        enqueue(conn, IMPORT_COLLECTION, users.create(conn, "ada").id)
        conn.execute("UPDATE rekkrd.jobs SET due_at = now() + interval '1 h', created_at = now() + interval '1 h'")
    finding = doctor("--offline")["jobs"][0]
    assert finding["sentence"].startswith("1 job stuck: The database's clock was set back by 3,")
    assert "rekkrd jobs cancel ID" in finding["do"]


def test_a_paused_lane_is_told_with_its_reason(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        pauses.pause(conn, "import", until=datetime.now(UTC) + timedelta(hours=1), reason="a sale", by="anna")
    (finding,) = doctor("--offline")["lanes"]
    assert finding["sentence"].endswith("by anna: a sale")
    assert finding["command"] == "rekkrd queues resume import"


def test_a_silent_scheduler_is_told(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        conn.execute("UPDATE rekkrd.ticks SET made_at = now() - interval '2 h'")
    assert "Nothing that recurs was enqueued for 2 h" in not_well(doctor("--offline"))["scheduler"]


def test_runs_stored_for_the_future_are_named(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        conn.execute(
            "INSERT INTO rekkrd.ticks (entry, due_at, made_at)"
            " SELECT 'push_changes', now() + interval '1 year', now() + interval '1 year'"
        )
    assert "stored for the future" in not_well(doctor("--offline"))["scheduler"]


def test_an_entry_that_is_paused_is_told_and_no_silence_of_the_scheduler(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        conn.execute("UPDATE rekkrd.ticks SET made_at = now() - interval '2 h'")
        until = datetime.now(UTC) + timedelta(hours=1)
        entry_pauses.pause(conn, "upkeep", until=until, reason="a sale", by="anna")
    (finding,) = doctor("--offline")["scheduler"]
    assert (finding["level"], finding["command"]) == ("warning", "rekkrd schedule resume upkeep")
    assert "by anna: a sale" in finding["sentence"]


def test_a_run_by_hand_is_no_sign_of_a_scheduler(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        conn.execute("UPDATE rekkrd.ticks SET made_at = now() - interval '2 h'")
        ticks.make(conn, "nightly_sync", datetime.now(UTC), by="anna")
    assert "Nothing that recurs was enqueued for 2 h" in not_well(doctor("--offline"))["scheduler"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "leased_by = 'gone:1:a', leased_until = now() - interval '11 min', state = 'running', started_at = now()",
            "lost their worker",
        ),
        ("called_until = now() - interval '11 min'", "no worker began"),
        ("due_at = now() - interval '11 min', kind = 'sorcery'", "of a kind that no worker here knows"),
        ("cancel_requested_at = now() - interval '11 min', state = 'running', started_at = now()", "asked to end"),
        ("crashes = 1, state = 'running', started_at = now()", "ended a worker while they ran"),
        ("started_at = now() - interval '25 h', state = 'running'", "began more than a day ago"),
    ],
)
def test_a_job_that_does_not_go_on_is_named_with_what_to_do(
    doctor: Doctor, fleet_at_work: Pool, change: str, said: str
) -> None:
    with fleet_at_work.transaction() as conn:
        job = enqueue(conn, IMPORT_COLLECTION, users.create(conn, "ada").id).job
    assert not_well(doctor("--offline")) == {}
    with fleet_at_work.transaction() as conn:
        conn.execute(f"UPDATE rekkrd.jobs SET {change}".encode())
    (finding,) = [one for one in doctor("--offline")["jobs"] if said in one["sentence"]]
    assert str(job.id)[:8] in finding["sentence"]
    assert finding["command"].startswith("rekkrd ")


def test_failed_jobs_of_the_last_day_are_a_warning(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        enqueue(conn, IMPORT_COLLECTION, users.create(conn, "ada").id)
        conn.execute(
            "UPDATE rekkrd.jobs SET state = 'failed', finished_at = now(), error_class = 'Poison', error = 'x'"
        )
    assert doctor("--offline")["failures"][0]["command"] == "rekkrd jobs failures"


@pytest.mark.parametrize(
    ("key", "level", "command"),
    [
        (f"new:{'22' * 32}", "wrong", "rekkrd keys rotate"),
        (f"now:{'22' * 32}", "wrong", None),
        (f"new:{'22' * 32},{KEY}", "warning", "rekkrd keys rotate"),
        (KEY, "ok", None),
    ],
    ids=["lost", "other under the same name", "older", "right"],
)
def test_tokens_that_our_keys_do_not_open_are_counted(
    doctor: Doctor, fleet_at_work: Pool, monkeypatch: pytest.MonkeyPatch, key: str, level: str, command: str | None
) -> None:
    with fleet_at_work.transaction() as conn:
        ada = users.create(conn, "ada").id
        connected(conn, ada)
    monkeypatch.setenv("DISCOGS_OAUTH_ENCRYPTION_KEY", key)
    (finding,) = doctor("--offline")["keys"]
    assert (finding["level"], finding["command"]) == (level, command)


def connected(conn: Any, user_id: UUID) -> Account | None:
    token = Credentials("personal", "t")
    links.connect(conn, Keys.parse(KEY), user_id, discogs_user_id=7, username="crates", credentials=token)
    return links.account(conn, Keys.parse(KEY), user_id)


def test_a_collector_who_must_connect_again_is_counted(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        account = connected(conn, users.create(conn, "ada").id)
        assert account is not None
        links.mark_needs_reconnect(conn, account)
    assert not_well(doctor("--offline"))["connections"].startswith("1 user must connect again")


@pytest.mark.parametrize(
    ("fault", "said"),
    [(Fault(kind="html"), "something that we cannot read"), (Fault(kind="error", status=502), "trouble of its own")],
)
def test_what_discogs_answers_badly_is_told(doctor: Doctor, simulator: Simulator, fault: Fault, said: str) -> None:
    simulator.faults.add(fault)
    assert said in not_well(doctor())["asked"]


def test_a_check_that_never_answers_is_told_and_the_next_is_made() -> None:
    hang = Event()
    first = Check("Servers", "silent", lambda: [fine("late")] if hang.wait() else [], 0.05)
    seen = list(examine([first, Check("Servers", "next", lambda: [fine("here")], 5.0)]))
    hang.set()
    assert seen[0].findings[0].sentence == "No answer within 0.05 s."
    assert seen[1].findings == [fine("here")]


def test_a_bug_in_a_check_is_a_finding_and_hides_no_other() -> None:
    seen = list(
        examine(
            [
                Check("Work", "broken", lambda: [fine(str(1 // 0))], 5.0),
                Check("Work", "on it", lambda: [fine("never")], 5.0, ("broken",)),
                Check("Work", "other", lambda: [fine("here")], 5.0),
            ]
        )
    )
    assert [one.findings[0].level for one in seen] == [Level.WRONG, Level.LEFT_OUT, Level.OK]
    assert "ZeroDivisionError" in seen[0].findings[0].sentence


def test_what_to_do_and_the_command_stand_below(drawn: Callable[..., list[str]]) -> None:
    shown = drawn(lines(wrong("No worker runs.", "Start one.", "rekkrd worker"), "workers"))
    assert [line.strip() for line in shown] == [
        "wrong     workers      No worker runs.",
        "Start one.",
        "→ rekkrd worker",
    ]


def test_after_a_restore_a_dry_run_counts_and_changes_nothing(fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        job = enqueue(conn, IMPORT_COLLECTION, users.create(conn, "ada").id).job
        conn.execute(
            "UPDATE rekkrd.jobs SET leased_by = 'gone:1:a', leased_until = now(), state = 'running', started_at = now()"
        )
    told = examined("--after-restore", "--dry-run")
    assert "1 live job; 1 step under way" in told.stdout
    assert told.stdout.splitlines()[-1] == "Nothing happened: --dry-run."
    with fleet_at_work.transaction() as conn:
        after = jobs.find(conn, job.id)
    assert after is not None
    assert after.leased_by == "gone:1:a"


def test_after_a_restore_it_is_done_once_and_only_when_somebody_said_yes(fleet_at_work: Pool) -> None:
    unasked = examined("--after-restore").exception
    assert isinstance(unasked, CommandFailed)
    assert "nobody is here to be asked" in str(unasked)
    assert "Start the workers now." in examined("--after-restore", "--yes").stdout
    assert "This was done for these files" in examined("--after-restore", "--yes").stdout
    assert "Start the workers now." in examined("--after-restore", "--yes", "--again").stdout
    assert json.loads(examined("--after-restore", "--yes", "--json").stdout)["is_noted"] is True


def test_options_of_a_restore_alone_are_refused(fleet_at_work: Pool) -> None:
    assert examined("--dry-run").exit_code == 2


def test_a_paused_entry_hides_no_silent_scheduler(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        conn.execute("UPDATE rekkrd.ticks SET made_at = now() - interval '2 h'")
        until = datetime.now(UTC) + timedelta(hours=1)
        entry_pauses.pause(conn, "nightly_sync", until=until, reason="a move", by="anna")
    said = [one["sentence"] for one in doctor("--offline")["scheduler"]]
    assert len(said) == 2
    assert "Nothing that recurs was enqueued for 2 h" in said[1]


def test_a_worker_that_just_began_hides_no_others_trouble(doctor: Doctor, fleet_at_work: Pool) -> None:
    with fleet_at_work.transaction() as conn:
        fleet.keep(conn, replace(SIGN, stuck=2))
        fleet.keep(conn, replace(SIGN, name="new:2:b", pid=2, looked_ago=None, asked_ago=None))
    said = " ".join(one["sentence"] for one in doctor("--offline")["workers"])
    assert "Only just begun: new:2:b." in said
    assert "2 threads of the worker here:1:a hang" in said


def test_times_are_those_of_utc_whatever_the_servers_zone(doctor: Doctor, fleet_at_work: Pool) -> None:
    until = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=1)
    with fleet_at_work.transaction() as conn:
        pauses.pause(conn, "import", until=until, reason="a sale", by="anna")
        conn.execute(sql.SQL("ALTER DATABASE {} SET timezone = 'Asia/Kolkata'").format(name_of(conn)))
    assert f"until {until:%Y-%m-%d %H:%M} UTC" in not_well(doctor("--offline"))["lanes"]


def name_of(conn: Any) -> sql.Identifier:
    return sql.Identifier(conn.info.dbname)


OURS, THEIRS = "https://app.example/hook", "https://old.example/hook"


@pytest.mark.parametrize(
    ("here", "wanted", "has_worker", "level", "command"),
    [
        (None, [], True, Level.OK, None),
        (OURS, [OURS], True, Level.OK, None),
        (None, [THEIRS], False, Level.WARNING, "rekkrd webhook off"),
        (None, [THEIRS], True, Level.WARNING, None),
        (OURS, [THEIRS], True, Level.WARNING, "rekkrd workers"),
        (OURS, [], False, Level.WARNING, "rekkrd worker"),
    ],
)
def test_a_webhook_that_is_another_for_each_machine_is_named(
    here: str | None, wanted: list[str], has_worker: bool, level: Level, command: str | None
) -> None:
    finding = judge_webhook(here, wanted, has_worker=has_worker)
    assert (finding.level, finding.command) == (level, command)


def test_a_webhook_that_workers_elsewhere_tell_is_seen(doctor: Doctor, pool: Pool) -> None:
    with pool.transaction() as conn:
        deliveries.want(conn, THEIRS)
    assert THEIRS in not_well(doctor("--offline"))["webhook"]


def test_mails_that_reach_nobody_or_may_have_arrived_are_a_warning(
    doctor: Doctor, fleet_at_work: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fleet_at_work.transaction() as conn:
        user_id = users.create(conn, "mina").id
        conn.execute(
            "INSERT INTO rekkrd.mails (user_id, due_at, content, first_sent_at, attempts, given_up_at)"
            " VALUES (%s, now(), '{}', now() - interval '1 day', 1, now())",
            [user_id],
        )
    monkeypatch.delenv("RESEND_API_KEY")
    said = " ".join(finding.sentence for finding in mail.look_at_mails(Settings(None)))
    assert "mails of price alerts reach nobody" in said
    assert "1 mail refused or of an uncertain end" in said
