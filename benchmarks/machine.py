"""On what the figures were measured: machine, versions, commit."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import redis

from cli.servers import Servers
from db.pool import connect

PACKAGES = (
    "dramatiq",
    "httpx",
    "psycopg",
    "pydantic",
    "redis",
    "python3-discogs-client",
    "limits",
    "pyrate-limiter",
    "throttled-py",
    "procrastinate",
)
GIT_SECONDS = 10


def machine() -> dict[str, Any]:
    """Describe the machine without naming it."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "load_1m_at_start": round(os.getloadavg()[0], 2),
    }


def versions(servers: Servers) -> dict[str, str]:
    """Name what takes part."""
    with connect(servers.database_url, timeout_seconds=5.0) as conn:
        row = conn.execute("SHOW server_version").fetchone() or {}
    with redis.Redis.from_url(servers.redis_url) as client:
        valkey = dict(client.info("server"))
    found = {name: version(name) for name in PACKAGES}
    return {
        "python": platform.python_version(),
        "postgresql": str(row.get("server_version", "")),
        "valkey": str(valkey.get("valkey_version", valkey.get("redis_version", ""))),
        **found,
    }


def source() -> dict[str, Any]:
    """Say which code was measured, and when; no commit where there is no git."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        "has_uncommitted_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
    }


def _git(*arguments: str) -> str | None:
    try:
        asked = subprocess.run(
            ["git", *arguments],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip() if asked.returncode == 0 else None


def _cpu() -> str:
    try:
        named = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        named = None
    return named.group(1).strip() if named else platform.processor()
