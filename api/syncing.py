"""Sync over HTTP: what a collector chose, and a sync now."""

from fastapi import APIRouter, Response, status

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST
from actors.gating import admit
from actors.operating import progress
from actors.syncing import sync_settings
from api.access import Speaker
from api.answers import ResourcesNow, errors, pace_of, redis_of
from api.errors import Code
from api.models.jobs import JobAnswer, JobOut
from api.models.syncing import SyncAnswer, SyncSettingsBody, SyncSettingsOut
from api.roles import Role
from db import jobs
from workers.enqueue import enqueue

router = APIRouter(prefix="/api/discogs/sync", tags=["sync"])


@router.post(
    "",
    summary="Sync now",
    response_description="The jobs that do it already.",
    responses={
        202: {"model": SyncAnswer, "description": "The jobs that will do it."},
        **errors(Code.NOT_FOUND, Code.NOT_CONNECTED),
    },
)
def sync(user_id: Speaker, resources: ResourcesNow, response: Response) -> SyncAnswer:
    """Bring collection and wantlist over from Discogs, whole: 202. While both are under way already: 200 with those."""
    with resources.pool.transaction() as conn:
        admit(conn, user_id, IMPORT_COLLECTION, IMPORT_WANTLIST)
        started = [enqueue(conn, kind.name, user_id) for kind in (IMPORT_COLLECTION, IMPORT_WANTLIST)]
        views = progress.views(
            conn, [jobs.get(conn, one.job_id) for one in started], pace=pace_of(resources), redis=redis_of(resources)
        )
    response.status_code = status.HTTP_202_ACCEPTED if any(one.is_new for one in started) else status.HTTP_200_OK
    return SyncAnswer(
        jobs=[
            JobAnswer(job=JobOut.of(view, Role.APPLICATION), is_new=one.is_new, replaced=one.replaced)
            for view, one in zip(views, started, strict=True)
        ]
    )


@router.get(
    "/settings",
    summary="See a collector's sync settings",
    response_description="The settings.",
    responses=errors(Code.NOT_FOUND),
)
def show(user_id: Speaker, resources: ResourcesNow) -> SyncSettingsOut:
    """What was chosen, whether it takes effect now, and a sentence for the collector that says both."""
    with resources.pool.transaction() as conn:
        return SyncSettingsOut.of(sync_settings.show(conn, user_id))


@router.patch(
    "/settings",
    summary="Change a collector's sync settings",
    response_description="The settings as they are now.",
    responses=errors(Code.NOT_FOUND),
)
def change(user_id: Speaker, resources: ResourcesNow, body: SyncSettingsBody) -> SyncSettingsOut:
    """Change what is given. What the tier does not have is kept for when it does; the sentence says so."""
    with resources.pool.transaction() as conn:
        return SyncSettingsOut.of(
            sync_settings.change(
                conn, user_id, is_auto=body.is_auto, direction=body.direction, frequency=body.frequency
            )
        )
