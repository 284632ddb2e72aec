"""The three lanes in which requests wait."""

from enum import StrEnum


class Lane(StrEnum):
    """Who waits: a person at a screen, an import that somebody watches, or work that nobody looks at."""

    INTERACTIVE = "interactive"
    IMPORT = "import"
    BACKGROUND = "background"
