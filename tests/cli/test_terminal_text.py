"""Hostile text in every column that commands print: no control character reaches the terminal."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli import screen
from cli.errors import BrokenText
from cli.main import refuse_broken_text
from db import operations, users
from db.pool import Pool
from workers import logs
from workers.terminal_text import has_control_characters, visible

HOSTILE = "x\x1b]0;pwned\x07\x1b[31mRED\x1b[2K\x1b[1A\x9b31m\x7f\u202etxt"
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# Columns with a fixed set of values, keys, or encrypted bytes; every other text column is made hostile.
# All of them in one process: starting one takes a second.
EACH = """
import contextlib, json, sys
from cli.main import main
for command in json.loads(sys.argv[1]):
    sys.argv = ["rekkrd", *command]
    with contextlib.suppress(SystemExit):
        main()
"""
CHECKS = [("rekkrd.pauses", "pauses_are_printable"), ("rekkrd.audit", "audit_is_printable")]
COMMANDS = [
    ["jobs"], ["jobs", "audit"], ["jobs", "failures"], ["queues", "--once"], ["schedule"], ["users"], ["workers"],
    ["history", "0"], ["conflicts", "0"], ["questions", "0"], ["value", "0"], ["alerts", "list", "0"],
    ["sellers", "0"], ["usage"], ["rates"], ["webhook"], ["prices"], ["push", "0"], ["sync", "0"],
]  # fmt: skip


def test_every_control_character_becomes_visible():
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)):
        shown = visible(chr(code))
        assert (shown == chr(code)) == (chr(code) in "\n\t"), hex(code)
        assert not has_control_characters(shown)


def _table(text):
    table = Table(title=text)
    table.add_column(text)
    table.add_row(text)
    return table


@pytest.mark.parametrize("make", [str, Text, Panel, _table], ids=["str", "Text", "Panel", "Table"])
@pytest.mark.parametrize("terminal", [True, False])
def test_no_rendering_lets_a_control_character_through(make, terminal):
    console = screen.SafeConsole(file=io.StringIO(), force_terminal=terminal, color_system=None, width=200)
    console.print(make(HOSTILE), markup=False)
    shown = console.file.getvalue()
    assert "RED" in shown
    assert UNSAFE.search(shown) is None


def test_a_pretty_log_line_shows_control_characters(capsys):
    logs.configure("pretty", "info")
    structlog.get_logger("x").info("event" + HOSTILE, fact=HOSTILE)
    structlog.get_logger("x").error("broken", exc_info=ValueError(HOSTILE))
    shown = capsys.readouterr().err
    assert "RED" in shown
    assert UNSAFE.search(shown) is None


@pytest.mark.parametrize("broken", ["a\udc80", "\udcff", "\x1b[31m", "a\x7f", "\u202e"])
def test_broken_text_is_refused_in_arguments_and_settings(broken):
    for arguments, environment in (([broken], {}), (["jobs"], {"DISCOGS_USER_AGENT": broken})):
        with pytest.raises(BrokenText, match="not valid UTF-8") as refused:
            refuse_broken_text(arguments, environment)
        assert refused.value.exit_code == 2


def test_an_environment_variable_of_others_is_not_looked_at():
    refuse_broken_text([], {"PS1": "\x1b[31m$"})


def hostile_rows(url: str) -> int:
    """Fill every free text column of every table with hostile text; return how many columns took it."""
    pool = Pool(url, size=2, timeout_seconds=30)
    changed = 0
    try:
        with pool.transaction() as conn:
            user = users.create(conn, "0", email="a@b.c")
            conn.execute("INSERT INTO albums (user_id, title, artist) VALUES (%s, 'a', 'b')", [user.id])
            conn.execute(
                "INSERT INTO rekkrd.pauses (lane, paused_until, reason, made_by) "
                "VALUES ('import', now() + interval '1 h', 'r', 'm')"
            )
            for table, check in CHECKS:  # rows from before these constraints
                conn.execute(f"ALTER TABLE {table} DROP CONSTRAINT {check}")
            operations.audit(conn, by="m", action="paused", target={"id": "x"}, jobs=1)
            conn.execute(
                "INSERT INTO discogs_sync_log (user_id, action, status, details) VALUES "
                "(%s, 'import', 'success', jsonb_build_object('summary', %s::text))",
                [user.id, HOSTILE],
            )
            columns = conn.execute(
                "SELECT c.table_schema || '.' || c.table_name AS place, c.column_name AS name "
                "FROM information_schema.columns AS c "
                "INNER JOIN information_schema.tables AS t USING (table_schema, table_name) "
                "WHERE c.data_type = 'text' AND c.table_schema IN ('public', 'rekkrd') AND t.table_type = 'BASE TABLE'"
            ).fetchall()
        for column in columns:
            try:
                with pool.transaction() as conn:
                    done = conn.execute(f"UPDATE {column['place']} SET {column['name']} = %s", [HOSTILE])
                    changed += done.rowcount > 0
            except Exception:  # noqa: BLE001  a key, or a closed set: it can't hold hostile text
                continue
    finally:
        pool.close()
    return changed


def test_commands_print_a_hostile_database_without_control_characters(migrated_database_url, redis_url, tmp_path):
    assert hostile_rows(migrated_database_url) > 0
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "DATABASE_URL": migrated_database_url,
        "REDIS_URL": redis_url,
        "DISCOGS_OAUTH_ENCRYPTION_KEY": "a" * 43 + "=",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    ran = subprocess.run(
        [sys.executable, "-c", EACH, json.dumps(COMMANDS)],
        env=environment, cwd=tmp_path, capture_output=True, timeout=100, check=False,
    )  # fmt: skip
    shown = (ran.stdout + ran.stderr).decode()
    assert UNSAFE.search(shown) is None, shown
    assert "Traceback" not in shown, shown
    assert "RED" in shown
