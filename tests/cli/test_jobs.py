"""Retrying and cancelling, one job or many: counted first, never by accident, remembered."""

import json
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from cli import jobs, main
from cli.errors import CommandFailed, NotFound
from db import operations
from db.jobs import State
from db.jobs import find as find_job
from db.pool import Pool
from tests.new_jobs import NewJob
from tests.new_jobs import add as add_job


@pytest.fixture
def pool(migrated_database_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def job(pool) -> Callable[..., UUID]:
    """Put a job into the ledger, in a state."""

    def add(state: State = State.FAILED, *, error: str = "Unavailable", kind: str = "import_wantlist") -> UUID:
        new = NewJob(kind, "import", uuid4(), {}, None, takes_token=True, speaks_for_user=True)
        with pool.transaction() as conn:
            job_id = add_job(conn, new)[0].id
            if state is not State.PENDING:
                conn.execute(
                    "UPDATE rekkrd.jobs SET state = %s, started_at = now(), finished_at = now(), error_class = %s, "
                    "error = 'No.' WHERE id = %s",
                    [state, error, job_id],
                )
        return job_id

    return add


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main.app_for(["jobs"]), ["jobs", *arguments], input=typed)


def state_of(pool, job_id) -> State:
    with pool.transaction() as conn:
        found = find_job(conn, job_id)
    assert found is not None
    return found.state


def acts(pool) -> list[tuple[str, int]]:
    with pool.transaction() as conn:
        return [(act.action, act.jobs) for act in operations.acts(conn)]


def test_one_job_is_retried_and_who_did_it_is_remembered(pool, job):
    job_id = job()
    assert "is back in the line" in run("retry", str(job_id)[:8]).stdout
    assert state_of(pool, job_id) is State.PENDING
    assert "only failed and cancelled ones are retried" in run("retry", str(job_id)).stdout
    assert acts(pool) == [("retried", 1)]


def test_many_are_retried_by_what_they_have_in_common(pool, job):
    mine, other, completed = job(), job(error="Poison"), job(State.COMPLETED)
    said = run("retry", "--error", "Unavailable", "--kind", "import_wantlist", "--newer", "1h", "--yes")
    assert said.stdout.strip() == "1 job back in the line."
    assert [state_of(pool, one) for one in (mine, other, completed)] == ["pending", "failed", "completed"]


def test_a_dry_run_only_counts_and_lists(pool, job):
    job_id = job()
    said = run("retry", "--all", "--dry-run").stdout
    assert "1 job would be retried; nothing happened." in said
    assert str(job_id)[:8] in said
    assert (state_of(pool, job_id), acts(pool)) == (State.FAILED, [])


@pytest.mark.parametrize(
    ("command", "state"), [("retry", State.FAILED), ("remove", State.FAILED), ("cancel", State.PENDING)]
)
@pytest.mark.parametrize("beside", [["--dry-run"], ["--older", "30d"], ["--kind", "upkeep"], ["--all"]])
def test_beside_an_id_nothing_that_chooses_many_is_passed_over(pool, job, command, state, beside):
    job_id = job(state)
    refused = run(command, str(job_id), *beside)
    assert isinstance(refused.exception, CommandFailed)
    assert (state_of(pool, job_id), acts(pool)) == (state, [])


def test_without_a_word_on_which_nothing_happens(pool, job):
    job_id = job()
    for command in ("retry", "cancel", "remove"):
        refused = run(command)
        assert isinstance(refused.exception, CommandFailed)
        assert "--dry-run" in refused.exception.next_step
    assert state_of(pool, job_id) is State.FAILED


def test_many_are_asked_about_first(pool, job):
    job_id = job(State.PENDING)
    refused = run("cancel", "--all")
    assert isinstance(refused.exception, CommandFailed)
    assert "--yes" in refused.exception.next_step
    assert state_of(pool, job_id) is State.PENDING


def test_more_than_a_piece_is_gone_through_whole(pool, job, monkeypatch):
    monkeypatch.setattr("db.operations.PIECE", 2)
    live = [job(State.PENDING) for _ in range(5)]
    failed = job()
    assert "5 jobs cancelled" in run("cancel", "--kind", "import_wantlist", "-y").stdout
    assert {state_of(pool, one) for one in live} == {State.CANCELLED}
    assert state_of(pool, failed) is State.FAILED
    assert sum(count for _, count in acts(pool)) == 5
    assert "5 jobs back" in run("retry", "--state", "cancelled", "--all", "-y").stdout


