"""Conflicts as a collector decides them, and the rules that decide in their place."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from actors.comparing.differing import Part, words
from actors.comparing.merging import Side
from actors.comparing.wants_resolving import is_of_want
from api.models import Body, Model
from db.conflicts import Conflict, Resolution
from db.rules import Rule

FieldName: TypeAlias = Literal[
    "artist",
    "title",
    "year",
    "discogs_release_id",
    "discogs_master_id",
    "media_condition",
    "sleeve_condition",
    "discogs_folder_id",
    "discogs_notes",
    "discogs_date_added",
    "catalog_number",
    "discogs_rating",
    "_record",
    "want_notes",
    "want_rating",
    "want_record",
]

OwnField: TypeAlias = Annotated[str, StringConstraints(pattern=r"^field_[1-9][0-9]{0,17}$")]

FIELD = (
    "A column of albums; `field_4` is the collector's own field number 4 on Discogs; "
    "`_record` stands for the whole: deleted on one side, edited on the other. "
    "Of wants `want_notes`, `want_rating` and `want_record`."
)


class PartOut(Model):
    """A piece of the notes that both sides have, or only one."""

    side: Literal["both", "ours", "theirs"]
    text: str

    @classmethod
    def of(cls, part: Part) -> "PartOut":
        return cls(side=part.side, text=part.text)


class ConflictOut(Model):
    """A field that changed here and on Discogs, and not to the same. An empty field and a deleted record are null."""

    id: UUID
    instance_id: int | None = Field(description="The copy on Discogs; null for a want.")
    release_id: int
    album_id: UUID | None = Field(description="Null where the album was deleted.")
    artist: str | None
    title: str | None
    field: str = Field(description=FIELD, examples=["media_condition"])
    has_base: bool = Field(description="False where both sides never agreed on the field.")
    base: Any = Field(description="What both sides agreed on last.", examples=["VG+"])
    ours: Any = Field(description="What the album says.", examples=["NM"])
    theirs: Any = Field(description="What Discogs shows, as of the last look.", examples=["VG"])
    words: list[PartOut] | None = Field(description="Of notes: what differs, word by word; null for other fields.")
    found_at: datetime
    ours_changed_at: datetime | None = Field(description="If the app keeps it in `albums.updated_at`.")
    theirs_changed_after: datetime | None = Field(
        description="The last look without the change: Discogs tells no times."
    )
    resolved_at: datetime | None
    resolution: Resolution | None = Field(
        description="`agreed`: the sides differ no more. `superseded`: it became a conflict about the whole record."
    )
    resolved_by: str | None = Field(examples=["collector", "rule", "sync"])

    @classmethod
    def of(cls, conflict: Conflict) -> "ConflictOut":
        clash = conflict.clash
        named = {name: getattr(conflict, name) for name in cls.model_fields if hasattr(conflict, name)}
        sides = {name: getattr(clash, name) for name in cls.model_fields if hasattr(clash, name)}
        if is_of_want(clash):
            sides["instance_id"] = None
        parts = None
        if clash.field in {"discogs_notes", "want_notes"}:
            parts = words(str(clash.ours or ""), str(clash.theirs or ""))
        return cls(**named, **sides, words=None if parts is None else [PartOut.of(part) for part in parts])


class ConflictPage(Model):
    """Conflicts, the newest first."""

    conflicts: list[ConflictOut]
    open: int = Field(description="How many of this choice wait to be decided, on all pages.")
    next_cursor: UUID | None = Field(description="Send it as `cursor` for the next page; null on the last one.")


class TakeBody(Body):
    """Which side to take."""

    take: Side = Field(description="`theirs` is written to the album; `ours` waits to be pushed to Discogs.")


class TakeManyBody(TakeBody):
    """Which open conflicts to decide, and how."""

    field: FieldName | OwnField | None = Field(default=None, description=FIELD)
    album: UUID | None = Field(default=None, description="Only those of this album.")
    all: bool = Field(default=False, description="All open ones, without anything else in common.")
    dry_run: bool = Field(default=False, description="Only count them; nothing happens.")
    cursor: UUID | None = Field(default=None, description="`cursor` of the answer before: go on behind it.")

    @model_validator(mode="after")
    def _says_which(self) -> "TakeManyBody":
        if not self.all and self.field is None and self.album is None:
            raise ValueError("say what the conflicts have in common, or all: true")
        return self


class TakenOut(Model):
    """What came of it. With a dry run only ``matched`` says anything."""

    matched: int = Field(description="Conflicts that were looked at; with a dry run those that would be.")
    done: int
    left_alone: int = Field(description="The album changed since they were found: read them again, then decide.")
    more: bool = Field(description="There are more than one request does: send the same again with `cursor`.")
    cursor: UUID | None
    dry_run: bool


class Rules(Body):
    """What is done at the next look where a field changed on both sides.

    `newest` decides where it can be known which side changed last, and asks where it cannot: Discogs tells no times.
    """

    rules: dict[FieldName | OwnField, Rule] = Field(
        description="A field that is left out is asked about.", examples=[{"discogs_notes": "ours"}]
    )
