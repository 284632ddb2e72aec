"""Which custom fields of a collector are the grades and the notes, and what a copy's grades are."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from db.fields import Field
from discogs.grades import MEDIA, SLEEVE, shorten

MEDIA_GRADES = frozenset(MEDIA.values())
SLEEVE_GRADES = MEDIA_GRADES | {SLEEVE["Generic"], SLEEVE["No Cover"]}  # what else there is, only the marketplace has


@dataclass(frozen=True, slots=True)
class Slots:
    """The fields that mean something to us; None where the collector has no such field."""

    media: Field | None
    sleeve: Field | None
    notes: Field | None


@dataclass(frozen=True, slots=True)
class Grading:
    """A copy's grades in the short form, M to P, and its notes byte for byte; None where there are none."""

    media_condition: str | None
    sleeve_condition: str | None
    notes: str | None


def find_slots(fields: Sequence[Field]) -> Slots:
    """Find the fields by id (1, 2, 3) where their type fits, else by name."""
    graded = [field for field in fields if field.type == "dropdown" and not MEDIA_GRADES.isdisjoint(field.options)]
    written = [field for field in fields if field.type == "textarea"]
    return Slots(
        media=_find(graded, 1, ("media condition", "media")),
        sleeve=_find(graded, 2, ("sleeve condition", "sleeve")),
        notes=_find(written, 3, ("notes",)),
    )


def grade(slots: Slots, values: Mapping[int, str]) -> Grading:
    """Read a copy's grades from its field values: Discogs' exact grades, whether or not the field's options list them.

    The options may be incomplete or out of date; what a copy has is a fact. A push checks the options by itself.
    """
    return Grading(
        media_condition=_grade(slots.media, values, MEDIA_GRADES),
        sleeve_condition=_grade(slots.sleeve, values, SLEEVE_GRADES),
        notes=None if slots.notes is None else values.get(slots.notes.field_id),
    )


def _find(fields: Sequence[Field], field_id: int, names: Sequence[str]) -> Field | None:
    by_id = [field for field in fields if field.field_id == field_id]
    by_name = [field for name in names for field in fields if field.name.strip().lower() == name]
    return next(iter(by_id + by_name), None)


def _grade(slot: Field | None, values: Mapping[int, str], grades: Set[str]) -> str | None:
    if slot is None:
        return None
    value = values.get(slot.field_id)
    return shorten(value) if value is not None and value in grades else None
