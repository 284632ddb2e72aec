"""The schedule as clocks and operators work it: ticks made, missed and made by hand, and entries paused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from actors.errors import PauseRefused
from actors.operating.budget import refuse_hold
from actors.scheduling.timetable import TIMETABLE, Entry
from db import Connection, entry_pauses, operations, ticks
from db.entry_pauses import EntryPause
from db.ticks import Sums, Tick
from workers.enqueue import Origin, enqueue

LATELY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Made:
    """A tick that was made now; ``missed`` times lay before it, ``skipped`` of them too far back to be made up for."""

    due_at: datetime
    missed: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Planned:
    """An entry with what became of it.

    ``overdue`` times came due since the last tick and are not made; ``lately`` is what the last day came to.
    """

    entry: Entry
    next_at: datetime
    last: Tick | None
    overdue: int
    lately: Sums
    pause: EntryPause | None


def tick(conn: Connection, entry: Entry, now: datetime) -> Made | None:
    """Enqueue an entry's work for the time that came due last.

    None when that was done already, is too long ago to be made up for, or the entry is paused. A task that never ran
    is due at once: a fresh install, or a release with a new task, does not wait for the task's next time.
    """
    due_at, before = entry.last_due(now), ticks.last_due(conn, entry.name, now)
    is_done = before is not None and before >= due_at
    is_over = is_done or now - due_at > entry.lateness
    if is_over or entry.name in entry_pauses.holding(conn):
        return None
    made = judge(entry, before, due_at)
    return None if _make(conn, entry, made) is None else made


def judge(entry: Entry, before: datetime | None, due_at: datetime) -> Made:
    """Say what lay between two ticks; the first of all missed nothing."""
    if before is None:
        return Made(due_at, missed=0, skipped=0)
    return Made(
        due_at,
        missed=entry.times_between(before, due_at),
        skipped=entry.times_between(before, due_at - entry.lateness),
    )


def run(conn: Connection, entry: Entry, *, by: str, now: datetime) -> bool:
    """Enqueue an entry's work now, paused or not; again within the same second is the same as once.

    False when it was that, or when a live job of an earlier tick stands for it.
    """
    made = judge(entry, ticks.last_due(conn, entry.name, now), now.replace(microsecond=0))
    is_new = _make(conn, entry, made, by=by)
    if is_new is None:
        return False
    target = {"entry": entry.name.value, "at": made.due_at.isoformat()}
    operations.audit(conn, by=by, action="ran", target=target, jobs=int(is_new))
    return is_new


def pause(conn: Connection, entry: Entry, *, until: datetime, reason: str, by: str) -> None:
    """Let no scheduler make a tick of an entry until a time; the last word counts.

    Raises PauseRefused: the time is past or too far away, or the reason is empty; nothing changed.
    """
    refuse_hold(until, reason, datetime.now(UTC), PauseRefused)
    entry_pauses.pause(conn, entry.name, until=until, reason=reason.strip(), by=by)
    target = {
        "entry": entry.name.value,
        "until": until.astimezone(UTC).isoformat(timespec="seconds"),
        "reason": reason.strip(),
    }
    operations.audit(conn, by=by, action="paused", target=target, jobs=0)


def resume(conn: Connection, entry: Entry, *, by: str) -> bool:
    """End an entry's pause before its time. False when it was not paused."""
    was_paused = entry_pauses.resume(conn, entry.name)
    if was_paused:
        operations.audit(conn, by=by, action="resumed", target={"entry": entry.name.value}, jobs=0)
    return was_paused


def planned(conn: Connection, now: datetime, entries: Sequence[Entry] = TIMETABLE) -> list[Planned]:
    """Look at every entry once."""
    newest, lately, holding = ticks.newest(conn, now), ticks.sums(conn, LATELY), entry_pauses.holding(conn)
    found = []
    for entry in entries:
        last, paused = newest.get(entry.name), holding.get(entry.name)
        made = None if last is None else last.due_at
        found.append(
            Planned(
                entry,
                next_at=entry.next_at(made, now if paused is None else paused.paused_until),
                last=last,
                overdue=0 if made is None else entry.times_between(made, now),
                lately=lately.get(entry.name, Sums()),
                pause=paused,
            )
        )
    return found


def _make(conn: Connection, entry: Entry, made: Made, *, by: str | None = None) -> bool | None:
    """Make a tick and enqueue its job: whether that is a new one, None when there is that tick already."""
    if not ticks.make(conn, entry.name, made.due_at, by=by, missed=made.missed, skipped=made.skipped):
        return None
    enqueued = enqueue(conn, entry.kind.name, origin=Origin.OPERATOR if by else Origin.AUTOMATIC)
    ticks.keep_job(conn, entry.name, made.due_at, enqueued.job_id, is_new=enqueued.is_new)
    return enqueued.is_new
