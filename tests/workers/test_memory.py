"""What a worker gave free goes back to the system."""

import platform
import subprocess
import sys

import pytest

# A large block freed early, then pages between which small things stay: what keeps the holes of a heap from closing.
HOLES = """
import ctypes, sys
from workers import memory
class Heap(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]
look = ctypes.CDLL(None).mallinfo2
look.restype = Heap
if sys.argv[1] == "flat":
    assert memory.stay_flat()
del (large := [bytes(20_000_000)])[:]
pages, pins = [], []
for _ in range(100):
    pages.append(bytes(300_000))
    pins.append(bytes(1_000))
del pages
print(look().fordblks)
"""


def bytes_in_holes(manner):
    ended = subprocess.run(
        [sys.executable, "-c", HOLES, manner], capture_output=True, text=True, check=True, timeout=60
    )
    return int(ended.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's heap is told")
def test_freed_pages_leave_no_holes_in_the_heap():
    assert bytes_in_holes("as it comes") > 20_000_000
    assert bytes_in_holes("flat") < 2_000_000
