"""What an account holds: copies of releases, wishes for them, and the fields that say more about a copy."""

from dataclasses import dataclass, field
from typing import Literal

ALL_FOLDER, UNCATEGORIZED = 0, 1
MEDIA, SLEEVE, NOTES = 1, 2, 3  # the numbers of the three fields that every account has

GRADES = (
    "Mint (M)",
    "Near Mint (NM or M-)",
    "Very Good Plus (VG+)",
    "Very Good (VG)",
    "Good Plus (G+)",
    "Good (G)",
    "Fair (F)",
    "Poor (P)",
)
SLEEVE_GRADES = ("Generic", "No Cover", *GRADES)


@dataclass(frozen=True, slots=True)
class Field:
    """A column that a collector keeps about each copy."""

    id: int
    name: str
    type: Literal["dropdown", "textarea"]
    position: int
    is_public: bool = True
    options: tuple[str, ...] = ()
    lines: int = 1


USUAL_FIELDS = (
    Field(MEDIA, "Media Condition", "dropdown", 1, options=GRADES),
    Field(SLEEVE, "Sleeve Condition", "dropdown", 2, options=SLEEVE_GRADES),
    Field(NOTES, "Notes", "textarea", 3, lines=3),
)
OWN_FIELDS = (
    Field(
        4, "Storage", "dropdown", 4, options=("Shelf A", "Shelf B", "Crate 1", "Crate 2", "On Loan"), is_public=False
    ),
    Field(5, "Price Paid", "textarea", 5, is_public=False),
    Field(7, "Last Cleaned", "textarea", 6),
)


@dataclass(slots=True)
class Instance:
    """One copy. ``added`` is in seconds since 1970, ``notes`` are values by field number."""

    id: int
    release_id: int
    folder_id: int
    added: int
    rating: int = 0
    notes: dict[int, str] = field(default_factory=dict)
    written: bytes | None = field(default=None, repr=False, compare=False)  # the owner's view, kept until the next edit


@dataclass(slots=True)
class Want:
    """A wish; a release can be wished for once."""

    release_id: int
    added: int
    rating: int = 0
    notes: str = ""

    @property
    def id(self) -> int:
        return self.release_id