def test_only_what_is_over_badly_is_retried(pool):
    refused = run("retry", "--state", "running", "--all")
    assert isinstance(refused.exception, CommandFailed)
    assert "--state failed" in refused.exception.next_step


def test_one_job_that_is_over_is_removed_and_who_did_it_is_remembered(pool, job):
    over, live = job(State.COMPLETED), job(State.PENDING)
    assert "is removed. What it brought stays." in run("remove", str(over)).stdout
    assert isinstance(run("remove", str(over)).exception, NotFound)
    assert "only jobs that are over are removed" in run("remove", str(live)).stdout
    assert state_of(pool, live) is State.PENDING
    assert acts(pool) == [("removed", 1)]


def test_many_are_removed_by_what_they_have_in_common(pool, job):
    job(error="Gone")
    job(State.COMPLETED)
    other, live = job(), job(State.PENDING)
    assert "1 job would be removed; nothing happened." in run("remove", "--error", "Gone", "--dry-run").stdout
    assert run("remove", "--error", "Gone", "-y").stdout.strip() == "1 job removed. What they brought stays."
    assert "1 job removed" in run("remove", "--state", "completed", "--all", "-y").stdout
    assert [one["id"] for one in json.loads(run("--json").stdout)["jobs"]] == [str(live), str(other)]
    refused = run("remove", "--state", "running", "--all")
    assert isinstance(refused.exception, CommandFailed)
    assert "cancel live ones" in refused.exception.next_step


def test_failures_alike_and_what_operators_did_are_told(pool, job):
    job()
    job()
    run("retry", "--all", "-y")
    job(error="Gone")
    assert json.loads(run("failures", "--json").stdout)["failures"][0]["error_class"] == "Gone"
    assert "Gone" in run("failures").stdout
    told = json.loads(run("audit", "--json").stdout)["acts"]
    assert (told[0]["action"], told[0]["jobs"]) == ("retried", 2)


def test_an_empty_ledger_says_so_everywhere(pool):
    assert "No jobs yet." in run().stdout
    assert "No such jobs." in run("--kind", "import_wantlist").stdout
    assert "Nothing failed." in run("failures").stdout
    assert "No operator did anything yet." in run("audit").stdout
    assert "No such jobs." in run("retry", "--all", "-y").stdout


def test_the_list_is_of_what_was_asked_for(pool, job):
    job()
    poison = job(error="Poison", kind="import_collection")
    for asked in (["--error", "Poison"], ["--kind", "import_collection"], ["--state", "failed", "--error", "Poison"]):
        assert [one["id"] for one in json.loads(run("--json", *asked).stdout)["jobs"]] == [str(poison)]


@pytest.mark.parametrize("nonsense", ["", "x", "zz99", "'; drop table", "3f2a9c1e-0000-4000-8000-0000000000011"])
def test_what_is_no_id_is_refused_with_the_next_step(nonsense):
    with pytest.raises(NotFound, match="is no job id") as refused:
        jobs.find(None, nonsense)
    assert "rekkrd jobs" in refused.value.next_step


def test_a_list_is_filtered_by_age_and_its_next_page_by_the_same(pool, job):
    old, middle, young = (job(kind=kind) for kind in ("import_wantlist", "import_collection", "import_collection"))
    with pool.transaction() as conn:
        for job_id, age in ((old, "3 days"), (middle, "2 hours"), (young, "1 minute")):
            conn.execute("UPDATE rekkrd.jobs SET created_at = now() - %s::interval WHERE id = %s", [age, job_id])

    def listed(*arguments: str) -> list[str]:
        return [one["id"] for one in json.loads(run("--json", *arguments).stdout)["jobs"]]

    assert listed("--newer", "1d") == [str(young), str(middle)]
    assert listed("--older", "1h") == [str(middle), str(old)]
    assert listed("--older", "1h", "--newer", "1d") == [str(middle)]
    more = run("--limit", "1", "--newer", "1d", "--kind", "import_collection").stderr
    assert more.strip() == f"More: rekkrd jobs --kind import_collection --newer 1d --below {str(young)[:8]}"
