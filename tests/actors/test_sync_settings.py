"""The sentence says what happens, and when nothing does, why."""

import pytest

from actors.sync_settings import say
from db.sync_settings import Chosen


@pytest.mark.parametrize(
    ("chosen", "tier", "is_connected", "begins", "has"),
    [
        (Chosen(), "archivist", True, "What is on Discogs comes over every night,", "03:00 and 06:00"),
        (Chosen(frequency="weekly"), "archivist", True, "What is on Discogs comes over one night a week,", ""),
        (Chosen(), "archivist", False, "Nothing comes over while no Discogs account is connected.", "every night"),
        (Chosen(), "curator", True, "Nothing comes over of its own: that is the Archivist tier's", "yours is Curator"),
        (Chosen(is_auto=False), "archivist", True, "Nothing comes over of its own.", "asked for"),
        (Chosen(is_auto=False), "collector", False, "Nothing comes over of its own.", "asked for"),
    ],
)
def test_each_reason_for_which_nothing_comes_is_said(chosen, tier, is_connected, begins, has):
    said = say(chosen, tier, is_connected=is_connected)
    assert said.startswith(begins)
    assert has in said
