"""A line of the log has both sides of each field that changed, so that it can be told and undone."""

from dataclasses import replace

from discogs.records.collection import Note

NOTES = 3  # the number of the field of notes at Discogs
ODD = "  first \r\n\tdeuxième pressée ☃ “x” \\n "


def details(drive) -> list[dict]:
    found = drive.rows("SELECT details FROM discogs_sync_log WHERE user_id = %s ORDER BY created_at, id", drive.user_id)
    return [row["details"] for row in found]


def with_notes(item, text: str):
    others = tuple(note for note in item.notes if note.field_id != NOTES)
    return replace(item, notes=(*others, Note(field_id=NOTES, value=text)))


def test_notes_stand_in_the_log_as_they_were_and_are_byte_for_byte(drive, make_item):
    drive.discogs.items = [with_notes(make_item(1), ODD)]
    drive.import_collection()
    drive.discogs.items = [with_notes(make_item(1), "plain")]
    drive.import_collection()
    made, edited = details(drive)
    assert made["made_album"] is True
    assert (edited["before"]["notes"], edited["after"]["notes"]) == (ODD, "plain")
    assert edited["album"] == {"before": {"discogs_notes": ODD}, "after": {"discogs_notes": "plain"}}
    assert {note["value"] for note in edited["before"]["fields"]} >= {ODD}


def test_what_changed_on_both_sides_stands_with_both(drive, make_item):
    drive.discogs.items = [with_notes(make_item(1), "base")]
    drive.import_collection()
    drive.rows("UPDATE albums SET discogs_notes = 'ours' RETURNING id")
    drive.discogs.items = [with_notes(make_item(1), "theirs")]
    drive.import_collection()
    edited = next(one for one in details(drive) if "sides" in one)
    assert edited["clashing"] == ["discogs_notes"]
    assert edited["sides"] == {"ours": {"discogs_notes": "ours"}, "theirs": {"discogs_notes": "theirs"}}
    assert "album" not in edited


def test_an_album_from_before_is_told_as_it_was_and_never_as_made_here(drive, make_item):
    drive.rows("INSERT INTO albums (user_id, discogs_release_id) VALUES (%s, 100001) RETURNING id", drive.user_id)
    drive.discogs.items = [make_item(1)]
    drive.import_collection()
    linked = next(one for one in details(drive) if one["change"] == "linked")
    assert linked["album"]["before"]["title"] is None
    assert linked["album"]["after"]["title"] == "Title 100001"
    assert not any("made_album" in one for one in details(drive))


def test_a_page_without_news_leaves_no_line(drive, make_item):
    drive.discogs.items = [make_item(1)]
    drive.import_collection()
    before = details(drive)
    drive.import_collection()
    assert details(drive) == before
