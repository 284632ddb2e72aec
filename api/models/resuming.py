"""End of the pause after an undo."""

from pydantic import Field

from api.models import Body, Model
from api.models.jobs import JobAnswer
from db.links import PauseReason
from services.sync.pause import MESSAGE, NEXT_STEP
from services.sync.undo_choice import NOT_PAUSED, Choice, Option, Paused


class OptionOut(Model):
    """One choice and its effect. The three numbers are null where nothing changes on Discogs."""

    choice: Choice
    effect: str
    deletions: int | None = Field(description="Records and wants that the push deletes on Discogs.")
    overwrites: int | None = Field(description="Records and wants that the push changes on Discogs.")
    adds: int | None = Field(description="Records and wants that the push adds on Discogs, with new instance ids.")

    @classmethod
    def of(cls, one: Option) -> "OptionOut":
        pushed = one.pushed
        return cls(
            choice=one.choice,
            effect=one.effect,
            deletions=None if pushed is None else pushed.deletions,
            overwrites=None if pushed is None else pushed.overwrites,
            adds=None if pushed is None else pushed.adds,
        )


class PauseOut(Model):
    """The pause of a connection, and the choices that end it; without a pause there are none."""

    paused_reason: PauseReason | None
    records: int = Field(description="Records that the undo changed here.")
    wants: int
    choices: list[OptionOut]
    sentence: str

    @classmethod
    def of(cls, found: Paused | None) -> "PauseOut":
        if found is None:
            return cls(paused_reason=None, records=0, wants=0, choices=[], sentence=NOT_PAUSED)
        return cls(
            paused_reason="undone",
            records=found.records,
            wants=found.wants,
            choices=[OptionOut.of(one) for one in found.options],
            sentence=f"{MESSAGE} {NEXT_STEP}",
        )


class ResumeBody(Body):
    """The user's choice. `keep_mine` needs the two numbers that the user saw and confirmed."""

    choice: Choice
    deletions: int | None = Field(
        default=None, ge=0, description="For `keep_mine`: the number that the user confirmed."
    )
    overwrites: int | None = Field(default=None, ge=0, description="For `keep_mine`: the number that was confirmed.")


class ResumeAnswer(Model):
    """The jobs that follow from the choice; none for `keep_local`."""

    choice: Choice
    jobs: list[JobAnswer]
