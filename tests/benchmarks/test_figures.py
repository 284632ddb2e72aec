"""Figures and their targets."""

import pytest

from benchmarks.figures import at_least, at_most, exactly, quantile, told


@pytest.mark.parametrize(
    ("figure", "is_met"),
    [
        (at_most("x", 1.05, 1.05), True),
        (at_most("x", 1.06, 1.05), False),
        (at_least("x", 0.95, 0.95), True),
        (at_least("x", 0.94, 0.95), False),
        (exactly("x", 113, 113), True),
        (exactly("x", 112, 113), False),
        (told("x", 1.0), None),
    ],
)
def test_a_figure_knows_whether_it_meets_its_target(figure, is_met):
    assert figure.is_met is is_met


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 10), (0.95, 19), (1.0, 20)])
def test_a_quantile_is_the_smallest_value_that_this_share_does_not_exceed(share, value):
    assert quantile(list(range(1, 21)), share) == value
