"""`make storm SEED=7 DURATION=60`: a storm of that seed on servers of its own, told as it happens."""

import argparse
import logging
import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from actors import publishing
from cli.servers import running
from tests.journeys.fleet import SHORT_TIMING, TRUE_TIMING
from tests.storm.storm import storm


def main() -> int:
    """Run one storm; 1 when the oracle finds a fault."""
    parser = argparse.ArgumentParser(prog="make storm", description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--duration", type=float, default=60.0, help="seconds in which blows fall")
    parser.add_argument("--true-times", action="store_true", help="leases of 10 s and a window of 60 s")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)  # that connections broke is what we came for
    folder = Path(tempfile.mkdtemp(prefix="rekkrd-storm-"))
    folder.chmod(0o711)  # as root the servers run under another user, who must get in
    with running(folder / "servers", durable=False, keep=False) as servers:
        with psycopg.connect(servers.database_url, autocommit=True) as conn:
            conn.execute("CREATE DATABASE storm TEMPLATE template0")
        url = urlsplit(servers.database_url)._replace(path="/storm").geturl()
        publishing.bring_up_to_date(url)
        survived = storm(
            folder,
            servers,
            url,
            servers.redis_url,
            seed=asked.seed,
            seconds=asked.duration,
            timing=TRUE_TIMING if asked.true_times else SHORT_TIMING,
            say=lambda line: print(line, flush=True),  # noqa: T201  a command for a terminal
        )
    for line in survived.lines():
        print(line)  # noqa: T201  a command for a terminal
    if survived.complaints:
        print("\n".join(["", *survived.complaints]), file=sys.stderr)  # noqa: T201  a command for a terminal
        true = " TRUE=1" if asked.true_times else ""
        again = f"make storm SEED={asked.seed} DURATION={asked.duration:g}{true}"
        print(  # noqa: T201  a command for a terminal
            f"\nThe oracle found {len(survived.complaints)} faults; the workers' logs are in {folder}.\n"
            f"The same storm again: {again}",
            file=sys.stderr,
        )
        return 1
    shutil.rmtree(folder)
    print("Nothing lost, nothing doubled.")  # noqa: T201  a command for a terminal
    return 0


if __name__ == "__main__":
    sys.exit(main())
