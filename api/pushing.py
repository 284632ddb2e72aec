"""What changed in the app and waits to go out to Discogs. The push itself is a job: `push_collection`."""

from fastapi import APIRouter

from actors.pushing.push_preview import preview_push
from api.access import Speaker
from api.answers import ResourcesNow, errors
from api.errors import Code
from api.models.pushing import PushPreviewOut

router = APIRouter(prefix="/api/discogs/push", tags=["push"])


@router.get(
    "/preview",
    summary="See what a push would do",
    response_description="What would go out.",
    responses=errors(Code.NOT_FOUND),
)
def show(user_id: Speaker, resources: ResourcesNow) -> PushPreviewOut:
    """List every difference that would go out to Discogs, and those that cannot, with the reason. Nothing is sent.

    Show it to the collector before the first push; their yes is `is_confirmed` in the arguments of `push_collection`.
    """
    with resources.pool.transaction() as conn:
        return PushPreviewOut.of(preview_push(conn, user_id))
