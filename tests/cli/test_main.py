import os
import socket
import subprocess
import sys

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from actors.errors import NotConnected
from cli import main
from cli.errors import CommandFailed, NotFound
from db.errors import DatabaseAway, HandshakeExpired
from db.settings import DatabaseSettings
from workers.limiter.errors import LimiterUnavailable
from workers.settings import EngineSettings

COMMANDS = [
    "up",
    "demo",
    "connect",
    "disconnect",
    "users",
    "keys",
    "import",
    "jobs",
    "api",
    "worker",
    "scheduler",
    "simulator",
    "migrate",
    "version",
]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run `rekkrd` as a person does, in an empty folder: exit code, answers, trouble."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "REDIS_URL", "REKKRD_DATA_DIR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def rekkrd(*arguments, capsys):
        monkeypatch.setattr(sys, "argv", ["rekkrd", *arguments])
        main.screen.out.cache_clear()
        main.screen.err.cache_clear()
        with pytest.raises(SystemExit) as ended:
            main.main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return rekkrd


def test_help_names_every_command(run, capsys):
    code, out, _ = run("--help", capsys=capsys)
    assert code == 0
    assert [each for each in COMMANDS if f" {each} " not in out] == []


def test_version_is_an_option_too(run, capsys):
    code, out, _ = run("--version", capsys=capsys)
    assert (code, out) == (0, run("version", capsys=capsys)[1])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    shown = CliRunner().invoke(main.app_for([command]), [command, "--help"])
    assert shown.exit_code == 0
    assert len(shown.output.splitlines()) > 3


@pytest.mark.parametrize(
    "arguments", [["jobs"], ["users"], ["jobs", "show", "3f"], ["migrate"], ["import", "--user", "ada"], ["worker"]]
)
def test_a_command_beside_nothing_says_what_to_start(run, capsys, arguments):
    code, _, err = run(*arguments, capsys=capsys)
    assert code == 1
    assert "Nothing is running here" in err
    assert "rekkrd up" in err
    assert "DATABASE_URL" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["worker", "--queues", "slow"], "slow is no lane"),
        (["worker", "--queues", ""], "nothing is no lane"),
        (["worker", "--threads", "0"], "--threads"),
        (["jobs", "--state", "asleep"], "asleep"),
        (["jobs", "--limit", "0"], "--limit"),
        (["import"], "--user"),
        (["import", "--user", "ada", "--only", "inventory"], "inventory"),
        (["connect"], "USER"),
        (["users", "--below", "x"], "--below"),
        (["demo", "--records", "-1"], "--records"),
        (["fly"], "fly"),
    ],
)
def test_a_wrong_argument_is_named_and_ends_with_2(run, capsys, arguments, said):
    code, _, err = run(*arguments, capsys=capsys)
    assert code == 2
    assert said in err


def test_a_setting_that_cannot_be_read_is_named_and_its_value_is_not_shown(run, capsys, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql://root:hunter2@db")
    code, _, err = run("jobs", capsys=capsys)
    assert code == 2
    assert "DATABASE_URL" in err
    assert "hunter2" not in err


def test_a_broken_env_file_names_the_setting(run, capsys, tmp_path):
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql:///x\nREKKRD_DATABASE_POOL_SIZE=many\n")
    code, _, err = run("jobs", capsys=capsys)
    assert (code, "REKKRD_DATABASE_POOL_SIZE" in err) == (2, True)


@pytest.mark.parametrize("command", ["jobs", "up", "demo"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"# ours\nDATABASE_URL: postgresql:///x\n", "Line 2 of .env"),
        (b"garbage line here\n", "Line 1 of .env"),
        (b"\xff\xfe\x00", "not text"),
    ],
)
def test_an_env_file_that_would_be_passed_over_is_refused(run, capsys, tmp_path, command, text, said):
    (tmp_path / ".env").write_bytes(text)
    code, _, err = run(command, capsys=capsys)
    assert (code, said in err) == (2, True)


@pytest.mark.parametrize(
    ("name", "value"), [("DISCOGS_REQUESTS_PER_WINDOW", "0"), ("REDIS_URL", "hunter2@cache"), ("REDIS_URL", "hunter2")]
)
def test_nothing_is_started_with_a_setting_that_cannot_be_read(run, capsys, monkeypatch, tmp_path, name, value):
    monkeypatch.setenv(name, value)
    code, out, err = run("up", capsys=capsys)
    assert (code, name in err, "hunter2" in err, out) == (2, True, False, "")
    assert not (tmp_path / ".rekkrd").exists()


