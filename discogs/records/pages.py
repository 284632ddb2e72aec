"""What all paged answers share."""

from dataclasses import dataclass

from discogs.records.reading import Json, Unreadable, needed_number, number


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page stands. A page may hold fewer rows than ``per_page`` though more follow: walk to ``pages``."""

    page: int
    pages: int
    per_page: int
    total_items: int

    @classmethod
    def parse(cls, source: Json) -> "Position":
        pagination = source.get("pagination")
        if not isinstance(pagination, dict):
            raise Unreadable("no pagination")
        return cls(
            page=needed_number(pagination, "page"),
            pages=needed_number(pagination, "pages"),
            per_page=number(pagination, "per_page"),
            total_items=needed_number(pagination, "items"),
        )
