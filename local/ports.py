"""Choosing ports on 127.0.0.1."""

import socket

from local.errors import LocalError

HOST = "127.0.0.1"
GATEWAY = 4566


def free(port: int) -> bool:
    """Tell whether nothing listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def checked(port: int) -> int:
    """Return ``port`` if nothing listens on it.

    Raises
    ------
    LocalError
        Something does.
    """
    if not free(port):
        raise LocalError(
            f"port {port} of {HOST} is in use by another program",
            f"stop that program ('ss -ltnp sport = :{port}' names it), or choose another port: "
            "make demo PORT=4600",
        )
    return port
