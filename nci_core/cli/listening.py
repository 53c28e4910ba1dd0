"""Whether a server could listen at an address, said before it is started."""

import errno
import socket

from nci_core.errors import InputError

_MOST = 65535


def check_listening(address: str, port: int) -> None:
    """Raise InputError for a port that there is not or that is taken, or an address that is not this machine's."""
    if not 1 <= port <= _MOST:
        raise InputError(f"There is no port {port}; choose one from 1 to {_MOST} with --port.")
    try:
        found = socket.getaddrinfo(address or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, place = found[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the server does: a connection that has just ended does not hold its port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except (socket.gaierror, UnicodeError):
        raise InputError(f"There is no address {address!r}; give this machine's name or number, or 0.0.0.0.") from None
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: f"Port {port} of {address} is in use already; choose another with --port.",
            errno.EACCES: f"Port {port} may be used by the system only; choose one above 1023 with --port.",
            errno.EADDRNOTAVAIL: f"{address} is not an address of this machine; give its name or number, or 0.0.0.0.",
        }
        said = reasons.get(error.errno or 0, f"Nothing can listen at {address}, port {port} ({error.strerror}).")
        raise InputError(said) from None
