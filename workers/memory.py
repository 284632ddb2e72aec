"""A worker's memory stays flat: what a page took goes back to the system instead of into holes of the heap."""

import ctypes
import platform

# Options of glibc's mallopt. A page of 100 records is half a megabyte of text that becomes thousands of objects in
# whichever thread has the step. By default each thread gets a heap of its own, and after the first large block was
# freed the next ones of that size are cut from the heaps, too: a worker grew by a megabyte with every thousand
# records, all of it free memory between what is used.
M_MMAP_THRESHOLD, LARGE_BYTES = -3, 64 * 1024  # a fixed threshold: large blocks are mapped, and unmapped when freed
M_ARENA_MAX, HEAPS = -8, 1  # Python's own lock lets one thread allocate at a time as it is


def stay_flat() -> bool:
    """Tell the C library once, before the threads start. False where it is another than glibc: nothing changes."""
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(M_MMAP_THRESHOLD, LARGE_BYTES) and mallopt(M_ARENA_MAX, HEAPS))
