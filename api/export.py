"""Export over HTTP: all of a collector's Discogs data, streamed."""

from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from actors.accounts import export
from api.access import Speaker
from api.answers import ResourcesNow, errors
from api.errors import Code

JSON_LINES = "application/x-ndjson"

router = APIRouter(prefix="/api/discogs/export", tags=["sync"])


@router.get(
    "",
    summary="Export all of a collector's Discogs data",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {JSON_LINES: {"schema": {"type": "string"}}},
            "description": "Lines of JSON; the last one is of type `end`.",
        },
        **errors(Code.NOT_FOUND),
    },
)
def show(user_id: Speaker, resources: ResourcesNow) -> StreamingResponse:
    """A line for each thing: `type` says what it is, `data` has every column of its row, texts byte for byte.

    The last line, of type `end`, counts the ones between it and the first. Where it is missing the export was cut off.
    """
    name = f"discogs-{datetime.now(UTC):%Y-%m-%d}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(export.lines(resources.pool, user_id), media_type=JSON_LINES, headers=headers)
