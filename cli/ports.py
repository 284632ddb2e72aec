"""Ports of this machine: free or taken, and whether somebody answers there yet."""

import errno
import socket
import urllib.error
import urllib.request

from cli.errors import PortTaken

ANSWER_SECONDS = 1.0


def require_free(host: str, port: int, setting: str, what: str) -> None:
    """Make sure that we can listen there. Raises PortTaken, which names the setting."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server will: a closed one lingers
        try:
            probe.bind((host, port))
        except OSError as error:
            wrong_host = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
            next_step = (
                f"Set {setting.replace('_PORT', '_HOST')} to an address of this machine."
                if wrong_host
                else f"Set {setting} to a free port."
            )
            raise PortTaken(f"{what} cannot listen on {host}:{port}: {error.strerror}.", next_step) from None


def answers(url: str) -> bool:
    """Whether a server answers at this address, whatever it says."""
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on this machine
        with opener.open(url, timeout=ANSWER_SECONDS):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
