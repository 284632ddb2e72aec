"""Units of progress."""

from actors.catalog import CATALOG
from actors.operating.units import UNITS, unit_of


def test_every_kind_has_a_unit():
    assert UNITS.keys() == CATALOG.keys()


def test_a_push_counts_changes_and_a_refresh_prices():
    assert (unit_of("push_collection"), unit_of("refresh_prices"), unit_of("brand_new")) == ("change", "price", "item")
