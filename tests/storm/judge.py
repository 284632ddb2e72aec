"""The ledger oracle at the end of a storm: what is wrong, and what was survived."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from tests.journeys.fleet import LIMIT
from tests.journeys.oracle import most_in_window
from tests.journeys.simulated import Arrival, Json
from tests.storm.scene import Scene, Wound
from tests.storm.survived import Survived

LATE_SECONDS = 1.0  # a thread that was stopped before its write sends within this after it wakes

TOTALS = """
    SELECT count(*) AS jobs, coalesce(sum(steps), 0)::int AS steps, coalesce(sum(requests), 0)::int AS requests,
        count(*) FILTER (WHERE state = 'completed') AS completed,
        count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
        count(*) FILTER (WHERE state = 'failed') AS failed
    FROM rekkrd.jobs
    WHERE due_at < now() + interval '1 day'
"""
# Each completed import walked its list once: as many steps as that takes, every item seen, all counts equal.
MISCOUNTED = """
    SELECT * FROM (
        SELECT j.*, s.items, s.seen, s.outcome AS swept,
            coalesce((j.checkpoint ->> 'current_page')::int, 0) AS page,
            greatest(1, ceil(s.items / 100.0)::int) AS pages,
            CASE j.kind WHEN 'import_collection' THEN 3 ELSE 0 END AS before,
            CASE j.kind WHEN 'import_collection' THEN 2 * (s.items / 500 + 1) ELSE 0 END AS linking
        FROM rekkrd.jobs AS j
        LEFT JOIN rekkrd.sweeps AS s ON j.id = s.job_id
        WHERE j.state = 'completed'
    ) AS told
    WHERE (
        swept = 'complete' AND items = seen AND total_records = items AND processed_records = items
        AND page BETWEEN pages - 1 AND pages AND steps BETWEEN before + pages AND before + pages + linking
    ) IS NOT TRUE
"""


def judged(scene: Scene, complaints: list[str]) -> Survived:
    """Compare the simulator's log, the simulator's truth, the workers' logs and the database."""
    fleet = scene.fleet
    arrivals = fleet.discogs.arrivals()
    late, before_write = _late(scene, arrivals)
    totals = fleet.rows(TOTALS)[0]
    refusals = [one for one in arrivals if one.status == 429]
    ordered = [one for one in refusals if one.fault]
    events = Counter(line["event"] for worker in fleet.workers for line in worker.log())
    survived = Survived(
        seconds=scene.ended_at,
        struck=scene.struck,
        missed=scene.missed,
        spoiled=sum(1 for one in arrivals if one.fault),
        lost_replies=scene.to_postgres.lost + scene.to_redis.lost,
        take_overs=_take_overs(scene),
        taken_back=events["step_taken_over"],
        totals=totals,
        requests=len(arrivals),
        most=most_in_window([one.at for one in arrivals], fleet.timing.window),
        most_beside_stopped=most_in_window([one.at for one in arrivals if one not in late], fleet.timing.window),
        stopped_before_write=before_write,
        refusals=len(refusals) - len(ordered),
        ordered_refusals=len(ordered),
        complaints=complaints,
    )
    lost_steps = events["step_taken_over"] + events["step_lost"] + events["step_dropped"]
    survived.complaints.extend(_of_ledger(scene, survived, lost_steps))
    survived.complaints.extend(_of_budget(survived))
    survived.complaints.extend(_of_workers(scene))
    return survived


def _of_ledger(scene: Scene, survived: Survived, lost_steps: int) -> Iterator[str]:
    fleet = scene.fleet
    fleet.people = scene.door.begun
    yield from fleet.complaints()
    for row in fleet.rows("SELECT * FROM rekkrd.jobs WHERE state = 'failed'"):
        yield f"job {row['id']} ({row['kind']}) failed: {row['error']} {row['error_detail'] or ''}"
    for row in fleet.rows(MISCOUNTED):
        yield f"the counters of job {row['id']} are out of step: {row}"
    unknown = survived.requests - survived.totals["requests"]
    if not 0 <= unknown <= lost_steps:
        yield f"{unknown} requests are not in the ledger, but {lost_steps} steps were lost"


def _of_budget(survived: Survived) -> Iterator[str]:
    if survived.most_beside_stopped > LIMIT:
        yield f"{survived.most_beside_stopped} requests in a window, beside those of stopped threads"
    if survived.most > LIMIT + survived.stopped_before_write:
        yield f"{survived.most} requests in a window, but {survived.stopped_before_write} threads were stopped"
    if survived.refusals:
        yield f"{survived.refusals} requests were refused with 429 for being too many"


def _of_workers(scene: Scene) -> Iterator[str]:
    killed = {id(wound.worker) for wound in scene.killed}
    for worker in scene.fleet.workers:
        code = worker.process.poll()
        if worker in scene.leaving and code != 0:
            yield f"a worker that was asked to end said {code}: {worker.said()[-2000:]}"
        elif worker not in scene.leaving and id(worker) not in killed:
            yield f"a worker ended by itself with {code}: {worker.said()[-2000:]}"
        yield from (f"nobody foresaw this in a worker: {line}" for line in worker.log() if "exception" in line)


def _take_overs(scene: Scene) -> list[float]:
    """Seconds from each kill -9 or SIGSTOP to the next claim of each job that was in hand."""
    claims: dict[str, list[tuple[int, float]]] = {}
    for worker in scene.fleet.workers:
        for line in worker.events("step_began"):
            claims.setdefault(line["job_id"], []).append((line["fence"], _moment(line)))
    seconds = []
    for wound in (*scene.killed, *scene.stopped):
        for job in wound.held:
            later = [at for fence, at in claims.get(str(job["id"]), ()) if fence > job["fence"]]
            if later:
                seconds.append(min(later) - wound.at)
    return seconds


def _late(scene: Scene, arrivals: list[Arrival]) -> tuple[list[Arrival], int]:
    """The requests of threads that were stopped between look and write, and how many such threads there were.

    A thread counts when it had its token and the server had nothing from its collector since: it may also have been
    stopped before the look, and then it sends nothing.
    """
    names = {person.user_id: person.username for person in scene.fleet.people}
    late, threads = [], 0
    for wound in scene.stopped:
        for job in wound.held:
            name = names.get(job["user_id"])  # None: a job of the system, which signs for nobody here
            if job["is_executing"] and not _has_sent(wound, job, name, arrivals):
                threads += 1
                woken = wound.woken or 0.0
                late += [one for one in arrivals if one.user == name and woken <= one.wall < woken + LATE_SECONDS][:1]
    return late, threads


def _has_sent(wound: Wound, job: Json, name: str | None, arrivals: list[Arrival]) -> bool:
    taken = [
        at
        for line in wound.worker.events("token_taken")
        if line.get("job_id") == str(job["id"]) and (at := _moment(line)) <= wound.at
    ]
    return bool(taken) and any(one.user == name and taken[-1] <= one.wall <= wound.at for one in arrivals)


def _moment(line: Json) -> float:
    return datetime.fromisoformat(line["timestamp"]).timestamp()
