"""The whole schema as one text for reading, drawn from the catalogue of a migrated database: sql/schema.sql."""

from pathlib import Path

from db import Connection, Row
from db.queries import load

PATH = Path(__file__).parent.parent / "sql" / "schema.sql"
HEAD = """\
-- What all migrations together make of an empty database: for reading. Migrations are for doing; a test proves that
-- both are the same, and `make fix` writes this file anew.
"""

_sql = load("schema")


def text(conn: Connection) -> str:
    """Return the schema of this database as SQL; rights are not in it, they depend on the roles that exist."""
    with conn.transaction():
        _sql.empty_search_path(conn)
        parts = [HEAD, "CREATE SCHEMA rekkrd;\n"]
        parts += [_table(conn, row) for row in _sql.find_tables(conn)]
        parts += [_view(row) for row in _sql.find_views(conn)]
        parts += [row["definition"].rstrip() + ";\n" for row in _sql.find_functions(conn)]
    return "\n".join(parts)


def _table(conn: Connection, table: Row) -> str:
    name, oid = table["name"], table["oid"]
    columns = _sql.find_columns(conn, table_oid=oid)
    body = [_column(column) for column in columns]
    body += [f"CONSTRAINT {row['name']} {row['definition']}" for row in _sql.find_constraints(conn, table_oid=oid)]
    lines = [f"CREATE TABLE {name} (", ",\n".join(f"    {line}" for line in body), ");"]
    lines += [_comment("TABLE", name, table["comment"])]
    lines += [_comment("COLUMN", f"{name}.{column['name']}", column["comment"]) for column in columns]
    lines += [f"{row['definition']};" for row in _sql.find_indexes(conn, table_oid=oid)]
    lines += [f"{row['definition']};" for row in _sql.find_triggers(conn, table_oid=oid)]
    if table["has_row_security"]:
        lines.append(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;")
    lines += [_policy(name, row) for row in _sql.find_policies(conn, table_oid=oid)]
    return "\n".join(line for line in lines if line) + "\n"


def _column(column: Row) -> str:
    parts = [
        column["name"],
        column["type"],
        "NOT NULL" if column["is_required"] else "",
        f"DEFAULT {column['default_value']}" if column["default_value"] is not None else "",
    ]
    return " ".join(part for part in parts if part)


def _comment(kind: str, name: str, comment: str | None) -> str:
    quoted = (comment or "").replace("'", "''")
    return f"COMMENT ON {kind} {name} IS\n'{quoted}';" if comment else ""


def _policy(table: str, policy: Row) -> str:
    shown = f" USING ({policy['shown']})" if policy["shown"] else ""
    written = f" WITH CHECK ({policy['written']})" if policy["written"] else ""
    return f"CREATE POLICY {policy['name']} ON {table} FOR {policy['command']}{shown}{written};"


def _view(view: Row) -> str:
    lines = [f"CREATE VIEW {view['name']} AS", view["definition"], _comment("VIEW", view["name"], view["comment"])]
    return "\n".join(line for line in lines if line) + "\n"
