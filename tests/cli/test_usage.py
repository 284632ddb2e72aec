"""`rekkrd usage` on 80 columns, and as JSON."""

import json
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from actors.operating.usage import MonthView, first_day
from cli.errors import CommandFailed
from cli.main import app_for
from cli.usage import minute_table, month_table
from db import usage, users
from db.pool import Pool
from db.usage import MinuteShare, Share, Use

ADA = UUID(int=7)
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


def test_a_month_is_shown_in_parts_with_what_found_no_room(drawn):
    view = MonthView(date(2026, 3, 1), 12_000, 3, 0, [Share(str(ADA), 9000), Share(None, 1000)], 2000)
    lines = drawn(month_table(view, "user", {str(ADA): "ada" * 30}))
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("2026-03 (UTC)")
    assert lines[2].split()[1:] == ["9,000", "75.0%"]
    assert [line.split() for line in lines[3:5]] == [["nobody", "1,000", "8.3%"], ["others", "2,000", "16.7%"]]
    assert lines[-1].rstrip() == "12,000 requests, 3 imports completed"


def test_a_user_who_has_left_is_shown_by_id(drawn):
    view = MonthView(date(2026, 3, 1), 1, 0, 0, [Share(str(ADA), 1)], 0)
    assert str(ADA) in drawn(month_table(view, "user", {}))[2]


def test_minutes_are_shown_in_utc(drawn):
    lines = drawn(minute_table([MinuteShare(NOON, "import", 55)], "lane", {}))
    assert lines[1].split() == ["2026-03-31", "12:00", "import", "55"]


def test_the_present_month_is_that_of_utc():
    assert first_day(None, datetime.fromisoformat("2026-04-01T08:00+10:00")) == date(2026, 3, 1)


@pytest.fixture
def said(migrated_database_url, monkeypatch, tmp_path):
    """Run the command on a month of ada, and return how it ended and what it said."""
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    monkeypatch.chdir(tmp_path)
    pool = Pool(migrated_database_url, size=1, timeout_seconds=5)
    with pool.transaction() as conn:
        ada = users.create(conn, "ada").id
        counts = {Use(NOON, ada, "import", "import_collection", "GET /a"): 103, Use(NOON, None, "import", "x", "y"): 1}
        usage.add(conn, uuid4(), counts)
    pool.close()

    def run(*arguments):
        return CliRunner().invoke(app_for(["usage"]), ["usage", *arguments])

    return run


def test_a_month_as_json_is_what_http_has(said):
    result = said("--month", "2026-03", "--user", "ada", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output) == {
        "month": "2026-03",
        "time_zone": "UTC",
        "requests": 103,
        "imports": 0,
        "syncs": 0,
        "by": "kind",
        "parts": [{"name": "import_collection", "requests": 103}],
        "rest": 0,
    }


def test_users_are_called_by_their_names(said):
    lines = said("--month", "2026-03", "--by", "user").output.splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["ada", "nobody"]


def test_a_month_is_read_a_page_at_a_time(said):
    pages = [json.loads(said("--month", "2026-03", "--limit", "1", "--skip", skip, "--json").output) for skip in "012"]
    assert [page["parts"] for page in pages] == [
        [{"name": "import_collection", "requests": 103}],
        [{"name": "x", "requests": 1}],
        [],
    ]
    assert [page["rest"] for page in pages] == [1, 103, 104]


def test_minutes_up_to_a_time_of_utc(said):
    def requests(until):
        found = json.loads(said("--minutes", "1", "--until", until, "--by", "user", "--json").output)
        return [each["requests"] for each in found["minutes"]]

    assert requests("2026-03-31T12:00") == requests("2026-03-31 14:00+02:00") == [103, 1]
    assert requests("2026-03-31T12:01") == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (["--minutes", "5", "--until", "noon"], "'noon' is no time."),
        (["--until", "2026-03-31T12:00"], "none were asked"),
    ],
)
def test_a_time_that_ends_nothing_is_told(said, typed, sentence):
    result = said(*typed)
    assert isinstance(result.exception, CommandFailed)
    assert sentence in str(result.exception)
    assert result.exception.next_step


def test_an_empty_month_says_so(said):
    assert said("--month", "2020-01").output == "No requests to Discogs were counted in that time.\n"
    assert json.loads(said("--minutes", "5", "--json").output) == {"by": "kind", "minutes": []}


@pytest.mark.parametrize("typed", ["march", "2026-13"])
def test_what_is_no_month_is_told(said, typed):
    result = said("--month", typed)
    assert result.exit_code != 0
    assert "no month" in str(result.exception)
