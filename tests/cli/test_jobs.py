import re
from datetime import timedelta
from uuid import UUID

import pytest

from actors.pace import Pace
from actors.progress import Surroundings, tell
from cli import jobs
from cli.errors import NotFound
from db.jobs import State
from workers.limiter.settings import LimiterSettings


def test_a_list_of_jobs_fits_80_columns(drawn, job, mina, now):
    page = [
        job(),
        job(state=State.COMPLETED, finished_at=now, processed_records=100_000, total_records=100_000, requests=1004),
        job(kind="import_wantlist", state=State.RETRYING, error="x", cancel_requested_at=now),
    ]
    lines = drawn(jobs.job_table(page, {mina: "a handle of a length that nobody should have"}, now))
    assert len(lines) == 4
    assert max(map(len, lines)) <= 80
    assert "3f2a9c1e  import collection" in lines[1]
    assert "600 / 1,000" in lines[1]


@pytest.fixture
def view(job, now):
    """Make a job as a person sees it, third in its lane."""
    return lambda **said: tell(job(**said), Surroundings(now, ahead=2), Pace(60, 60.0, LimiterSettings().shares))


def test_a_job_in_line_says_its_place_and_when_it_ends(drawn, view):
    text = "\n".join(drawn(jobs.job_card(view(), "mina")))
    assert "waits for   3rd in lane import, about 3 s." in text
    assert "ends about  " in text


def test_a_job_in_full_leaves_out_what_is_empty(drawn, view):
    text = "\n".join(drawn(jobs.job_card(view(), "mina")))
    assert "cost        9 requests in 9 steps" in text
    assert "error" not in text


@pytest.mark.parametrize(("state", "page"), [(State.RUNNING, "6 of 10"), (State.COMPLETED, "10 of 10")])
def test_a_job_in_full_says_how_far_it_came(drawn, view, now, state, page):
    finished = now if state is State.COMPLETED else None
    text = "\n".join(drawn(jobs.job_card(view(state=state, finished_at=finished), "mina")))
    assert re.search(rf"page +{page}\b", text)


def test_a_failed_job_says_why(drawn, view, now):
    failed = view(
        state=State.FAILED, finished_at=now + timedelta(seconds=1), error_class="Gone", error="No such [user]."
    )
    assert "No such [user]." in "\n".join(drawn(jobs.job_card(failed, None)))


@pytest.mark.parametrize("nonsense", ["", "x", "zz99", "'; drop table", "3f2a9c1e-0000-4000-8000-0000000000011"])
def test_what_is_no_id_is_refused_with_the_next_step(nonsense):
    with pytest.raises(NotFound, match="is no job id") as refused:
        jobs.find(None, nonsense)
    assert "rekkrd jobs" in refused.value.next_step


def test_json_holds_what_a_program_may_rely_on(job):
    shown = jobs._as_json(job())
    assert shown["id"] == str(UUID("3f2a9c1e-0000-4000-8000-000000000001"))
    assert (shown["state"], shown["processed_records"], shown["created_at"]) == (
        "running",
        600,
        "2026-03-01T11:58:50+00:00",
    )
    assert "fence" not in shown
