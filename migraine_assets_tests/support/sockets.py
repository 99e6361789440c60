"""The sockets on which processes can be reached."""

import contextlib
import ipaddress

import psutil


def reachable_from_elsewhere(root: int) -> list[str]:
    """Return the sockets of process `root` and its descendants that listen on more than loopback, with their processes.

    Raises `AssertionError` if none of the processes listens at all, because the test would then show nothing.
    """
    listening, open_to_others = 0, []
    for process in (psutil.Process(root), *psutil.Process(root).children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            for socket in process.net_connections(kind="inet"):
                if socket.status == psutil.CONN_LISTEN or (socket.status == psutil.CONN_NONE and not socket.raddr):
                    listening += 1
                    if not _loopback(socket.laddr.ip):
                        open_to_others.append(f"{socket.laddr.ip}:{socket.laddr.port} {' '.join(process.cmdline())}")
    assert listening, f"process {root} listens nowhere"
    return open_to_others


def _loopback(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback
