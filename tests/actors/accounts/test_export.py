"""An export has every field of every row that is a user's, exactly, and no more than a page of it at once."""

import json
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql

from actors.accounts import export as exporting
from db import export
from db.errors import UnknownUser
from db.pool import Pool

ODD = '  tab\t newline\r\n \\ " ☃ \U0001f3b5 \u2028 end '
LARGE = 9_007_199_254_740_993  # the first whole number that no float has

# Tables with rows of a user of which nothing comes, and why.
LEFT_OUT = {
    "rekkrd.touched": "that something was written a moment ago, cleared within minutes",
    "rekkrd.handshakes": "secrets of a hand-shake under way",
    "rekkrd.jobs": "how our work went; what it brought is in the rest, and imports have lines of their own",
    "rekkrd.previews": "a look before a sync; what it saw stands on Discogs",
    "rekkrd.preview_items": "the same",
    "rekkrd.preview_pages": "the same",
    "rekkrd.turns": "the order of our line",
    "rekkrd.usage_minutes": "our requests by the minute; the months come",
    "rekkrd.usage_months": "our requests by endpoint; the months come",
}
TYPES = {
    "public.albums": "album",
    "public.discogs_import_jobs": "import",
    "public.discogs_price_alerts": "price_alert",
    "public.discogs_sync_log": "history",
    "public.discogs_usage": "usage",
    "rekkrd.mails": "mail",
    "rekkrd.firings": "alert_fired",
    "public.discogs_value_history": "value",
    "rekkrd.agreed": "agreement",
    "rekkrd.discogs_values": "discogs_value",
    "rekkrd.value_copies": "value_copy",
    "rekkrd.value_days": "value_day",
    "rekkrd.conflicts": "conflict",
    "rekkrd.fields": "field",
    "rekkrd.folders": "folder",
    "rekkrd.instances": "copy",
    "rekkrd.intents": "intent",
    "rekkrd.links": "account",
    "rekkrd.nights": "night",
    "rekkrd.questions": "question",
    "rekkrd.rules": "rule",
    "rekkrd.sweeps": "sweep",
    "rekkrd.sync_settings": "sync_settings",
    "rekkrd.wants": "want",
    "rekkrd.undone_records": "undone_record",
    "rekkrd.undos": "undo",
    "public.discogs_wantlist": "wanted",
    "rekkrd.watched_sellers": "watched_seller",
}


@pytest.fixture
def pool(migrated_database_url):
    pool = Pool(migrated_database_url, size=1, timeout_seconds=5)
    yield pool
    pool.close()


@pytest.fixture
def ada(everything):
    """Somebody who has something of everything, and things that are easily spoilt."""
    user_id = everything.own("ada")
    conn = everything.conn
    conn.execute(
        "UPDATE rekkrd.instances SET notes = %s, fields = %s",
        [ODD, psycopg.types.json.Jsonb([{"field_id": 4, "value": ODD}])],
    )
    conn.execute(
        "INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id) VALUES (%s, %s, 1, 1)",
        [user_id, LARGE],
    )
    conn.execute("UPDATE discogs_value_history SET total_value_low = 12345678901.10")
    conn.execute("INSERT INTO albums (user_id, discogs_notes) SELECT %s, %s FROM generate_series(1, 5)", [user_id, ODD])
    conn.execute(
        "INSERT INTO discogs_sync_log (user_id, action, status) "
        "SELECT %s, 'import', 'success' FROM generate_series(1, 5)",
        [user_id],
    )
    return user_id


def read(pool, user_id) -> list[dict]:
    text = b"".join(exporting.lines(pool, user_id)).decode()
    return [json.loads(line, parse_float=Decimal) for line in text.removesuffix("\n").split("\n")]


@pytest.mark.parametrize("page", [2, 500])
def test_every_field_of_every_row_is_there_exactly(everything, ada, pool, monkeypatch, page):
    monkeypatch.setattr(exporting, "PAGE", page)
    everything.own("bob")
    said = read(pool, ada)
    assert everything.tables() == sorted({*TYPES, *LEFT_OUT}), "say it in db/export.py, or above why not"
    for table, kind in TYPES.items():
        lines = [line["data"]["link"] if kind == "account" else line["data"] for line in said if line["type"] == kind]
        rows = everything.conn.execute(
            sql.SQL("SELECT to_jsonb(t)::text AS said FROM {} AS t WHERE user_id = %s").format(
                sql.Identifier(*table.split("."))
            ),
            [ada],
        ).fetchall()
        assert rows, table
        stored = [json.loads(row["said"], parse_float=Decimal) for row in rows]
        assert sorted(lines, key=str) == sorted(stored, key=str), table


def test_notes_come_byte_for_byte_and_numbers_whole(ada, pool):
    said = read(pool, ada)
    copies = [line for line in said if line["type"] == "copy"]
    assert {copy["data"]["notes"] for copy in copies} == {ODD, None}
    assert any(copy["data"]["fields"] == [{"field_id": 4, "value": ODD}] for copy in copies)
    assert LARGE in {copy["data"]["instance_id"] for copy in copies}
    assert all(copy["release"]["title"] == "shared" for copy in copies)
    (value,) = [line["data"] for line in said if line["type"] == "value"]
    assert str(value["total_value_low"]) == "12345678901.10"


def test_the_last_line_counts_and_no_secret_is_there(everything, ada, pool):
    conn = everything.conn
    sealed = conn.execute("SELECT discogs_oauth_token FROM profiles WHERE id = %s", [ada]).fetchone()
    text = b"".join(exporting.lines(pool, ada)).decode()
    first, *between, last = [json.loads(line) for line in text.removesuffix("\n").split("\n")]
    assert (first["type"], first["user_id"]) == ("export", str(ada))
    assert last == {"type": "end", "lines": len(between)}
    assert sealed["discogs_oauth_token"] not in text
    assert {line["type"] for line in between} == set(TYPES.values())


def test_no_more_than_a_page_is_held_and_no_connection_between(ada, pool, monkeypatch):
    monkeypatch.setattr(exporting, "PAGE", 2)
    largest = 0
    for piece in exporting.lines(pool, ada):
        with pool.transaction() as conn:  # the pool has one: nobody holds it while the reader reads
            conn.execute("SELECT 1")
        largest = max(largest, piece.count(b"\n"))
    assert largest == 2


def test_a_list_whose_last_page_is_full_ends(everything, ada, pool, monkeypatch):
    monkeypatch.setattr(exporting, "PAGE", 3)
    assert len([line for line in read(pool, ada) if line["type"] == "copy"]) == 6
    assert len([line for line in read(pool, ada) if line["type"] == "history"]) == 6


def test_nobody_is_told_at_once(pool, everything):
    with pytest.raises(UnknownUser):
        exporting.lines(pool, "nobody")
    assert set(export.PARTS) >= {"copies", "history"}
