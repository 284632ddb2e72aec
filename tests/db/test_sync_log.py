"""Every touch of a record leaves a line."""

from db import sync_log
from db.sync_log import Line


def test_lines_come_back_as_they_were_written(conn, ada):
    line = Line("import", 3_000_000_001, None, "success", {"change": "created", "text": "a\0"})
    sync_log.add(conn, ada, [line, line])
    sync_log.add(conn, ada, [])
    kept = Line("import", 3_000_000_001, None, "success", {"change": "created", "text": "a␀"})
    assert sync_log.of_user(conn, ada) == [kept, kept]
