"""What one sync asks of Discogs, counted by the simulator's log, beside the fewest requests that could do it.

**Fewest.** Discogs lists 100 copies a page, so k new ones need ⌈k/100⌉, and none needs one look. It takes one field a
request, so n edits need n; whoever overwrites nothing that changed there meanwhile also looks at each of the m releases
once: n + m.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from actors.catalog import PUSH_COLLECTION, REFRESH_COLLECTION, PushArguments
from benchmarks.figures import Bench, Figure, Outcome, at_most, exactly, told
from benchmarks.house import House, house
from benchmarks.processes import ProcessFailed
from benchmarks.simulated import Collector, Simulated, simulated
from benchmarks.throughput import NO_LIMIT, UNLIMITED

SENTENCE = "Requests that a sync costs: nothing new, k new records, n edits of m records."

PAGE = 100
PATIENCE_SECONDS = 120.0
FIRST_RELEASE = 3_000_000  # of those that are bought meanwhile
SHOPPING = datetime(2050, 1, 1, tzinfo=UTC)  # after everything that is there already

EDIT = """
    WITH chosen AS (
        SELECT (array_agg(id))[1] AS id FROM public.albums WHERE user_id = %(user)s AND discogs_instance_id IS NOT NULL
         GROUP BY discogs_release_id HAVING count(*) = 1 ORDER BY discogs_release_id LIMIT %(records)s
    )
    UPDATE public.albums AS a
       SET media_condition = CASE WHEN a.media_condition = 'G' THEN 'F' ELSE 'G' END,
           sleeve_condition = CASE WHEN a.sleeve_condition = 'G' THEN 'F' ELSE 'G' END,
           discogs_notes = coalesce(a.discogs_notes, '') || ' played once'
      FROM chosen WHERE a.id = chosen.id
"""
EDITS_A_RECORD = 3


@dataclass(frozen=True, slots=True)
class Scale:
    """How many records there are, how many come each time, and how many are edited in one push."""

    records: int
    bought: Sequence[int]
    edited: Sequence[int]


TRUE = Scale(records=1_000, bought=(1, 99, 100, 101, 250), edited=(1, 10, 100))
QUICK = Scale(records=150, bought=(1, 101), edited=(2,))


@dataclass(frozen=True, slots=True)
class Sync:
    """One sync: what had changed, what it cost, and the fewest that could do it."""

    what: str
    requests: int
    fewest: int


def run(bench: Bench) -> Outcome:
    """Sync one collector again and again, each time after something else changed."""
    scale = QUICK if bench.is_quick else TRUE
    with (
        simulated(bench.folder, "syncing", window_seconds=1.0, limit=NO_LIMIT) as discogs,
        house(bench, "syncing", discogs, **UNLIMITED) as home,
        home.worker(),
    ):
        collector = discogs.open_account("collector", records=scale.records)
        user = home.move_in(collector)
        home.wait(home.enqueue_import(user), PATIENCE_SECONDS)

        def refreshed(what: str, fewest: int) -> Sync:
            discogs.forget()
            home.wait(home.enqueue(user, REFRESH_COLLECTION), PATIENCE_SECONDS)
            return Sync(what, discogs.count(), fewest)

        unchanged = refreshed("nothing new", 1)
        grown = []
        for done, many in enumerate(scale.bought):
            bench.track("new records", done, len(scale.bought))
            _buy(discogs, collector, sum(scale.bought[:done]), many)
            grown.append(refreshed(f"{many} new", -(-many // PAGE)))
        _require_all(home.size(user).copies, scale.records + sum(scale.bought))
        pushed = []
        for done, many in enumerate(scale.edited):
            bench.track("edits", done, len(scale.edited))
            edits = _edit(home, user, many)
            discogs.forget()
            push = (user, PUSH_COLLECTION, PushArguments(is_confirmed=True))
            home.wait(home.enqueue_together([push]), PATIENCE_SECONDS)
            pushed.append(
                Sync(f"{edits} edits of {many} {'record' if many == 1 else 'records'}", discogs.count(), edits + many)
            )
    return Outcome(_figures(unchanged, grown, pushed), {"syncs": [asdict(one) for one in (unchanged, *grown, *pushed)]})


def _figures(unchanged: Sync, grown: Sequence[Sync], pushed: Sequence[Sync]) -> list[Figure]:
    return [
        exactly("nothing new: requests", unchanged.requests, unchanged.fewest),
        *(at_most(f"{one.what}: requests ({one.fewest} at least)", one.requests, one.fewest + 1) for one in grown),
        *(exactly(f"{one.what}: requests", one.requests, one.fewest) for one in pushed),
        *(told(f"{one.what}: requests as multiple of the edits", one.requests / _edits(one)) for one in pushed),
    ]


def _edits(one: Sync) -> int:
    return one.fewest * EDITS_A_RECORD // (EDITS_A_RECORD + 1)


def _buy(discogs: Simulated, collector: Collector, before: int, many: int) -> None:
    """Buy records a second apart: of those of one second nobody can tell which is the last that was seen."""
    for n in range(before, before + many):
        discogs.add_copy(collector.username, FIRST_RELEASE + n, SHOPPING + timedelta(seconds=n))


def _edit(home: House, user: UUID, records: int) -> int:
    """Edit albums as the app does, behind our back; return how many fields changed."""
    with home.resources.pool.transaction() as conn:
        found = conn.execute(EDIT.encode(), {"user": user, "records": records}).rowcount
    if found != records:
        raise ProcessFailed(f"{found} albums were edited, not {records}.")
    return found * EDITS_A_RECORD


def _require_all(found: int, meant: int) -> None:
    if found != meant:
        raise ProcessFailed(f"{found} records came over, not {meant}.")
