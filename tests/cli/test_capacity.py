"""What one budget carries, in the terminal: sentences, a table of 80 columns, JSON, and words for bad numbers."""

import json

import pytest
from typer.testing import CliRunner

from cli import capacity as command
from cli import main
from cli.capacity import WORDS


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def run(*arguments):
    return CliRunner().invoke(main.app_for(["capacity"]), ["capacity", *arguments])


def test_a_fleet_that_is_carried_is_said_to_be_with_how_many_more():
    told = run("--users", "40", "--records", "3000").stdout
    assert "40 users with 3,000 records, 100 wants and 5 alerts each: 86,800 releases to ask about." in told
    assert "All promises are kept, and would be for up to" in told
    (line,) = [line for line in told.splitlines() if line.startswith("floors within 20 % of an alert")]
    assert line.split() == ["floors", "within", "20", "%", "of", "an", "alert,", "every", "6", "h", "6", "h", "yes"]
    assert "Requests a day: " in told
    assert "of 78,416 free." in told


def test_broken_promises_say_how_many_fewer_would_keep_them_in_80_columns():
    told = run("--users", "150", "--records", "3000").stdout
    assert "5 promises broken. All are kept for up to " in told
    lines = told.splitlines()[2:-1]
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if "…" in line] == []
    assert [line.split(",")[0].split("   ")[0] for line in lines[1:]] == [said.split(",")[0] for said in WORDS.values()]
    (line,) = [line for line in lines if line.startswith("suggestions")]
    assert "7 days" in line
    assert "no" in line.split()
    assert "fewer" in line


def test_programs_get_every_number():
    said = json.loads(run("--users", "150", "--records", "3000", "--json").stdout)
    assert said["fleet"]["releases"] == 325_500
    assert said["requests_a_day"]["there"] == 78_416
    broken = {one["name"]: one for one in said["promises"] if one["is_kept"] is False}
    assert set(broken) == {"near", "far", "watched", "floors", "suggestions"}
    assert said["users_carried"] == min(one["kept_for_users"] for one in broken.values())
    assert broken["suggestions"]["due"] == 7 * 24 * 60 < broken["suggestions"]["comes"]
    assert {one["unit"] for one in said["promises"]} == {"minutes", "requests a minute"}


def test_the_budget_is_the_one_of_the_settings(monkeypatch):
    monkeypatch.setenv("DISCOGS_REQUESTS_PER_WINDOW", "20")
    said = json.loads(run("--users", "1", "--records", "10", "--wants", "0", "--json").stdout)
    assert said["requests_a_day"]["there"] == round(20 * 60 / 60.6 * 24 * 60)


def test_what_nobody_carries_is_said_so():
    told = run("--users", "1", "--records", "900000").stdout
    assert "Not even one user like these is carried" in told
    assert "nobody" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--users", "0"], "greater than or equal to 1"),
        (["--users", "100001"], "less than or equal to 100000"),
        (["--overlap", "1"], "less than or equal to 0.99"),
        (["--visits", "many"], "valid number"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_in_words(arguments, said):
    answer = run(*arguments)
    assert answer.exit_code == 2
    assert said in " ".join(answer.output.replace("│", " ").split())


def test_prices_that_move_and_keep_still_are_no_more_than_all():
    answer = run("--moving", "0.9", "--steady", "0.3")
    assert isinstance(answer.exception, command.BadFleet)
    assert str(answer.exception) == "Prices that move and steady ones are 120% of all."
