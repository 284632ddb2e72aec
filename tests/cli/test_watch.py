from datetime import timedelta
from uuid import UUID

import pytest

from actors.operating.pace import Pace
from actors.operating.progress import Surroundings, tell
from cli.watch import Persistent, Sight, Tokens, line, picture, watch
from db.errors import DatabaseAway
from db.gates import Hold
from db.jobs import State
from services.operations.facts import System
from workers.limiter.settings import LimiterSettings

PACE = Pace.of(LimiterSettings())


@pytest.fixture
def sight(job, now):
    """Look at a collection half-way and a wantlist in line; what surrounds them may be said."""

    def look(around=None, **said):
        around = around or Surroundings(System(now), ahead=0, users_by_lane={"import": 1})
        collection = tell(job(**said), around, PACE)
        wantlist = tell(
            job(
                id=UUID(int=2),
                kind="import_wantlist",
                state=State.PENDING,
                checkpoint={},
                steps=0,
                requests=0,
                total_records=None,
                processed_records=0,
            ),
            around,
            PACE,
        )
        return Sight(now, (collection, wantlist), Tokens(spent=9, free=46, limit=55, foreign=0, window_seconds=60))

    return look


def test_the_display_fits_80_columns(drawn, sight, now):
    assert max(len(each) for each in drawn(picture(sight(), now - timedelta(seconds=11)))) <= 80


def test_the_display_says_records_pages_rate_tokens_and_what_it_waits_for(drawn, sight, now):
    text = "\n".join(drawn(picture(sight(), now - timedelta(seconds=11))))
    for words in (
        "600 of 1,000",
        "page 6 of 10",
        "600 records/min",
        "9 requests",
        "9 spent, 46 free of 55",
        "no estimate yet",
        "1st in queue import",
    ):
        assert words in text


def test_a_closed_gate_is_said_in_calm_words_with_the_time(drawn, sight, now):
    gate = Hold(
        "discogs-api", "throttled", 0.0, "Discogs asked us to wait", now, now + timedelta(seconds=70), None, 0.0, 70.0
    )
    text = "\n".join(drawn(picture(sight(Surroundings(System(now, holds=[gate]), ahead=0)), now)))
    assert "Discogs asked us to wait (HTTP 429). Continues at 12:01:10" in text
    assert "Page 6 of 10 is stored." in text


def test_the_end_is_estimated_as_soon_as_every_total_is_known(drawn, job, now):
    view = tell(job(), Surroundings(System(now), ahead=0, users_by_lane={"import": 1}), PACE)
    text = " ".join(drawn(picture(Sight(now, (view,)), now)))
    assert "about 4 s left" in text


def test_a_line_says_the_same_where_no_terminal_is(sight, now):
    said = line(sight(), now)
    assert "collection 600 of 1,000 records, page 6 of 10, running" in said
    assert "\n" not in said


def test_who_comes_late_is_told_the_time_that_the_cost_took(sight, now, capsys, monkeypatch, job):
    monkeypatch.setattr("cli.watch.LOOK_SECONDS", 0)
    over = tell(job(state=State.COMPLETED, finished_at=now), Surroundings(System(now)), PACE)
    watch(lambda: Sight(now, (over,)))
    assert "9 requests in 1 min 10 s" in capsys.readouterr().out


class Looks:
    """Looks that fail, one after the other, before they succeed."""

    def __init__(self, *steps):
        self._steps = iter(steps)

    def __call__(self):
        step = next(self._steps)
        if isinstance(step, Exception):
            raise step
        return step


AWAY = DatabaseAway("The database is away: consuming input failed.")


def test_a_display_survives_an_interruption_of_the_database(sight, now, job, capsys, monkeypatch):
    monkeypatch.setattr("cli.watch.LOOK_SECONDS", 0)
    monkeypatch.setattr("cli.watch.LINE_SECONDS", 0)
    over = tell(job(state=State.COMPLETED, finished_at=now), Surroundings(System(now)), PACE)
    last = watch(Looks(AWAY, sight(), AWAY, AWAY, Sight(now, (over,))))
    assert last.is_completed
    said = capsys.readouterr().out
    assert "The database has not answered since" in said
    assert "The job goes on; trying again." in said


def test_a_display_gives_up_after_its_patience(sight, monkeypatch):
    monkeypatch.setattr("cli.watch.LOOK_SECONDS", 0)
    look = Persistent(Looks(sight(), AWAY, AWAY), give_up_seconds=-1)
    look()
    with pytest.raises(DatabaseAway):
        look()


def test_each_job_counts_in_its_own_unit(now, job):
    push = tell(job(kind="push_collection", total_records=None), Surroundings(System(now)), PACE)
    said = line(Sight(now, (push,)), now)
    assert "push collection 600 of ? changes" in said
    assert "600 changes/min" in said


def test_a_stopped_job_is_waiting_and_has_no_estimate(now, job):
    late = tell(job(due_at=now - timedelta(minutes=1)), Surroundings(System(now)), PACE)
    said = line(Sight(now, (late,)), now)
    assert ", waiting" in said
    assert "no estimate yet" in said
    assert "No worker is running." in said


def test_watching_ends_with_the_last_job_and_tells_what_failed(sight, job, now, capsys, monkeypatch):
    failed = tell(
        job(state=State.FAILED, finished_at=now, error_class="Gone", error="No such user."),
        Surroundings(System(now)),
        PACE,
    )
    monkeypatch.setattr("cli.watch.LOOK_SECONDS", 0)
    looks = iter([sight(), Sight(now, (failed,)), Sight(now, (failed,))])
    last = watch(lambda: next(looks))
    assert (last.is_over, last.is_completed) == (True, False)
    assert "collection: No such user." in capsys.readouterr().out
