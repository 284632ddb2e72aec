"""How long a job is left to workers of another release, counted from the first time it was met."""

from uuid import uuid4

from workers.misfits import FORGET_SECONDS, Misfits


def test_time_counts_from_the_first_meeting_while_a_job_comes_back():
    now = [0.0]
    misfits, one, other = Misfits(lambda: now[0]), uuid4(), uuid4()
    assert misfits.meet(one) == 0
    now[0] = 400.0
    assert (misfits.meet(one), misfits.meet(other)) == (400, 0)
    now[0] = 900.0
    assert misfits.meet(one) == 900


def test_a_job_that_was_done_elsewhere_begins_anew_at_the_next_deploy_and_takes_no_room_until_then():
    now = [0.0]
    misfits, one = Misfits(lambda: now[0]), uuid4()
    misfits.meet(one)
    now[0] = FORGET_SECONDS + 1
    misfits.meet(uuid4())
    assert one not in misfits._met
    assert misfits.meet(one) == 0
