"""Custom fields are kept as Discogs lists them."""

from db import fields
from db.fields import Field

MEDIA = Field(1, "Media Condition", "dropdown", ("Mint (M)",), position=2, lines=None, is_public=True)
NOTES = Field(3, "Notes", "textarea", (), position=1, lines=3, is_public=False)


def test_a_new_list_replaces_the_old_one(conn, ada):
    fields.replace(conn, ada, [MEDIA, Field(9, "Shelf", "textarea", (), 3, 1, is_public=False)])
    fields.replace(conn, ada, [MEDIA, NOTES])
    assert fields.of_user(conn, ada) == [NOTES, MEDIA]


def test_a_collector_without_fields_has_none(conn, ada):
    fields.replace(conn, ada, [MEDIA])
    fields.replace(conn, ada, [])
    assert fields.of_user(conn, ada) == []
