"""Albums that go: judged while nobody edits them."""

import psycopg
import pytest

from db import forgetting


@pytest.mark.parametrize("is_named", [True, False])
def test_an_album_that_will_go_is_edited_by_nobody_until_then(conn, ada, migrated_database_url, is_named):
    made = conn.execute("INSERT INTO albums (user_id, title) VALUES (%s, 'Aja') RETURNING id", [ada]).fetchone()["id"]
    with conn.transaction(), psycopg.connect(migrated_database_url) as app:
        if is_named:
            forgetting.removable(conn, ada, [made], will_go=True)
        else:
            forgetting.judge_albums(conn, ada, after=forgetting.START, room=1, will_go=True)
        app.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            app.execute("UPDATE albums SET title = 'mine' WHERE id = %s", [made])
