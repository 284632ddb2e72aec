"""The unit in which each job kind counts its progress."""

from collections.abc import Mapping

UNITS: Mapping[str, str] = {
    "import_collection": "record",
    "import_wantlist": "want",
    "refresh_collection": "record",
    "push_collection": "change",
    "push_wantlist": "change",
    "preview_sync": "record",
    "undo_sync": "change",
    "forget_collection": "record",
    "upkeep": "row",
    "nightly_sync": "user",
    "push_changes": "user",
    "refresh_prices": "price",
    "check_alerts": "price",
    "refresh_rates": "rate",
    "read_shops": "listing",
    "value_snapshots": "collection",
}


def unit_of(kind: str) -> str:
    """Return the unit of a kind; a kind of a newer release counts items."""
    return UNITS.get(kind, "item")
