"""`rekkrd` with every connection written down that it opens, and by whose hand: run as a script by the journeys."""

import json
import os
import sys
from pathlib import Path
from typing import Any

FILE = "TEST_CONNECTIONS"
THE_ONE_DOOR = str(Path("discogs", "exchange.py"))


def write_down(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    frame, is_through_the_door = sys._getframe(1), False
    while frame is not None:
        is_through_the_door |= frame.f_code.co_filename.endswith(THE_ONE_DOOR)
        frame = frame.f_back
    line = json.dumps({"to": arguments[1], "is_through_the_door": is_through_the_door, "by": sys.argv[1:]})
    file = os.open(os.environ[FILE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, f"{line}\n".encode())
    os.close(file)


if __name__ == "__main__":
    sys.addaudithook(write_down)
    from cli.main import main

    main()
