"""`rekkrd capacity` shares a minute as the script does: both get the same work, the script in virtual time."""

from collections import Counter

import pytest

from actors.capacity.sharing import Sharing
from workers.limiter.lanes import Lane

MINUTES = 4


@pytest.mark.parametrize("at_screens", [0, 20, 50], ids="{} a minute at screens".format)
def test_the_simulation_shares_as_the_limiter_does(new_fleet, at_screens):
    fleet = new_fleet(requests_per_window=55, window_seconds=60.0, answer_deadline_seconds=60.0)
    process = fleet.start_process()

    def work(seconds):
        for tenth in range(seconds * 2):
            waiting = Counter(one.lane for one in process.waiters.values())
            for lane in (Lane.IMPORT, Lane.BACKGROUND):
                if waiting[lane] < 2:
                    fleet.arrive(process, lane, "a", answers_after=0.0)
            if tenth * at_screens // 120 < (tenth + 1) * at_screens // 120:
                fleet.arrive(process, Lane.INTERACTIVE, "b", answers_after=0.0)
            fleet.run(0.5)

    work(70)
    since = fleet.time
    work(60 * MINUTES)
    granted = Counter(waiter.lane for at, waiter in fleet.granted if at >= since)
    sharing, simulated, waits = Sharing(fleet.settings.shares), Counter(), 0
    for _ in range(MINUTES):
        waits += at_screens
        given = sharing.out(55, {Lane.INTERACTIVE: waits, Lane.IMPORT: 99, Lane.BACKGROUND: 99})
        waits -= given[Lane.INTERACTIVE]
        simulated.update(given)
    for lane in Lane:
        assert simulated[lane] == pytest.approx(granted[lane], abs=0.02 * 55 * MINUTES), lane
