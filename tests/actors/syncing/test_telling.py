"""Each kind of line is told in words, with what it was and what it is."""

import pytest

from actors.syncing.telling import Names, sentence
from db.sync_log import Line

NAMES = Names({1: "Uncategorized", 7: "Jazz"}, {4: "Shelf"})


def told(details, *, action="update", status="success"):
    return sentence(Line(action, 1, None, status, details), NAMES)


def changed(name, before, after, **more):
    return {"change": "updated", "changed": [name], "before": {name: before}, "after": {name: after}, **more}


@pytest.mark.parametrize(
    ("details", "said"),
    [
        (
            changed("media_condition", "VG+", "NM", taken=["media_condition"]),
            "Media condition changed on Discogs from VG+ to NM; taken over.",
        ),
        ({"change": "undone", "undo": "put_back"}, "The sync's change was undone here; Discogs was not changed."),
        (
            {"change": "undone", "undo": "drop"},
            "The sync that brought it was undone: it is no longer here, and still on Discogs.",
        ),
        (
            {"change": "undone", "undo": "unmark", "list": "wantlist"},
            "The sync marked it as gone from Discogs; that was undone here. Discogs was not changed.",
        ),
        (
            changed("notes", "a", "b", clashing=["discogs_notes"]),
            "Notes changed on Discogs from a to b; changed here too, so it waits for an answer.",
        ),
        (
            changed("folder_id", 1, 7, taken=["discogs_folder_id"]),
            "Folder changed on Discogs from Uncategorized to Jazz; taken over.",
        ),
        (changed("folder_id", 1, 9), "Folder changed on Discogs from Uncategorized to folder 9."),
        (changed("notes", "gone", None), "Notes changed on Discogs from gone to nothing."),
        (changed("notes", "", "x" * 200), f"Notes changed on Discogs: {'x' * 79}…."),
        (
            changed(
                "fields",
                [{"field_id": 3, "value": "a"}, {"field_id": 4, "value": "A1"}],
                [{"field_id": 3, "value": "b"}, {"field_id": 4, "value": "B2"}, {"field_id": 5, "value": "new"}],
            ),
            "Shelf changed on Discogs from A1 to B2. Field 5 changed on Discogs: new.",
        ),
        (
            changed(
                "fields",
                [{"field_id": 4, "value": "A1"}, {"field_id": 5, "value": "x"}],
                [{"field_id": 4, "value": "B2"}, {"field_id": 5, "value": "y"}],
                taken=["field_4"],
                clashing=["field_5"],
            )
            | {
                "album": {"before": {"field_4": "A1"}, "after": {"field_4": "B2"}},
                "sides": {"ours": {"field_5": "z"}, "theirs": {"field_5": "y"}},
            },
            (
                "Shelf changed on Discogs from A1 to B2; taken over. "
                "Field 5 changed on Discogs from x to y; changed here too, so it waits for an answer."
            ),
        ),
        (
            {"change": "write", "field": "field_4", "before": None, "after": "A1"},
            "Shelf written to Discogs: A1.",
        ),
        (
            {"field": "field_4", "error": "There is no such choice."},
            "Shelf not written to Discogs: There is no such choice.",
        ),
        ({"change": "created", "made_album": True}, "Came over from Discogs. An album was made of it."),
        ({"change": "missing"}, "Is no longer on Discogs; kept here, and marked."),
        (
            {
                "change": "linked",
                "evidence": "release",
                "taken": ["year"],
                "album": {"before": {"year": None}, "after": {"year": 1970}},
                "clashing": ["title"],
                "sides": {"ours": {"title": "Mine"}, "theirs": {"title": "Theirs"}},
            },
            (
                "Recognised as the album that was here before, by release. Year of the album changed: 1970. "
                "Title: Mine here, Theirs on Discogs; waits for an answer."
            ),
        ),
        (
            {"change": "write", "field": "media_condition", "before": "VG", "after": "NM"},
            "Media condition written to Discogs from VG to NM.",
        ),
        ({"change": "add", "error": "Discogs does not know it"}, "Not added on Discogs: Discogs does not know it."),
        (
            {"field": "sleeve_condition", "error": "There is no such grade."},
            "Sleeve condition not written to Discogs: There is no such grade.",
        ),
        ({"instance_id": 1, "was_gone": True}, "Was removed here and on Discogs."),
        (
            {"change": "resolved", "field": "discogs_notes", "take": "ours"},
            "Notes changed on both sides; decided: what stands here is kept.",
        ),
        (
            {"change": "edited on Discogs, deleted here", "field": "_record"},
            "The whole record: edited on Discogs, deleted here.",
        ),
        ({"change": "of tomorrow"}, "Of tomorrow."),
        ({}, "Touched; nothing of it changed."),
    ],
)
def test_a_line_says_what_happened(details, said):
    assert told(details) == said


def test_a_line_from_before_both_sides_were_kept_is_told_too():
    assert told({"change": "updated", "changed": ["rating"]}) == "Rating changed on Discogs: nothing."
