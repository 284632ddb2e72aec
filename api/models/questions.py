"""Questions as a collector answers them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from actors.answering import sentence
from api.models import Model
from db.questions import Kind, Question


class QuestionOut(Model):
    """What only the collector can decide."""

    id: UUID
    kind: Kind = Field(description="`duplicate`: which album a copy is. `vanished`: whether records really went.")
    subject: str = Field(description="The copy's number; or the list that lost records.", examples=["3000000001"])
    sentence: str
    details: dict[str, Any] = Field(
        description="Of a duplicate `copy`, `candidates` (the first 20 of `count`) and `evidence`; of vanished ones "
        "`count`, `known` and a `sample` by name."
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


class AnswerBody(Model):
    """The answer: ``album`` to a duplicate, ``gone`` to vanished records."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"gone": False}, {"album": None}]})

    album: UUID | None = Field(default=None, description="The album that the copy is; null makes it a new one.")
    gone: bool | None = Field(default=None, description="Whether the records are gone; if not, they are kept.")

    @model_validator(mode="after")
    def _says_one_thing(self) -> "AnswerBody":
        if len(self.model_fields_set) != 1 or (self.is_about_album is False and self.gone is None):
            raise ValueError(
                'answer a duplicate with {"album": id or null}, vanished records with {"gone": true or false}'
            )
        return self

    @property
    def is_about_album(self) -> bool:
        """Whether a duplicate is answered."""
        return "album" in self.model_fields_set


class RestoredOut(Model):
    """A record that is not missing any more."""

    instance_id: int
    was_missing: bool
