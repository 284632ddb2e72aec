"""The sentence says what happens, and when nothing does, why."""

import pytest

from actors.syncing.sync_settings import say
from db.sync_settings import Chosen


@pytest.mark.parametrize(
    ("chosen", "tier", "is_connected", "begins", "has"),
    [
        (Chosen(), "archivist", True, "What is on Discogs comes over every night,", "03:00 and 06:00"),
        (Chosen(frequency="weekly"), "archivist", True, "What is on Discogs comes over one night a week,", ""),
        (Chosen(direction="out"), "archivist", True, "What changed here goes out to Discogs every night,", ""),
        (Chosen(direction="both"), "archivist", True, "What is on Discogs comes over, and what changed here goes", ""),
        (Chosen(), "archivist", False, "Nothing is synced while no Discogs account is connected.", "every night"),
        (Chosen(), "curator", True, "Nothing is synced of its own: that is the Archivist tier's", "yours is Curator"),
        (Chosen(is_auto=False), "archivist", True, "Nothing is synced of its own.", "asked for"),
        (Chosen(is_auto=False), "collector", False, "Nothing is synced of its own.", "asked for"),
    ],
)
def test_each_reason_for_which_nothing_comes_is_said(chosen, tier, is_connected, begins, has):
    said = say(chosen, tier, is_connected=is_connected)
    assert said.startswith(begins)
    assert has in said
