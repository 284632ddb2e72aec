"""Questions as a collector answers them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from actors.syncing.answering import sentence
from api.models import Body, Model
from db.questions import Kind, Question


class QuestionOut(Model):
    """What only the collector can decide."""

    id: UUID
    kind: Kind = Field(
        description="`duplicate`: which album a copy is. `vanished`: whether records really went. "
        "`owned_want`: whether a want that is in the collection by now may go. "
        "`removed_want`: whether the alert on a want that is gone stays."
    )
    subject: str = Field(
        description="The copy's number; the list that lost records; or the release that is owned.",
        examples=["3000000001"],
    )
    sentence: str
    details: dict[str, Any] = Field(
        description="Of a duplicate `copy`, `candidates` (the first 20 of `count`) and `evidence`; of vanished ones "
        "`count`, `known` and a `sample` by name; of an owned or removed want `release_id`, `artist` and `title`."
    )
    asked_at: datetime
    answered_at: datetime | None
    answer: dict[str, Any] | None

    @classmethod
    def of(cls, question: Question) -> "QuestionOut":
        said = {name: getattr(question, name) for name in cls.model_fields if name != "sentence"}
        return cls(**said, sentence=sentence(question))


class QuestionPage(Model):
    """Questions that wait for the collector, the oldest first."""

    questions: list[QuestionOut]
    next_cursor: UUID | None = Field(description="Send it as `cursor` for the next page; null on the last one.")


class AnswerBody(Body):
    """The answer: ``album`` to a duplicate, ``gone`` to vanished records, ``drop`` to an owned or removed want."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"gone": False}, {"album": None}]})

    album: UUID | None = Field(default=None, description="The album that the copy is; null makes it a new one.")
    gone: bool | None = Field(default=None, description="Whether the records are gone; if not, they are kept.")
    drop: bool | None = Field(default=None, description="Whether the want or its alerts go; if not, they stay.")

    @model_validator(mode="after")
    def _says_one_thing(self) -> "AnswerBody":
        said_nothing = "album" not in self.model_fields_set and self.gone is None and self.drop is None
        if len(self.model_fields_set) != 1 or said_nothing:
            raise ValueError(
                'answer a duplicate with {"album": id or null}, vanished records with {"gone": true or false}, '
                'an owned want with {"drop": true or false}'
            )
        return self

    def answers(self, kind: Kind) -> bool:
        """Return whether this is an answer to a question of this kind."""
        by_field: dict[str, tuple[Kind, ...]] = {"gone": ("vanished",), "drop": ("owned_want", "removed_want")}
        found = [kinds for field, kinds in by_field.items() if field in self.model_fields_set]
        return kind in (found[0] if found else ("duplicate",))


class RestoredOut(Model):
    """A record that is here again."""

    instance_id: int
    was_missing: bool = Field(description="True if Discogs did not list it at the last import.")
    album_id: UUID | None


class RestoredWantOut(Model):
    """A want that is on the list again."""

    release_id: int
    was_missing: bool = Field(description="True if Discogs did not list it at the last import.")
