"""The simulator as a process: address, end, and what outlives it."""

import re
import signal
import subprocess
import sys

import httpx
import pytest

import simulator
from simulator.main import CannotListen, new_service
from simulator.state import StateUnreadable


def start(*options):
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", "0", "--records", "5", "--wants", "1", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return process, process.stdout.readline()


def test_a_process_says_where_it_listens_and_ends_cleanly_on_sigterm(tmp_path):
    ready = tmp_path / "address"
    process, said = start("--ready-file", str(ready))
    with process:
        url = re.search(r"http://\S+", said)[0]
        assert ready.read_text() == url
        assert httpx.get(f"{url}/users/demo_collector", headers={"User-Agent": "x/1"}, verify=False).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stdout.read() == ""


def test_a_taken_port_is_a_sentence(discogs, settings):
    port = httpx.URL(discogs.url).port
    with (
        pytest.raises(CannotListen, match=rf"127.0.0.1:{port} is taken.*--port 0"),
        simulator.running(settings(port=port)),
    ):
        pass


def test_a_second_run_finds_accounts_copies_and_tokens_of_the_first(settings, tmp_path):
    kept = settings(records=50, wants=5, state=tmp_path / "state.json")
    with simulator.running(kept) as first:
        account = first.world.account("demo_collector")
        token, secret = first.world.new_access_token(account)
        revoked, _ = first.world.new_access_token(account)
        first.world.revoked.add(revoked)
        added = first.world.add_copy(account, 5_000_000)
        first.world.note_copy(account, added.id, 3, "kept 🎁")
        before = (account.profile, account.folders, account.instances, account.wants, account.fields)
    world = new_service(kept).world
    again = world.account_of(token)
    assert (again.profile, again.folders, again.instances, again.wants, again.fields) == before
    assert world.token_secret(token) == secret
    assert world.account_of(revoked) is None
    assert world.add_copy(again, 5_000_000).id > added.id


def test_tokens_outlive_a_restart_without_state_too(settings):
    first, second = (new_service(settings(records=5)).world for _ in range(2))
    token, secret = first.new_access_token(first.account("demo_collector"))
    assert second.account_of(token).profile.username == "demo_collector"
    assert second.token_secret(token) == secret
    assert new_service(settings(records=5, seed=2)).world.account_of(token) is None


def test_the_demo_is_made_anew_when_another_size_is_asked_for(settings, tmp_path):
    with simulator.running(settings(records=50, wants=5, state=tmp_path / "state.json")) as first:
        number = first.world.account("demo_collector").profile.id
    world = new_service(settings(records=60, wants=5, state=tmp_path / "state.json")).world
    assert world.account("demo_collector").count(0) == 60
    assert world.account("demo_collector").profile.id == number


def test_the_state_file_is_for_its_owner_alone(settings, tmp_path):
    file = tmp_path / "state.json"
    with simulator.running(settings(records=5, state=file)):
        pass
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("content", ["", "{}", '{"version": 1, "seed": 1, "accounts": [{}]}', "[1]"])
def test_a_broken_state_file_is_a_sentence(settings, tmp_path, content):
    file = tmp_path / "state.json"
    file.write_text(content)
    with pytest.raises(StateUnreadable, match="Remove it to begin anew"):
        new_service(settings(records=5, state=file))


def test_a_state_that_cannot_be_written_is_said_and_ends_nothing(settings, tmp_path, capsys):
    with simulator.running(settings(records=5, state=tmp_path / "gone" / "state.json")):
        pass
    assert "was not written" in capsys.readouterr().err


def test_an_end_in_the_middle_of_a_slow_answer_leaves_nothing_behind(discogs, settings):
    with simulator.running(settings()) as other:
        other.break_with(kind="slow", seconds=60)
        with httpx.Client(verify=False, headers={"User-Agent": "x/1"}) as http, pytest.raises(httpx.ReadTimeout):
            http.get(other.url, timeout=0.1)
