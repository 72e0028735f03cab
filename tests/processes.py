"""Processes of this machine, as `/proc` tells of them."""

import time
from pathlib import Path


def living(pid: int) -> bool:
    """Tell whether a process runs: one that ended, and was not yet asked how, does not."""
    told = _told(pid)
    return bool(told) and told[0] != "Z"


def ends(pid: int, within: float) -> bool:
    """Wait until a process has ended; tell whether it has within some seconds."""
    last = time.monotonic() + within
    while living(pid) and time.monotonic() < last:
        time.sleep(0.05)
    return not living(pid)


def _told(pid: int) -> list[str]:
    """Return state, parent, group, session and more of a process; nothing where there is none.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
