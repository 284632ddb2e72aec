"""sql/schema.sql is what the migrations make. WRITE_SCHEMA=1 writes it instead of comparing (`make fix` does)."""

import os

import pglast
import pytest

from db import schema
from db.pool import connect

VERSION = 180_000  # other versions word the same view and the same check differently

PLAN = """
profiles discogs_oauth_token discogs_oauth_secret discogs_username discogs_user_id discogs_connected_at
albums discogs_release_id discogs_master_id media_condition sleeve_condition discogs_folder_id discogs_instance_id
albums discogs_notes discogs_date_added catalog_number matrix_number pressing_country
discogs_sync_log id user_id action discogs_release_id album_id status details created_at
discogs_import_jobs id user_id status total_records processed_records skipped_records current_page error started_at
discogs_import_jobs completed_at
discogs_price_cache discogs_release_id price_data marketplace_stats fetched_at expires_at
discogs_value_history id user_id total_value_low total_value_median total_value_high record_count snapshot_date
discogs_price_alerts id user_id discogs_release_id target_price condition_minimum is_active last_checked_at triggered_at
discogs_usage user_id
"""


def test_the_schema_for_reading_is_what_the_migrations_make(migrated_database_url: str) -> None:
    with connect(migrated_database_url, timeout_seconds=5) as conn:
        if conn.info.server_version < VERSION:
            pytest.skip("compared on PostgreSQL 18 only")
        made = schema.text(conn)
    if os.environ.get("WRITE_SCHEMA"):
        schema.PATH.write_text(made)
    assert schema.PATH.read_text() == made, "run `make fix`, and look at what changed"


def test_the_schema_for_reading_is_sql() -> None:
    assert pglast.parse_sql(schema.PATH.read_text())


def test_every_table_and_column_of_the_plan_is_there(migrated_database_url: str) -> None:
    with connect(migrated_database_url, timeout_seconds=5) as conn:
        rows = conn.execute("SELECT table_name, column_name FROM information_schema.columns").fetchall()
    found = {(row["table_name"], row["column_name"]) for row in rows}
    lines = [line.split() for line in PLAN.strip().splitlines()]
    assert [f"{table}.{name}" for table, *names in lines for name in names if (table, name) not in found] == []
