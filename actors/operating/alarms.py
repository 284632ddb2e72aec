"""Alarms: what is wrong with the fleet, and when operators are told so; decided at the top, done at the bottom.

They run in the scheduler's process and not as jobs: the worst trouble is that no worker lives.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from actors.operating import queues
from actors.operating.failures import next_step
from actors.wording import count
from db import Connection, alarms, fleet, gates, usage
from db.alarms import Failures, Raised
from db.errors import DatabaseError
from db.gates import Hold
from db.pool import Pool
from workers import holds
from workers.holds import BUDGET
from workers.settings import EngineSettings
from workers.slack import escaped

log = structlog.get_logger(__name__)

STILL = timedelta(hours=1)  # a trouble that lasts is told again after this, and no sooner
QUIET = timedelta(minutes=5)  # a trouble is over when nobody saw it for so long; one that comes and goes is one
NO_WORKER = timedelta(minutes=5)  # a deploy takes less
MOST_GROUPS = 5
MANY_ATTEMPTS = 5  # with the default back-off a step has failed for 2.5 minutes by then
OUTAGE = "discogs_outage"
TELLING_SECONDS = 50.0  # a look's messages are told by then; who has died meanwhile is taken over by the next look
AWAY_LOOKS = 3  # looks that found no database before somebody is told


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong now. ``patience`` is how long it may last before somebody is told."""

    name: str
    sentence: str
    advice: Sequence[str] = ()
    patience: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Message:
    """What operators are told, in Slack's markup; ``is_last`` when the trouble is over."""

    name: str
    text: str
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of troubles, old and new: what is told, and which go without a word."""

    messages: Sequence[Message] = ()
    forgotten: Sequence[str] = ()


def decide(troubles: Sequence[Trouble], known: Sequence[Raised], now: datetime) -> Decision:
    """Tell of a trouble when it lasted for its patience, every hour while it lasts, and once when it is over.

    What another scheduler tells of this moment is left to that one.
    """
    before = {one.name: one for one in known}
    messages = []
    for trouble in troubles:
        was = before.get(trouble.name)
        if was is not None and was.is_being_told:
            continue
        since = was.raised_at if was is not None else now
        if was is not None and was.told_at is not None:
            if now - was.told_at >= STILL:
                messages.append(_message("Still", trouble, since=since))
        elif now - since >= trouble.patience:
            messages.append(_message("Alarm", trouble))
    here = {trouble.name for trouble in troubles}
    gone = [one for one in known if one.name not in here and now - one.seen_at >= QUIET and not one.is_being_told]
    messages += [_recovery(one) for one in gone if one.told_at is not None]
    return Decision(messages, [one.name for one in gone if one.told_at is None])


def troubles(conn: Connection, settings: EngineSettings) -> list[Trouble]:
    """Look at everything that is worth an alarm."""
    found = [
        _failed(alarms.failures(conn, minutes=settings.alarm_minutes), settings),
        _webhooks(alarms.given_up(conn)),
        _workers(conn),
        _outage(conn, settings),
        _retrying(alarms.retrying(conn, attempts=MANY_ATTEMPTS), settings),
    ]
    held = [_hold(hold) for hold in filter(holds.is_alarming, gates.holding(conn, BUDGET))]
    return [one for one in (*found, *held) if one is not None]


def _failed(groups: Sequence[Failures], settings: EngineSettings) -> Trouble | None:
    total = sum(group.jobs for group in groups)
    if total < settings.alarm_failed_jobs:
        return None
    advice = [
        f"{group.jobs:,} x {group.kind.replace('_', ' ')}, {group.error_class}: {group.error} "
        f"{next_step(group.error_class, group.kind).operator}"
        for group in groups[:MOST_GROUPS]
    ]
    if len(groups) > MOST_GROUPS:
        advice.append(f"and {len(groups) - MOST_GROUPS} other kinds of failure.")
    sentence = f"{count(total, 'job')} failed in the last {count(settings.alarm_minutes, 'minute')}."
    return Trouble("failed_jobs", sentence, [*advice, "Look: `rekkrd jobs failures`"])


def _webhooks(given_up: int) -> Trouble | None:
    if not given_up:
        return None
    sentence = f"{count(given_up, 'webhook')} could not be delivered for a day."
    return Trouble("webhooks", sentence, ["Look: `rekkrd webhook`; when the app takes them: `rekkrd webhook retry`"])


def _workers(conn: Connection) -> Trouble | None:
    idle = queues.unconsumed(fleet.workers(conn))
    if not idle:
        return None
    sentence = f"No worker takes work in {', '.join(idle)}."
    return Trouble("workers", sentence, ["Look: `rekkrd workers`, then `rekkrd doctor`"], patience=NO_WORKER)


def _outage(conn: Connection, settings: EngineSettings) -> Trouble | None:
    """Return a trouble if Discogs fails too large a share of requests, of jobs and API calls alike.

    Once raised it lasts until requests succeed again: back-off makes requests rare, and none proves nothing.
    """
    found = usage.answers(conn, minutes=settings.alarm_discogs_minutes)
    is_known = any(one.name == OUTAGE for one in alarms.raised(conn))
    share = found.failed / found.requests if found.requests else 1.0
    if share < settings.alarm_discogs_share or not (is_known or found.requests >= settings.alarm_discogs_requests):
        return None
    window = count(settings.alarm_discogs_minutes, "minute")
    sentence = f"Discogs fails {found.failed:,} of {found.requests:,} requests (5xx or no answer, last {window})."
    if not found.requests:
        sentence = f"Discogs failed its last requests, and none was sent in the last {window}."
    return Trouble(OUTAGE, sentence, ["Jobs retry by themselves, with back-off. Look: `rekkrd jobs --state retrying`"])


def _retrying(jobs: int, settings: EngineSettings) -> Trouble | None:
    if jobs < settings.alarm_failed_jobs:
        return None
    sentence = f"{count(jobs, 'job')} retry without progress: {MANY_ATTEMPTS} or more failed attempts at one step."
    return Trouble("retrying_jobs", sentence, ["Look: `rekkrd jobs --state retrying`"])


def _hold(hold: Hold) -> Trouble:
    since = hold.closed_at.astimezone(UTC).strftime("%H:%M UTC")
    return Trouble(
        f"gate_{hold.cause}", f"Nobody sends to Discogs since {since}: {hold.reason}", ["Look: `rekkrd limiter`"]
    )


def _message(how: str, trouble: Trouble, *, since: datetime | None = None) -> Message:
    began = "" if since is None else f", since {since.astimezone(UTC):%H:%M} UTC"
    lines = [f"*{how}{began}:* {escaped(trouble.sentence)}", *(f"• {escaped(line)}" for line in trouble.advice)]
    return Message(trouble.name, "\n".join(lines))


def _recovery(one: Raised) -> Message:
    minutes = max(1, round((one.seen_at - one.raised_at) / timedelta(minutes=1)))
    until = one.seen_at.astimezone(UTC)
    text = f"*Over:* {escaped(one.sentence)} It lasted {count(minutes, 'minute')}, until {until:%H:%M} UTC."
    return Message(one.name, text, is_last=True)


class Watch:
    """Looks once a minute, in the scheduler's process. Of several schedulers one tells.

    ``tell`` sends a message and says whether it arrived; one that did not is sent with the next look. Nothing is told
    while a transaction is open: Slack may take longer than the database waits. Who dies in between, told or not, leaves
    a message that is told again: rather twice than never.
    """

    def __init__(self, pool: Pool, settings: EngineSettings, tell: Callable[[str], bool]) -> None:
        self._pool = pool
        self._settings = settings
        self._tell = tell
        self._looks_away = 0

    def look(self) -> None:
        """Look once, and tell what is to be told."""
        try:
            with self._pool.transaction() as conn:
                messages = self._claimed(conn) if alarms.hold(conn) else ()
            for message in messages:
                is_told = self._tell(message.text)
                with self._pool.transaction() as conn:
                    _settle(conn, message, is_told=is_told)
        except DatabaseError as error:
            self._away(str(error))
        else:
            self._back()

    def _claimed(self, conn: Connection) -> Sequence[Message]:
        """Remember what is wrong now, and take on what is to be told of it."""
        now = alarms.clock(conn)
        found = troubles(conn, self._settings)
        decision = decide(found, alarms.raised(conn), now)
        for trouble in found:
            alarms.keep(conn, trouble.name, trouble.sentence)
        for name in decision.forgotten:
            alarms.remove(conn, name)
        alarms.claim(conn, [message.name for message in decision.messages], seconds=TELLING_SECONDS)
        return decision.messages

    def _away(self, error: str) -> None:
        """Without the ledger each scheduler speaks for itself: after some looks, and then every hour."""
        self._looks_away += 1
        log.warning("ledger_away", looks=self._looks_away, error=error)
        if self._looks_away % int(STILL / timedelta(minutes=1)) == AWAY_LOOKS:
            self._tell("*Alarm:* The database is out of reach: no job is taken, and none goes on.\n• `rekkrd doctor`")

    def _back(self) -> None:
        if self._looks_away >= AWAY_LOOKS:
            self._tell("*Over:* The database answers again.")
        self._looks_away = 0


def _settle(conn: Connection, message: Message, *, is_told: bool) -> None:
    if message.is_last and is_told:
        alarms.remove(conn, message.name)
    else:
        alarms.settle(conn, message.name, is_told=is_told)
