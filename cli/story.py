"""The story of one job, below its card: attempts, requests and log lines, laid out for 80 columns or as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from actors.operating.failures import NextStep, next_step
from actors.operating.progress import JobView
from api.models.jobs import JobOut
from api.models.story import StoryOut
from api.roles import Role
from cli import screen, words
from db import Connection, story
from db.jobs import Job, State
from db.story import Attempt, EndedAs, EndpointUse, LoggedLine

MOST_ATTEMPTS = 10  # that are shown on a screen; JSON has all that are kept

_COLOURS = {
    EndedAs.RETRIED: "magenta",
    EndedAs.CRASHED: "red",
    EndedAs.LEFT: "yellow",
    EndedAs.COMPLETED: "green",
    EndedAs.FAILED: "red",
    EndedAs.CANCELLED: "dim",
}
_LEVELS = {"info": "dim", "warning": "yellow", "error": "red", "critical": "red"}


@dataclass(frozen=True, slots=True)
class Story:
    """What is kept of a job besides its row."""

    attempts: Sequence[Attempt]
    requests: Sequence[EndpointUse]
    log: Sequence[LoggedLine]


def read(conn: Connection, job: Job, *, newest_lines: int) -> Story:
    """Look a job's story up."""
    return Story(
        story.attempts(conn, job.id),
        story.requests_by_endpoint(conn, job.id),
        story.log(conn, job.id, newest=newest_lines) if newest_lines else [],
    )


def sections(view: JobView, told: Story) -> RenderableType:
    """Lay out what happened; a section without anything is left out."""
    parts: list[RenderableType] = []
    if is_over_badly(view.job):
        parts += [_headed("what to do"), _remedy(view.job)]
    if told.attempts:
        parts += [_headed("attempts that ended otherwise than by going on"), _attempts(told.attempts)]
    if told.requests:
        parts += [_headed("requests to Discogs"), _requests(told.requests)]
    if told.log:
        parts += [_headed("log, the newest lines"), *map(_line, told.log)]
    if view.job.error_detail is not None:
        parts += [_headed("technical detail"), Text(view.job.error_detail)]
    return Group(*parts)


def as_json(view: JobView, told: Story) -> dict[str, object]:
    """Give all of it to a program: the job as HTTP has it, and below it its story."""
    story_out = StoryOut.of(view, told.attempts, told.requests, told.log)
    return {
        **JobOut.of(view, Role.OPERATOR).model_dump(mode="json"),
        "story": story_out.model_dump(mode="json"),
    }


def is_over_badly(job: Job) -> bool:
    """Whether somebody has to do something before this job goes on."""
    return job.state is State.FAILED


def remedy(job: Job) -> NextStep:
    """What to do about a job that failed."""
    return next_step(job.error_class, job.kind)


def _headed(name: str) -> RenderableType:
    return Group(Text(""), Text(name, style="bold"))


def _remedy(job: Job) -> RenderableType:
    said = remedy(job)
    rows = [("operator", said.operator), ("collector", said.person)]
    if said.should_retry:
        rows.append(("again", f"rekkrd jobs retry {words.short(job.id)}"))
    card = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    card.add_column(style="dim", no_wrap=True)
    card.add_column(overflow="fold")
    for name, sentence in rows:
        card.add_row(name, Text(sentence))
    return card


def _attempts(attempts: Sequence[Attempt]) -> RenderableType:
    table = screen.listing("ended", "#took", "#step", "#try", "#requests", "how", "why")
    shown = attempts[-MOST_ATTEMPTS:]
    for attempt in shown:
        table.add_row(
            words.clock(attempt.ended_at),
            "—" if attempt.began_at is None else words.duration((attempt.ended_at - attempt.began_at).total_seconds()),
            f"{attempt.step:,}",
            "—" if attempt.worker is None else f"{attempt.nth}",
            "?" if attempt.requests is None else f"{attempt.requests:,}",
            Text(attempt.ended_as, style=_COLOURS[attempt.ended_as]),
            screen.cut(attempt.error_class or "", 24),
        )
    parts: list[RenderableType] = [table]
    if len(attempts) > len(shown):
        parts.append(Text(f"{len(attempts) - len(shown):,} earlier ones: --json", style="dim"))
    parts += [Padding(Text(said), (0, 0, 0, 2)) for said in _what_they_said(shown)]
    return Group(*parts)


def _what_they_said(attempts: Sequence[Attempt]) -> list[str]:
    """Say each thing once, with when it was said last and by whom: ten attempts seldom have ten reasons."""
    last: dict[tuple[str, str | None], Attempt] = {}
    for attempt in attempts:
        if attempt.ended_as in (EndedAs.CRASHED, EndedAs.LEFT):
            before = " before it began" if attempt.ended_as is EndedAs.LEFT else ""
            sentence = f"The worker ended{before}, or did not answer in time."
        elif attempt.error is not None:
            sentence = attempt.error
        else:
            sentence = f"{attempt.ended_as.capitalize()}."
        last.pop((sentence, attempt.worker), None)
        last[sentence, attempt.worker] = attempt
    return [
        f"{words.clock(attempt.ended_at)}  {sentence}" + (f" Worker {worker}." if worker else "")
        for (sentence, worker), attempt in last.items()
    ]


def _requests(uses: Sequence[EndpointUse]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("#", justify="right", header_style="dim", no_wrap=True)
    table.add_column("answers", header_style="dim", no_wrap=True)
    table.add_column("mean", justify="right", header_style="dim", no_wrap=True)
    table.add_column("endpoint", header_style="dim", overflow="fold")
    for use in uses:
        by_status = sorted(use.by_status.items(), key=lambda one: (one[0] is None, one[0] or 0))
        answers = ", ".join(f"{status or 'none'} x {number:,}" for status, number in by_status)
        table.add_row(f"{use.requests:,}", screen.cut(answers, 30), f"{use.mean_seconds:.2f} s", Text(use.endpoint))
    return table


def _line(line: LoggedLine) -> Text:
    said = Text(f"{words.clock(line.logged_at)}  ")
    said.append(f"{line.level:<8}", style=_LEVELS.get(line.level, ""))
    said.append(f"  {line.event}  ")
    said.append("  ".join(f"{name}={value}" for name, value in line.facts.items()), style="dim")
    return said
