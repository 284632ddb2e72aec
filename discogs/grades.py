"""Discogs' words for a copy's condition, and the short grades that collectors and our tables use."""

from collections.abc import Mapping
from types import MappingProxyType

MEDIA: Mapping[str, str] = MappingProxyType(
    {
        "M": "Mint (M)",
        "NM": "Near Mint (NM or M-)",
        "VG+": "Very Good Plus (VG+)",
        "VG": "Very Good (VG)",
        "G+": "Good Plus (G+)",
        "G": "Good (G)",
        "F": "Fair (F)",
        "P": "Poor (P)",
    }
)  # best first
SLEEVE: Mapping[str, str] = MappingProxyType(
    {**MEDIA, "Generic": "Generic", "No Cover": "No Cover", "Not Graded": "Not Graded"}
)  # "Not Graded" exists in the marketplace only, not in a collection's field
_SHORT = {full: short for short, full in SLEEVE.items()}


def shorten(full: str) -> str | None:
    """Return "VG+" for "Very Good Plus (VG+)"; None for a text that is no grade of Discogs'."""
    return _SHORT.get(full)


def spell(short: str) -> str:
    """Return Discogs' exact words for a short grade. Raises KeyError for what is none."""
    return SLEEVE[short]
