"""What a collection of 50,000 records is worth: how long the answer takes, and what of it reaches our process.

**Ours.** All that `GET /api/collection/value` says: sums, parts by condition, genre, decade and label, the dearest ten.
**Beside it**, in the same run: what tools of today do, every copy with its figures fetched and added up in Python. Both
come to the same sum, or the run fails its target. Discogs is not asked: the prices are those that are kept.
"""

import time
import tracemalloc
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from actors.market import worth
from actors.market.worth import MOST_DEAR, MOST_PARTS
from benchmarks.figures import Bench, Figure, Outcome, at_most, exactly, told
from benchmarks.house import House, house
from benchmarks.simulated import Simulated
from db import Connection, rates, value
from db.pool import connect

SENTENCE = "The value of a collection of 50,000 records, beside adding it up copy by copy."

FILL_SECONDS = 600.0
OWNER = UUID(int=1)
UNIT = "USD"
PER_DOLLAR = Decimal("0.87")
REPEATS = 5
LARGER = 100  # times a small collection
MOST = 1.5  # times as long a copy as in a small one

# Two of three copies are graded, one of ten prices is in euros, and one of twenty releases has none.
FILL = (
    """
    INSERT INTO public.profiles (id, handle, tier) VALUES (%(owner)s, 'collector', 'archivist')
    """,
    """
    INSERT INTO rekkrd.releases (release_id, title, artist, year, genres, labels)
    SELECT n, 'title ' || n, 'artist ' || n %% 5000, 1950 + n %% 70, ARRAY['genre ' || n %% 15],
           jsonb_build_array(jsonb_build_object('name', 'label ' || n %% 900))
      FROM generate_series(1, %(copies)s) AS n
    """,
    """
    INSERT INTO public.albums (user_id, discogs_release_id, media_condition)
    SELECT %(owner)s, n, CASE WHEN n %% 3 > 0 THEN (ARRAY['NM', 'VG+', 'VG', 'G+'])[1 + n %% 4] END
      FROM generate_series(1, %(copies)s) AS n
    """,
    """
    INSERT INTO rekkrd.prices (release_id, what, state, fetched_at)
    SELECT n, 'suggestions', 'priced', now() - n %% 100 * interval '1 hour' FROM generate_series(1, %(copies)s) AS n
    """,
    """
    INSERT INTO public.discogs_price_cache (discogs_release_id, price_data, marketplace_stats)
    SELECT n,
           (SELECT jsonb_object_agg(grade, jsonb_build_object(
                       'value', round(share * (5 + n %% 97), 2)::text,
                       'currency', CASE WHEN n %% 10 = 0 THEN 'EUR' ELSE 'USD' END))
              FROM (VALUES ('M', 0.95), ('NM', 0.85), ('VG+', 0.65), ('VG', 0.45),
                           ('G+', 0.25), ('G', 0.15), ('F', 0.1), ('P', 0.05)) AS ladder (grade, share)),
           jsonb_build_object('lowest_price', jsonb_build_object('value', (2 + n %% 31)::text, 'currency', 'USD'))
      FROM generate_series(1, %(copies)s) AS n
     WHERE n %% 20 > 0
    """,
)
EACH = b"""
    SELECT coalesce(a.media_condition, 'VG') AS grade, c.price_data
      FROM public.albums AS a
      LEFT JOIN public.discogs_price_cache AS c ON c.discogs_release_id = a.discogs_release_id
     WHERE a.user_id = %s
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Measured:
    """One way to the value: seconds at best, the most memory that our process took for it, rows that it was sent."""

    seconds: float
    kib: float
    rows: int


@dataclass(frozen=True, slots=True)
class Size:
    """Both ways at one size, with the sums of both, and what keeping the day's value takes."""

    copies: int
    ours: Measured
    each: Measured
    ours_sum: Decimal
    each_sum: Decimal
    snapshot_seconds: float


