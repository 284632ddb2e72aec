"""End of the pause after an undo, over HTTP: the choices with their effects, and the user's confirmation."""

from fastapi import APIRouter

from actors.operating import progress
from actors.syncing.resume import resume
from api.access import Acting, Speaker
from api.answers import ResourcesNow, errors, pace_of, redis_of
from api.errors import Code
from api.models.jobs import JobAnswer, JobOut
from api.models.resuming import PauseOut, ResumeAnswer, ResumeBody
from api.roles import Role
from db import jobs, users
from services.sync.undo_choice import preview

router = APIRouter(prefix="/api/discogs/sync/resume", tags=["sync"])


@router.get(
    "",
    summary="See whether the sync is paused, and how it can go on",
    response_description="The pause, and the choices with their effects.",
    responses=errors(Code.NOT_FOUND),
)
def show(user_id: Speaker, resources: ResourcesNow) -> PauseOut:
    """Return the choices after an undo, with the deletions and overwrites that a push would make on Discogs."""
    with resources.pool.transaction() as conn:
        users.find(conn, user_id)
        return PauseOut.of(preview(conn, user_id))


@router.post(
    "",
    summary="Choose how the sync goes on after an undo",
    response_description="The jobs that follow.",
    responses=errors(Code.NOT_FOUND, Code.CONFLICT, Code.NOT_CONNECTED),
)
def choose(user_id: Speaker, by: Acting, resources: ResourcesNow, body: ResumeBody) -> ResumeAnswer:
    """Import again, push what is here, or keep both sides as they are. It ends the pause.

    `keep_mine` deletes and overwrites on Discogs: 409 unless `deletions` and `overwrites` are the numbers of now.
    """
    with resources.pool.transaction() as conn:
        started = resume(conn, user_id, body.choice, by=by, deletions=body.deletions, overwrites=body.overwrites)
        found = [jobs.get(conn, one.job_id) for one in started]
        views = progress.views(conn, found, pace=pace_of(resources), redis=redis_of(resources))
    return ResumeAnswer(
        choice=body.choice,
        jobs=[
            JobAnswer(job=JobOut.of(view, Role.APPLICATION), is_new=one.is_new, replaced=one.replaced)
            for view, one in zip(views, started, strict=True)
        ],
    )
