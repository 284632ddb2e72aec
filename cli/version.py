"""`rekkrd version`: which release this is, and what it runs on."""

import platform
from importlib.metadata import version as release_of

from cli import screen


def version() -> None:
    """Print the version."""
    screen.say(f"rekkrd {release_of('rekkrd-workers')}")
    screen.say(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    screen.say(f"Dramatiq {release_of('dramatiq')}, psycopg {release_of('psycopg')}, httpx {release_of('httpx')}")
