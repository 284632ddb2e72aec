import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from actors.operating.failures import next_step
from actors.operating.pace import Pace
from actors.operating.progress import Surroundings, tell
from cli import layout
from db.gates import Hold
from db.jobs import State
from db.operations import Act, FailureGroup
from services.operations.facts import System
from workers.limiter.settings import LimiterSettings


def test_a_list_of_jobs_fits_80_columns(drawn, job, mina, now):
    page = [
        job(),
        job(state=State.COMPLETED, finished_at=now, processed_records=100_000, total_records=100_000, requests=1004),
        job(kind="import_wantlist", state=State.RETRYING, error="x", cancel_requested_at=now),
    ]
    lines = drawn(layout.job_table(page, {mina: "a handle of a length that nobody should have"}, now))
    assert len(lines) == 4
    assert max(map(len, lines)) <= 80
    assert "3f2a9c1e  import collection" in lines[1]
    assert "600 / 1,000" in lines[1]


@pytest.fixture
def view(job, now):
    """Make a job as a person sees it, third in its lane."""
    return lambda **said: tell(
        job(**said), Surroundings(System(now), ahead=2), Pace(60, 60.0, LimiterSettings().shares)
    )


def test_a_job_in_line_says_its_place_and_when_it_ends(drawn, view):
    text = "\n".join(drawn(layout.job_card(view(), "mina")))
    assert "waits for   3rd in queue import, about 3 s." in text
    assert "ends about  " in text


def test_a_list_counts_in_the_units_of_the_kinds(drawn, job, mina, now):
    page = [job(kind="push_collection", total_records=None), job(kind="refresh_prices", total_records=None)]
    text = "\n".join(drawn(layout.job_table(page, {mina: "mina"}, now)))
    assert "600 changes" in text
    assert "600 prices" in text


def test_a_running_job_that_something_stops_is_waiting(drawn, job, mina, now):
    row = job()
    assert " waiting " in drawn(layout.job_table([row], {mina: "mina"}, now, waiting={row.id}))[1]
    assert " running " in drawn(layout.job_table([row], {mina: "mina"}, now))[1]


def test_below_a_list_each_job_says_what_it_waits_for(drawn, view, now):
    under_way = view(leased_until=now + timedelta(seconds=9), is_executing=True)
    lines = drawn(layout.waits_table([view(), under_way, view(cancel_requested_at=now)]))
    assert [line.rstrip() for line in lines[1:]] == [
        "3f2a9c1e  3rd in queue import, about 3 s.",
        "3f2a9c1e  Ends after its present step.",
    ]


def test_a_long_sentence_below_a_list_stays_in_its_line(drawn, job, now):
    gate = Hold(
        "discogs-api", "operator", 0.0, "the disks are full " * 9, now, now + timedelta(hours=1), "anna", 0.0, 70.0
    )
    paused = tell(job(), Surroundings(System(now, holds=[gate]), ahead=2), Pace(60, 60.0, LimiterSettings().shares))
    lines = drawn(layout.waits_table([paused]))
    assert len(lines) == 2
    assert lines[1].startswith("3f2a9c1e  Requests to Discogs are paused by anna: the disks are full")
    assert max(map(len, lines)) <= 80


def test_a_job_in_full_leaves_out_what_is_empty(drawn, view):
    text = "\n".join(drawn(layout.job_card(view(), "mina")))
    assert "cost        9 requests in 9 steps" in text
    assert "error" not in text


@pytest.mark.parametrize(("state", "page"), [(State.RUNNING, "6 of 10"), (State.COMPLETED, "10 of 10")])
def test_a_job_in_full_says_how_far_it_came(drawn, view, now, state, page):
    finished = now if state is State.COMPLETED else None
    text = "\n".join(drawn(layout.job_card(view(state=state, finished_at=finished), "mina")))
    assert re.search(rf"page +{page}\b", text)


def test_a_failed_job_says_why(drawn, view, now):
    failed = view(
        state=State.FAILED, finished_at=now + timedelta(seconds=1), error_class="Gone", error="No such [user]."
    )
    assert "No such [user]." in "\n".join(drawn(layout.job_card(failed, None)))


def test_failures_alike_say_how_many_why_and_what_to_do_in_80_columns(drawn, now):
    long = "Discogs answered something that nobody can read. " * 3
    groups = [
        FailureGroup("Unavailable", "import_collection", 12_345, now, now, UUID(int=5), long),
        FailureGroup("Gone", "import_wantlist", 1, now, now - timedelta(days=3), UUID(int=6), "No such user."),
    ]
    lines = drawn(layout.failure_list(groups, now))
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(" 12,345  Unavailable  import collection  newest 00000000, now")
    assert lines[1].rstrip().endswith("…")
    (second,) = [number for number, line in enumerate(lines) if "No such user." in line]
    said = " ".join(line.strip() for line in lines[second + 1 :])
    assert said == next_step("Gone", "import_wantlist").operator


def test_what_operators_did_says_to_which_jobs(drawn, now):
    act = Act(1, now, "anna", "retried", {"states": ["failed"], "kind": "import_collection"}, 97)
    long = replace(act, target={"lane": "import", "until": "2026-11-23T14:28:06+00:00", "reason": "a reason " * 20})
    lines = drawn(layout.act_table([act, long]))
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "anna" in text
    assert "states failed, kind import_collection" in text
