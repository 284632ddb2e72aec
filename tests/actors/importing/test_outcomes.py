"""The sentence that an import ends with."""

from uuid import UUID

from actors.importing.outcomes import sentence
from db.sweeps import Sweep


def said(outcome, seen, items, **more):
    counts = {"missing": 0, "vanished": 0, "asked": 0} | more
    sweep = Sweep(UUID(int=1), 3, "added", "desc", items, True, seen, outcome)
    return sentence(sweep, noun="record", items=items, **counts)


def test_a_complete_list_is_counted():
    assert said("complete", 10_000, 10_000) == "10,000 records: complete."


def test_a_partial_list_says_how_to_go_on():
    assert said("partial", 50, 1_234) == "The 50 newest of 1,234 records; upgrade to go on."


def test_a_list_that_changes_too_fast_says_that_nothing_was_removed():
    assert said("changed", 99, 100) == (
        "Changing too fast, nothing removed: 99 of 100 records seen in the last try. "
        "Import again when the list is at rest."
    )


def test_what_is_gone_and_what_waits_is_added():
    assert said("complete", 1, 1, missing=1, vanished=2, asked=3) == (
        "1 record: complete. 1 record no longer on Discogs: marked as missing, nothing was deleted. "
        "2 records would go missing at once: nothing was marked, a question waits for you. "
        "3 might be in your library already: a question waits for you."
    )
