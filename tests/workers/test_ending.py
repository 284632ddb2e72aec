"""A process hears that it shall end whatever its main thread is doing."""

import signal
import subprocess
import sys

import pytest

LISTENER = """
import sys, time
from workers.ending import Ending
ending = Ending()
print("listening", flush=True)
time.sleep(float(sys.argv[1]))
ending.wait()
print("ended", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("busy", ["0", "0.5"], ids=["while it waits", "before it waits"])
def test_the_first_signal_ends_the_wait(number, busy):
    with subprocess.Popen([sys.executable, "-c", LISTENER, busy], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        for _ in range(3):
            process.send_signal(number)
        assert process.communicate(timeout=30)[0] == "ended\n"
        assert process.returncode in {0, -number}  # a later one may meet the interpreter as it ends
