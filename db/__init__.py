"""What we remember: one module a table or aggregate, functions that take a connection first."""

from typing import Any, TypeAlias

import psycopg

Row: TypeAlias = dict[str, Any]
Connection: TypeAlias = psycopg.Connection[Row]

__all__ = ["Connection", "Row"]
