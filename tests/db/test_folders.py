"""Folders are kept as Discogs lists them."""

from db import folders
from db.folders import Folder


def test_a_new_list_replaces_the_old_one(conn, ada):
    folders.replace(conn, ada, [Folder(0, "All", 3), Folder(1, "Uncategorized", 2), Folder(2**31 + 5, "Jazz", 1)])
    folders.replace(conn, ada, [Folder(0, "All", 4), Folder(2**31 + 5, "Jazz\0", 4)])
    assert folders.of_user(conn, ada) == [Folder(0, "All", 4), Folder(2**31 + 5, "Jazz␀", 4)]
