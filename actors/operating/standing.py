"""Where a job stands, in words: its checkpoint as an operator reads it, without knowing what a checkpoint is."""

from actors.checkpoints import Stage
from actors.operating.progress import JobView
from actors.wording import count, ordinal

_STAGES = {
    Stage.IDENTITY: "asks Discogs who we are",
    Stage.FOLDERS: "reads the folders",
    Stage.FIELDS: "reads the custom fields",
    Stage.LINKING_BY_RELEASE: "looks for the albums of copies, by release",
    Stage.LINKING_BY_NAME: "looks for the albums of copies, by artist and title",
}


def standing(view: JobView) -> str:
    """Say what is done and what the next step does: "Page 61 of 104 is stored; the next step reads page 62."."""
    job = view.job
    if not job.steps:
        return "At its beginning: no step is done."
    done = f"{count(job.steps, 'step')} done"
    if not job.state.is_live and job.finished_at is not None and job.outcome is not None:
        return f"At its end: {done}."
    if view.page is None:
        return f"{done[0].upper()}{done[1:]}; the next is step {job.steps + 1:,}."
    stage = job.checkpoint.get("stage", Stage.PAGES)
    safe = f"Page {view.page:,} of {view.pages:,} is stored" if view.page and view.pages else f"{done}, no page yet"
    following = _STAGES.get(stage, f"reads page {view.page + 1:,}")
    nth_try = job.checkpoint.get("nth_try", 1)
    again = f" This is the {ordinal(nth_try)} try: the list changed meanwhile." if nth_try != 1 else ""
    return f"{safe}; the next step {following}.{again}"