def test_an_address_of_another_machine_is_not_blamed_on_the_port(run, capsys, monkeypatch):
    monkeypatch.setenv("REKKRD_API_HOST", "192.0.2.1")
    code, _, err = run("up", capsys=capsys)
    assert (code, "Set REKKRD_API_HOST" in err) == (1, True)


def test_an_api_beside_another_says_which_port_is_taken_and_not_that_it_listens(
    run, capsys, monkeypatch, migrated_database_url, redis_url
):
    for name, value in {
        "DATABASE_URL": migrated_database_url,
        "REDIS_URL": redis_url,
        "DISCOGS_OAUTH_ENCRYPTION_KEY": "11" * 32,
    }.items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("REKKRD_API_PORT", str(other.getsockname()[1]))
        code, out, err = run("api", capsys=capsys)
    assert (code, out) == (1, "")
    assert "Set REKKRD_API_PORT to a free port." in err


@pytest.fixture
def started(migrated_database_url, redis_url):
    """Start a process of ours as an operator does; yields it, and it is gone afterwards."""
    running = []

    def start(command):
        environment = {**os.environ, "DATABASE_URL": migrated_database_url, "REDIS_URL": redis_url}
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "cli.main", command], env=environment, stderr=subprocess.PIPE, text=True
            )
        )
        return running[0]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_the_scheduler_says_that_it_began_and_that_it_ended(started):
    scheduler = started("scheduler")
    assert "scheduler_started" in scheduler.stderr.readline()
    scheduler.terminate()
    assert "scheduler_stopped" in scheduler.communicate(timeout=20)[1]


def test_a_database_that_is_away_is_a_sentence_with_the_next_step(run, capsys, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("REKKRD_DATABASE_TIMEOUT_SECONDS", "0.2")
    code, _, err = run("jobs", capsys=capsys)
    assert code == 1
    assert "database" in err
    assert "Check DATABASE_URL" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("error", "next_step"),
    [
        (NotFound("There is no job 3f.", "List them."), "List them."),
        (NotConnected("Not connected.", "Connect."), "Connect."),
        (HandshakeExpired("Too late."), "rekkrd connect"),
        (LimiterUnavailable("Redis is away."), "REDIS_URL"),
    ],
)
def test_a_rooms_error_keeps_its_sentence_and_gets_a_next_step(error, next_step):
    failure = main.in_words(error)
    assert isinstance(failure, CommandFailed)
    assert (str(failure), next_step in failure.next_step) == (str(error), True)


@pytest.mark.parametrize(
    ("room", "name"),
    [(DatabaseSettings, "REKKRD_DATABASE_POOL_SIZE"), (EngineSettings, "REKKRD_WORKER_THREADS")],
)
def test_settings_are_named_as_they_stand_in_the_environment(room, name, monkeypatch):
    monkeypatch.setenv(name, "x")
    with pytest.raises(ValidationError) as wrong:
        room()
    assert name in str(main.in_words(wrong.value))


def test_debug_shows_the_traceback(run, capsys, monkeypatch):
    monkeypatch.setattr(main, "app_for", lambda _: lambda: (_ for _ in ()).throw(NotFound("gone")))
    monkeypatch.setenv("REKKRD_LOG_LEVEL", "debug")
    with pytest.raises(NotFound):
        main.main()


def test_a_database_of_ones_own_that_is_away_is_checked(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/rekkrd")
    assert "DATABASE_URL" in main.in_words(DatabaseAway("The database is away.")).next_step


def test_the_database_of_an_up_that_ended_is_no_matter_of_settings(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    failure = main.in_words(DatabaseAway("The database is away."))
    assert "`rekkrd up` has ended" in str(failure)
    assert "Start `rekkrd up` again" in failure.next_step


@pytest.mark.parametrize("name", ["", "  ", "a\nda"])
def test_nobody_is_connected_under_an_empty_or_unprintable_name(run, capsys, name):
    code, _, err = run("connect", name, capsys=capsys)
    assert code == 1
    assert "cannot be empty or hold control characters" in err.replace("\n", " ")
