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
        "`owned_want`: whether a want that is in the collection by now may go."
    )
    subject: str = Field(
        description="The copy's number; the list that lost records; or the release that is owned.",
        examples=["3000000001"],
    )
    sentence: str
    details: dict[str, Any] = Field(
        description="Of a duplicate `copy`, `candidates` (the first 20 of `count`) and `evidence`; of vanished ones "
        "`count`, `known` and a `sample` by name; of an owned want `release_id`, `artist`, `title` and `instance_id`."
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
    """The answer: ``album`` to a duplicate, ``gone`` to vanished records, ``drop`` to an owned want."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"gone": False}, {"album": None}]})

    album: UUID | None = Field(default=None, description="The album that the copy is; null makes it a new one.")
    gone: bool | None = Field(default=None, description="Whether the records are gone; if not, they are kept.")
    drop: bool | None = Field(default=None, description="Whether the want goes, with its alerts; if not, it stays.")

    @model_validator(mode="after")
    def _says_one_thing(self) -> "AnswerBody":
        said_nothing = self.kind != "duplicate" and self.gone is None and self.drop is None
        if len(self.model_fields_set) != 1 or said_nothing:
            raise ValueError(
                'answer a duplicate with {"album": id or null}, vanished records with {"gone": true or false}, '
                'an owned want with {"drop": true or false}'
            )
        return self

    @property
    def kind(self) -> Kind:
        """Which kind of question this answers."""
        by_field: dict[str, Kind] = {"gone": "vanished", "drop": "owned_want"}
        return next((kind for field, kind in by_field.items() if field in self.model_fields_set), "duplicate")


class RestoredOut(Model):
    """A record that is here again."""

    instance_id: int
    was_missing: bool = Field(description="True if Discogs did not list it at the last import.")
    album_id: UUID | None


class RestoredWantOut(Model):
    """A want that is on the list again."""

    release_id: int
    was_missing: bool = Field(description="True if Discogs did not list it at the last import.")