def run(bench: Bench) -> Outcome:
    """Measure the small one, then the large one."""
    copies = 1_000 if bench.is_quick else 50_000
    small, large = _sized(bench, copies // LARGER), _sized(bench, copies)
    details = {f"{size.copies:,}": {"ours": asdict(size.ours), "each": asdict(size.each)} for size in (small, large)}
    return Outcome(_figures(small, large), details)


def _figures(small: Size, large: Size) -> list[Figure]:
    name = f"{large.copies:,} records"
    grown = (large.ours.seconds / large.copies) / (small.ours.seconds / small.copies)
    return [
        exactly(f"{name}: what both ways differ by", float(large.ours_sum - large.each_sum), 0),
        told(f"{name}: the whole answer", 1000 * large.ours.seconds, "ms"),
        told("the same, each copy added up in Python: the sum alone", 1000 * large.each.seconds, "ms"),
        told("the answer beside that sum", large.ours.seconds / large.each.seconds, "times"),
        at_most(f"a record beside one of {small.copies:,}", grown, MOST, "times"),
        told("rows that reach our process", large.ours.rows),
        told("the same, copy by copy", large.each.rows),
        told("memory of our process", large.ours.kib, "KiB"),
        told("the same, copy by copy", large.each.kib, "KiB"),
        told("keeping the day's value, with every copy for tomorrow's comparison", 1000 * large.snapshot_seconds, "ms"),
    ]


def _sized(bench: Bench, copies: int) -> Size:
    with ExitStack() as stack:
        nowhere = Simulated("http://127.0.0.1:9", 60.0)
        stack.callback(nowhere.close)
        wide = {"REKKRD_DATABASE_TIMEOUT_SECONDS": f"{FILL_SECONDS:g}"}
        home = stack.enter_context(house(bench, f"value_{copies}", nowhere, **wide))
        _fill(bench, home, copies)
        ours, found = _measured(lambda: worth.show(home.resources, OWNER))
        with home.resources.pool.transaction() as conn:
            each, each_sum = _measured(lambda: _added_up(conn))
            began = time.perf_counter()
            value.snapshot(conn, OWNER, UNIT, datetime.now(UTC).date(), bought_within=timedelta(days=30))
            taken = time.perf_counter() - began
    rows = 1 + len(found.parts) + len(found.dearest) + len(found.rates)
    if len(found.dearest) != MOST_DEAR or len(found.parts) > 4 * (MOST_PARTS + 1):
        raise ValueError("The answer has another shape than what is measured here.")
    return Size(
        copies,
        Measured(ours[0], ours[1], rows),
        Measured(each[0], each[1], copies),
        found.sum.median,
        each_sum,
        taken,
    )


def _fill(bench: Bench, home: House, copies: int) -> None:
    for done, statement in enumerate(FILL):
        bench.track(f"filling {copies:,}", done, len(FILL))
        with home.resources.pool.transaction() as conn:
            conn.execute(statement.encode(), {"owner": OWNER, "copies": copies})
    with home.resources.pool.transaction() as conn:
        rates.keep(conn, {"EUR": PER_DOLLAR}, source="discogs")
    with connect(home.environment["DATABASE_URL"], timeout_seconds=FILL_SECONDS) as conn:
        conn.execute(b"VACUUM ANALYZE")


def _measured(look: Callable[[], T]) -> tuple[tuple[float, float], T]:
    """Return the best time of several, and the most memory that one took, without the cost of watching it."""
    found, times = look(), []
    for _ in range(REPEATS):
        began = time.perf_counter()
        look()
        times.append(time.perf_counter() - began)
    tracemalloc.start()
    try:
        look()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (min(times), peak / 1024), found


def _added_up(conn: Connection) -> Decimal:
    """Fetch every copy and add up its suggestion: the median alone, without parts, range or ages."""
    total = Decimal(0)
    for row in conn.execute(EACH, [OWNER]).fetchall():
        price = (row["price_data"] or {}).get(row["grade"])
        if price is not None:
            rate = 1 / PER_DOLLAR if price["currency"] == "EUR" else Decimal(1)
            total += (Decimal(price["value"]) * rate).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    return total
