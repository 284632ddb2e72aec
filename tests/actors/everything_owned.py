"""A user who has something in every table, for what must reach them all: removal and export."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from db import links
from db.links import Credentials
from db.sealing import Keys

OWNED = """
    SELECT c.table_schema || '.' || c.table_name AS name
      FROM information_schema.columns AS c JOIN information_schema.tables AS t USING (table_schema, table_name)
     WHERE c.column_name = 'user_id' AND t.table_type = 'BASE TABLE' AND c.table_schema IN ('public', 'rekkrd')
"""

# One row at least in every table that a removal empties. A new table is added here, to `db.forgetting.TABLES` and to
# sql/queries/forgetting.sql; or above, with the reason for which it stays.
FILL = """
INSERT INTO rekkrd.jobs (id, kind, lane, queue, user_id, takes_token, speaks_for_user, state, started_at, finished_at,
    checkpoint, outcome)
SELECT %(job)s, 'import_collection', 'import', 'token', %(user)s, true, true, 'completed', now(), now(),
    jsonb_build_object('account_id', %(account)s::bigint), %(said)s;
INSERT INTO rekkrd.job_log (job_id, fence, line, step, logged_at, level, event, facts)
SELECT %(job)s, 1, 1, 1, now(), 'info', 'x', jsonb_build_object('said', %(said)s::text);
INSERT INTO public.discogs_import_jobs (id, user_id, error) SELECT %(job)s, %(user)s, %(said)s;
INSERT INTO rekkrd.sweeps (id, job_id, user_id, list, try, sort, sort_order)
SELECT %(job)s, %(job)s, %(user)s, 'collection', 1, 'added', 'desc';
INSERT INTO rekkrd.releases (release_id, title, artist) VALUES (1, 'shared', 'shared') ON CONFLICT DO NOTHING;
INSERT INTO rekkrd.folders (user_id, folder_id, name, record_count) SELECT %(user)s, 1, %(said)s, 1;
INSERT INTO rekkrd.fields (user_id, field_id, name, type) SELECT %(user)s, 4, %(said)s, 'textarea';
INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id, notes)
SELECT %(user)s, n, 1, 1, %(said)s FROM generate_series(1, 5) AS n;
INSERT INTO rekkrd.wants (user_id, release_id, notes) SELECT %(user)s, 1, %(said)s;
INSERT INTO public.discogs_wantlist (user_id, discogs_release_id, notes) SELECT %(user)s, 1, %(said)s;
INSERT INTO rekkrd.undone_records (user_id, is_want, record_id, act) SELECT %(user)s, false, 1, 'drop';
INSERT INTO rekkrd.undos (user_id, synced_from, synced_until, job_id) SELECT %(user)s, now(), now(), %(job)s;
INSERT INTO rekkrd.previews (user_id, job_id) SELECT %(user)s, %(job)s;
INSERT INTO rekkrd.preview_items (user_id, way, change, is_want, release_id, artist, title)
SELECT %(user)s, 'comes_in', 'new', false, 1, %(said)s, %(said)s;
INSERT INTO rekkrd.preview_pages (user_id, is_want, page, numbers) SELECT %(user)s, false, 1, '{1}';
INSERT INTO rekkrd.agreed (user_id, instance_id, fields)
SELECT %(user)s, 5, jsonb_build_object('discogs_notes', %(said)s::text);
INSERT INTO rekkrd.questions (user_id, kind, subject, details)
SELECT %(user)s, 'duplicate', '1', jsonb_build_object('a', %(said)s::text);
INSERT INTO rekkrd.conflicts (user_id, instance_id, release_id, field, has_base, theirs)
SELECT %(user)s, 1, 1, 'discogs_notes', false, to_jsonb(%(said)s::text);
INSERT INTO rekkrd.rules (user_id, field, rule) SELECT %(user)s, 'discogs_notes', 'ours';
INSERT INTO rekkrd.intents (user_id, release_id, known, error) SELECT %(user)s, 1, '{1}', %(said)s;
INSERT INTO public.discogs_sync_log (user_id, action, status, details)
SELECT %(user)s, 'import', 'success', jsonb_build_object('a', %(said)s::text);
INSERT INTO public.discogs_value_history (user_id) SELECT %(user)s;
INSERT INTO rekkrd.mails (id, user_id, due_at) SELECT %(user)s, %(user)s, now();
INSERT INTO rekkrd.firings (
    mail_id, user_id, alert_id, release_id, target, currency, floor, floor_said, floor_currency, rate, rate_as_of,
    floor_at
)
SELECT %(user)s, %(user)s, %(job)s, 1, 5, 'EUR', 4, 4, 'EUR', 1, now(), now();
INSERT INTO rekkrd.value_days (user_id, day, currency, copies, assumed) SELECT %(user)s, now(), 'EUR', 1, 0;
INSERT INTO rekkrd.value_copies (user_id, album_id, grade) SELECT %(user)s, %(job)s, 'VG';
INSERT INTO rekkrd.discogs_values (user_id, median) SELECT %(user)s, 5;
INSERT INTO public.discogs_price_alerts (user_id, discogs_release_id, target_price) SELECT %(user)s, 1, 5;
INSERT INTO rekkrd.sellers (seller, name) VALUES ('shared', 'Shared') ON CONFLICT DO NOTHING;
INSERT INTO rekkrd.watched_sellers (user_id, seller) SELECT %(user)s, 'shared';
INSERT INTO rekkrd.sync_settings (user_id) SELECT %(user)s;
INSERT INTO rekkrd.nights (user_id, night) SELECT %(user)s, now();
INSERT INTO rekkrd.handshakes (request_token_hash, user_id, request_token, request_secret, expires_at)
SELECT %(user)s::text::bytea, %(user)s, %(said)s, 's', now() + interval '1 hour';
INSERT INTO public.discogs_usage (user_id, month, api_calls) SELECT %(user)s, date_trunc('month', now()), 9;
"""


@dataclass(frozen=True)
class Everything:
    """A connection, and what of one account stands nowhere else."""

    conn: psycopg.Connection
    said: str = "zq-only-on-discogs"
    account: int = 8_123_456_789

    def tables(self) -> list[str]:
        """Name every table with rows of users, as the catalogue has them."""
        return sorted(row["name"] for row in self.conn.execute(OWNED))

    def own(self, handle: str) -> UUID:
        """Make a user who has something of everything, and is connected."""
        said, account = (self.said, self.account) if handle == "ada" else ("of another", 1)
        row = self.conn.execute("INSERT INTO profiles (handle) VALUES (%s) RETURNING id", [handle]).fetchone()
        with self.conn.transaction():
            keys, tokens = Keys.parse("now:" + "11" * 32), Credentials("oauth", "t", "s")
            links.connect(self.conn, keys, row["id"], username=said, discogs_user_id=account, credentials=tokens)
        with psycopg.ClientCursor(self.conn) as cursor:
            cursor.execute(FILL, {"user": row["id"], "job": uuid4(), "account": account, "said": said})
        return row["id"]


@pytest.fixture
def everything(migrated_database_url: str) -> Iterator[Everything]:
    with psycopg.connect(migrated_database_url, row_factory=dict_row, autocommit=True) as connection:
        yield Everything(connection)
