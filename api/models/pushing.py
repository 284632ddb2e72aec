"""What a push would do on Discogs."""

from uuid import UUID

from pydantic import Field

from actors.checkpoints import Act
from actors.pushing.push_preview import OutgoingChange, PushPreview
from api.models import Model


class OutgoingChangeOut(Model):
    """One change that would go out, or cannot."""

    act: Act
    release_id: int
    instance_id: int | None = Field(description="The copy on Discogs; null for one that is not there yet.")
    album_id: UUID | None = Field(description="The album; null where it was deleted.")
    artist: str | None
    title: str | None
    field: str | None = Field(
        description="The column of the album that changed, or `field_4`, an own field; of wants `want_…`.",
        examples=["media_condition"],
    )
    called: str | None = Field(description="The name of an own field on Discogs.", examples=["Storage"])
    before: str | int | None = Field(description="What Discogs shows, as of the last look.", examples=["VG+"])
    after: str | int | None = Field(description="What the album says.", examples=["NM"])
    followed_by: list[str] = Field(description="Of an add: the fields that are written once it is there.")
    requests: int = Field(description="What sends it, with what follows; 0 where another one takes it along.")
    is_want: bool = Field(description="Whether this is about the wantlist, not the collection.")
    problem: str | None = Field(description="Why it cannot go out, for the collector; null when it can.")

    @classmethod
    def of(cls, change: OutgoingChange) -> "OutgoingChangeOut":
        said = {name: getattr(change, name) for name in cls.model_fields}
        return cls(**{**said, "followed_by": list(change.followed_by)})


class PushPreviewOut(Model):
    """Everything that waits to go out. Nothing was sent."""

    changes: list[OutgoingChangeOut]
    requests: int = Field(description="What the push would cost: the changes, and the looks before them.")
    is_whole: bool = Field(description="False when there are more: the first thousand records are looked at.")
    is_confirmed: bool = Field(description="Whether the collector said yes once; a push needs it.")
    removals: int = Field(
        description="Copies and wants that would be removed on Discogs, because they were deleted here."
    )
    asks_about_removals: bool = Field(description="Whether they are so many that a push needs `allows_removals`.")
    sentence: str = Field(examples=["On Discogs: 2 to add, 1 to write; 6 requests."])

    @classmethod
    def of(cls, found: PushPreview) -> "PushPreviewOut":
        said = {name: getattr(found, name) for name in cls.model_fields if name != "changes"}
        return cls(changes=[OutgoingChangeOut.of(one) for one in found.changes], **said)
