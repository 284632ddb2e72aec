"""Filters of jobs refuse unknown values and list the valid ones."""

import pytest

from actors.catalog import CATALOG, IMPORT_COLLECTION
from actors.errors import FilterRefused
from actors.operating import job_filter


def test_an_unknown_job_kind_lists_the_valid_ones(conn):
    with pytest.raises(FilterRefused, match="Unknown job kind 'imports'") as refused:
        job_filter.check(conn, kind="imports", error_class=None)
    assert all(kind in refused.value.next_step for kind in CATALOG)


def test_an_unknown_error_class_lists_the_valid_ones(conn):
    with pytest.raises(FilterRefused, match="Unknown error class 'Unavailabel'") as refused:
        job_filter.check(conn, kind=None, error_class="Unavailabel")
    assert "Unavailable" in refused.value.next_step


def test_known_values_pass_and_a_class_of_no_job_does_not(conn):
    job_filter.check(conn, kind=IMPORT_COLLECTION.name, error_class="Unavailable")
    job_filter.check(conn, kind=None, error_class=None)
    with pytest.raises(FilterRefused):
        job_filter.check(conn, kind=None, error_class="ZeroDivisionError")
