"""`python -m benchmarks.peer URL TOKEN PER_PAGE`: python3-discogs-client walks a collection and a wantlist.

Written as its documentation shows it: iterate, and let it handle the limit. PER_PAGE 0 leaves it as it comes.
"""

import json
import sys
import time

import discogs_client  # type: ignore[import-untyped]  # carries no types

from cli import lifeline


def walk(url: str, token: str, per_page: int) -> dict[str, float]:
    """Read everything once, as a program that imports would; what is read is not even stored."""
    client = discogs_client.Client("Benchmark/1.0 +https://rekkrd.com", user_token=token)
    client._base_url = url  # noqa: SLF001  the one way to lead it to another server
    began = time.monotonic()
    me = client.identity()
    records = me.collection_folders[0].releases
    wants = me.wantlist
    if per_page:
        records.per_page = wants.per_page = per_page
    instances = {item.instance_id for item in records}
    releases = {item.id for item in wants}
    return {"records": len(instances), "wants": len(releases), "seconds": time.monotonic() - began}


if __name__ == "__main__":
    lifeline.follow()
    print(json.dumps(walk(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
