"""What a collector chose stays chosen, and what they left out stays as it is."""

from db import sync_settings
from db.sync_settings import Chosen


def test_who_chose_nothing_has_the_defaults_of_the_columns(conn, ada):
    assert sync_settings.of_user(conn, ada) == Chosen()
    conn.execute("INSERT INTO rekkrd.sync_settings (user_id) VALUES (%s)", [ada])
    stored = sync_settings.of_user(conn, ada)
    assert stored == Chosen(changed_at=stored.changed_at)


def test_what_is_left_out_stays_as_it_is(conn, ada):
    sync_settings.choose(conn, ada, frequency="weekly")
    sync_settings.choose(conn, ada, is_auto=False)
    chosen = sync_settings.of_user(conn, ada)
    assert (chosen.is_auto, chosen.direction, chosen.frequency) == (False, "in", "weekly")
    assert chosen.changed_at is not None


def test_the_same_choice_again_is_no_change(conn, ada):
    sync_settings.choose(conn, ada, frequency="weekly")
    before = sync_settings.of_user(conn, ada)
    sync_settings.choose(conn, ada, frequency="weekly", is_auto=True)
    assert sync_settings.of_user(conn, ada) == before
