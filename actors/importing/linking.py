"""After the last page: copies find the albums that were here before, a batch a step, and what is unsure is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from actors.checkpoints import ImportCheckpoint, Stage
from actors.importing.identifying import ImportStep
from actors.importing.lines import said_of_album, said_of_sweep
from actors.importing.matching import Side, Verdict, match
from actors.importing.paging import begun_sweep_of
from actors.importing.shelving import Shelved, create, link
from db import Connection, agreed, albums, questions, sweeps, sync_log
from db.agreed import Unlinked
from db.albums import Album, Name
from db.storable import Json
from db.sync_log import Line
from workers.kinds import Continue, Progress

BATCH = 500  # copies a step
SHOWN = 20  # candidates that a question names

SETTLED = "The copy has its own album now, or is no longer on Discogs."
GROUNDLESS = "No album here can be this copy any more."


def link_batch(conn: Connection, step: ImportStep) -> Continue[ImportCheckpoint] | None:
    """Link or ask about the next batch of copies; None when all are done.

    First all copies by their release, then the rest by artist, title and year: what is surer comes first, for all. A
    copy that is asked about has no album until the collector answers; it counts as skipped. Where not all copies were
    seen nothing is linked, for an unseen one may have the same claim; the next complete sweep links without asking.
    """
    by_name = step.checkpoint.stage is Stage.LINKING_BY_NAME
    batch = agreed.unlinked(conn, step.user_id, after=step.checkpoint.after, room=BATCH)
    if batch:
        (_link_by_name if by_name else _link_by_release)(conn, step, batch)
    if len(batch) == BATCH:
        return _going_on(conn, step, step.checkpoint.stage, batch[-1].instance_id)
    if not by_name:
        return _going_on(conn, step, Stage.LINKING_BY_NAME, 0)
    questions.close_settled(conn, step.user_id, SETTLED)
    return None


def _link_by_release(conn: Connection, step: ImportStep, batch: Sequence[Unlinked]) -> None:
    releases = [copy.release_id for copy in batch]
    sides = Side(
        albums.free_of_releases(conn, step.user_id, releases), agreed.rivals_of_releases(conn, step.user_id, releases)
    )
    verdict = match({copy.instance_id: (copy, copy.release_id) for copy in batch}, sides)
    _carry_out(conn, step, verdict, evidence="release")


def _link_by_name(conn: Connection, step: ImportStep, batch: Sequence[Unlinked]) -> None:
    asked_already = albums.free_of_releases(conn, step.user_id, [copy.release_id for copy in batch])
    rest = [copy for copy in batch if copy.release_id not in asked_already]
    names = list({copy.name for copy in rest})
    sides = _by_name(conn, step, names)
    verdict = match({copy.instance_id: (copy, copy.name) for copy in rest}, sides)
    _carry_out(conn, step, verdict, evidence="artist, title and year")
    made = create(conn, step.user_id, {copy.instance_id: copy.fields for copy in verdict.alone})
    groundless = [str(copy.instance_id) for copy in verdict.alone]
    questions.close(conn, step.user_id, "duplicate", groundless, GROUNDLESS)
    by_number = {copy.instance_id: copy for copy in verdict.alone}
    sync_log.add(
        conn,
        step.user_id,
        [_line(by_number[number], step, shelved, {"change": "shelved"}) for number, shelved in made.items()],
    )


def _by_name(conn: Connection, step: ImportStep, names: Sequence[Name]) -> Side[Name]:
    """Find albums by name, and count the copies that each could be.

    Rivals are counted by the album's year: one without a year fits the copies of every year.
    """
    free = albums.free_of_names(conn, step.user_id, names)
    of_albums = {
        name: replace(name, year=None if (year := found[0].fields["year"]) is None else int(year))
        for name, found in free.items()
    }
    rivals = agreed.rivals_of_names(conn, step.user_id, list(set(of_albums.values())))
    return Side(free, {name: rivals[of_album] for name, of_album in of_albums.items()})


def _carry_out(conn: Connection, step: ImportStep, verdict: Verdict, *, evidence: str) -> None:
    if not _saw_all(conn, step):
        verdict = verdict.asking_everything()
    pairs = {number: (album, copy.fields) for number, (copy, album) in verdict.linked.items()}
    linked = link(conn, step.user_id, pairs)
    questions.ask(
        conn,
        step.user_id,
        "duplicate",
        {str(number): _details(copy, candidates, evidence) for number, (copy, candidates) in verdict.asked.items()},
    )
    sync_log.add(
        conn,
        step.user_id,
        [
            _line(verdict.linked[number][0], step, shelved, {"change": "linked", "evidence": evidence})
            for number, shelved in linked.items()
        ],
    )


def _saw_all(conn: Connection, step: ImportStep) -> bool:
    return sweeps.find(conn, begun_sweep_of(step.checkpoint)).outcome in ("complete", "caught_up")


def _details(copy: Unlinked, candidates: Sequence[Album], evidence: str) -> Mapping[str, Json]:
    """What the collector needs to answer: the copy, the albums that it might be, and why."""
    return {
        "evidence": evidence,
        "copy": copy.fields,
        "count": len(candidates),
        "candidates": [{"album_id": str(album.id), **album.fields} for album in candidates[:SHOWN]],
    }


def _line(copy: Unlinked, step: ImportStep, shelved: Shelved, details: dict[str, Json]) -> Line:
    said = {"instance_id": copy.instance_id, **details, **said_of_album(shelved, copy.fields)}
    said |= said_of_sweep(step.checkpoint.sweep)
    return Line("import", copy.release_id, shelved.album_id, "conflict" if shelved.clashing else "success", said)


def _going_on(conn: Connection, step: ImportStep, stage: Stage, after: int) -> Continue[ImportCheckpoint]:
    skipped = questions.count_open(conn, step.user_id, "duplicate")
    checkpoint = step.checkpoint.model_copy(update={"stage": stage, "after": after})
    progress = Progress(step.progress.processed, skipped, step.progress.total)
    return Continue(checkpoint, progress, takes_token=False)
