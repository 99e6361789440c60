"""The HAProxy in front of Ray: changes the configuration that Ray generates, and starts HAProxy.

Ray has no settings for deadlines of headers and bodies, limits per client, refusals that cost a replica nothing, a
listener for probes, or addresses to listen on. An open network needs them. `haproxy.sh` runs this file as a script for
each start and reload, so it imports the standard library only. Not here: the values
(`serving.cluster.ray_environment`).

A request waits for a slot of a replica in one of three queues. Small requests arrive completely before they get a slot.
Bulk requests, which HAProxy cannot buffer, have slots of their own, and so do probes, so neither can delay the others.
"""

import json
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SETTINGS, BINARY = "MIGRAINE_HAPROXY_FRONT", "MIGRAINE_HAPROXY_BINARY"
BUFFER_BYTES = 32 << 10
# The largest request that HAProxy buffers: its body, and its headers.
SMALL_BODY_BYTES, SMALL_HEADERS_BYTES = 16 << 10, 8 << 10
HEADER_SECONDS, IDLE_SECONDS, STALL_SECONDS, QUEUE_SECONDS = 10, 30, 10, 10
RESPONSE_SECONDS = 120
PROBE_CONNECTIONS, PROBE_SLOTS = 64, 4
PROBES = "/health /ready /metrics /v2/health/live /v2/health/ready"
FRONTEND, PROBE_FRONTEND, BULK_CLIENTS = "frontend http_frontend", "frontend probes", "bulk_clients"
# Statistics and metrics on all interfaces. Nothing here reads them.
UNUSED = ("frontend prometheus", "listen stats")
# HAProxy needs two file descriptors for each connection, and some for itself.
OTHER_FILES = 500

# The first line of a changed file. HAProxy may be restarted with the same file.
MARK = "# Changed by serving.cluster.haproxy_front."

Section = tuple[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class Front:
    """Settings of the configuration. Addresses are `host:port`; None keeps the one that Ray has written.

    `slots`: requests of each kind that a replica works on at the same time. `queued`: requests that wait, per replica;
    negative: no limit. `problems`: JSON bodies of refusals by name.
    """

    address: str | None
    probe_address: str | None
    max_connections: int
    max_client_connections: int
    trust_forwarded: bool
    slots: int
    queued: int
    problems: dict[str, str]


def rewritten(config: str, front: Front, *, max_connections: int) -> str:
    """Return Ray's configuration changed as `front` says."""
    sections = [each for each in _sections(config) if each[0] not in UNUSED]
    backends = [name for header, _ in sections if (name := _application(header))]
    changed: list[Section] = []
    for header, lines in sections:
        directives = [line for line in lines if line.split(maxsplit=1)[:1] not in (["log"], ["#"])]
        if header == "global":
            changed.append((header, _global(directives, max_connections)))
        elif header == "defaults":
            changed.append((header, _defaults(directives, front)))
        elif header == FRONTEND:
            changed.append((header, _frontend(directives, front, backends, max_connections)))
            changed.extend(_probe_frontend(directives, front, backends))
        elif name := _application(header):
            changed.extend(_classes(name, directives, front))
        else:
            changed.append((header, directives))
    changed.append((f"backend {BULK_CLIENTS}", ["stick-table type ipv6 size 64k expire 60s store conn_cur"]))
    return "\n".join(
        (MARK, *(text for header, lines in changed for text in (header, *(f"    {x}" for x in lines))), "")
    )


def _sections(config: str) -> Iterator[Section]:
    header, lines = "", list[str]()
    for line in config.splitlines():
        if line[:1].strip() and not line.startswith("#"):
            if header:
                yield header, lines
            header, lines = line.strip(), []
        elif line.strip():
            lines.append(line.strip())
    if header:
        yield header, lines


def _application(header: str) -> str:
    """Return the name of the backend if it belongs to an application, else an empty string."""
    kind, _, name = header.partition(" ")
    return name if kind == "backend" and not name.startswith(("default_", "grpc_")) else ""


def _without(lines: list[str], *starts: str) -> list[str]:
    return [line for line in lines if not line.startswith(starts)]


def _global(lines: list[str], max_connections: int) -> list[str]:
    private = [line.replace("mode 666", "mode 600") for line in _without(lines, "maxconn", "tune.bufsize")]
    return [*private, f"maxconn {max_connections}", f"tune.bufsize {BUFFER_BYTES}"]


def _defaults(lines: list[str], front: Front) -> list[str]:
    overloaded = _refusal(front, "overloaded", "http-error status 503", "Retry-After 1")
    late = _refusal(front, "timeout", "http-error status 408", "Connection close")
    # Splicing needs pipes, and thus more files per connection, and gains nothing for messages of this size.
    replaced = ("timeout client", "timeout server", "timeout http-", "errorfile 503")
    return [
        *_without(lines, *replaced, "option httplog", "option log-health-checks", "option splice-"),
        f"timeout http-request {HEADER_SECONDS}s",
        f"timeout http-keep-alive {IDLE_SECONDS}s",
        f"timeout client {STALL_SECONDS}s",
        f"timeout queue {QUEUE_SECONDS}s",
        f"timeout server {RESPONSE_SECONDS}s",
        overloaded,
        late,
    ]


def _refusal(front: Front, name: str, rule: str, header: str) -> str:
    return f"{rule} content-type application/problem+json string '{front.problems[name]}' hdr {header}"


def _frontend(lines: list[str], front: Front, backends: list[str], max_connections: int) -> list[str]:
    bind = f"bind {front.address}" if front.address else next(line for line in lines if line.startswith("bind"))
    forwarded = [] if front.trust_forwarded else ["http-request set-header X-Forwarded-For %[src]"]
    return [
        bind,
        # This leaves enough connections for probes.
        f"maxconn {max_connections - PROBE_CONNECTIONS}",
        # Without HTTP/2, a connection has one request at a time, so a limit on connections also limits requests.
        "option disable-h2-upgrade",
        # Pass a request on once it is complete or fills the buffer. `timeout http-request` then includes its body.
        "option http-buffer-request",
        *_client_limit(front),
        *forwarded,
        *_rules(_without(lines, "bind", "use_backend", "default_backend")),
        f"acl probe path {PROBES}",
        f"acl bulk req.body_size gt {SMALL_BODY_BYTES}",
        "acl bulk req.hdr(transfer-encoding) -m found",
        f"acl bulk req.hdrs,length gt {SMALL_HEADERS_BYTES}",
        *(line for name in backends for line in _routes(name, lines)),
        "default_backend default_backend",
    ]


def _client_limit(front: Front) -> list[str]:
    if not front.max_client_connections:
        return []
    return [
        "stick-table type ipv6 size 64k expire 60s store conn_cur",
        "tcp-request connection track-sc0 src,ipmask(32,64)",
        f"tcp-request connection reject if {{ sc0_conn_cur gt {front.max_client_connections} }}",
    ]


def _rules(lines: list[str]) -> list[str]:
    return _without(lines, "http-request set-log-level")


def _routes(name: str, lines: list[str]) -> list[str]:
    """Return the rules that choose the backend of the application `name`, for each kind of request."""
    original = [line for line in lines if line.startswith("use_backend") and line.split()[1] == name]
    kinds = (("-probes", " probe"), ("-bulk", " bulk"), ("", ""))
    return [
        line.replace(f"use_backend {name} ", f"use_backend {name}{suffix} ") + condition
        for line in original
        for suffix, condition in kinds
    ]


def _probe_frontend(lines: list[str], front: Front, backends: list[str]) -> list[Section]:
    if not front.probe_address:
        return []
    health = [line for line in lines if "healthcheck" in line or "_server_up" in line]
    rules = [
        f"bind {front.probe_address}",
        f"maxconn {PROBE_CONNECTIONS}",
        "option disable-h2-upgrade",
        "timeout http-request 2s",
        "timeout http-keep-alive 2s",
        *_rules(health),
        f"acl probe path {PROBES}",
        "http-request return status 404 content-type text/plain string 'This port is for probes only.' if !probe",
        *(f"use_backend {name}-probes" for name in backends[:1]),
    ]
    return [(PROBE_FRONTEND, rules)]


def _classes(name: str, lines: list[str], front: Front) -> list[Section]:
    """Return the backend `name` for small requests, and copies with slots of their own for bulk requests and probes."""
    overloaded = _refusal(front, "overloaded", "http-request return status 503", "Retry-After 1")
    full = [] if front.queued < 0 else [f"{overloaded} if {{ avg_queue({name}) ge {front.queued + 1} }}"]
    client = "req.hdr_ip(x-forwarded-for,-1)" if front.trust_forwarded else "src"
    bulk = [
        f"http-request track-sc1 {client},ipmask(32,64) table {BULK_CLIENTS}",
        # A client may take three quarters of the slots, which leaves some for others.
        f"http-request set-var(txn.room) nbsrv({name}),mul({front.slots * 3 // 4})",
        f"{overloaded} if {{ sc1_conn_cur,sub(txn.room) gt 0 }}",
        # A body that has crashed a replica must not be sent to the next one.
        "http-request disable-l7-retry",
        *(rule.replace(f"({name})", f"({name}-bulk)") for rule in full),
    ]
    return [
        (f"backend {name}", [*full, *_slots(lines, front.slots)]),
        (f"backend {name}-bulk", [*bulk, *_tracking(name, _slots(lines, front.slots))]),
        (f"backend {name}-probes", _tracking(name, _slots(lines, PROBE_SLOTS))),
    ]


def _slots(lines: list[str], slots: int) -> list[str]:
    return [f"{line} maxconn {slots}" if line.startswith("server ") else line for line in lines]


def _tracking(name: str, lines: list[str]) -> list[str]:
    """Return `lines` with servers that take their health from the same servers of the backend `name`."""
    without_checks = _without(lines, "option httpchk", "http-check", "default-server")
    return [_tracked(name, line) if line.startswith("server ") else line for line in without_checks]


def _tracked(name: str, line: str) -> str:
    _, server, address, *options = line.split()
    remaining = " ".join(["backup"] * ("backup" in options) + options[-2:])
    return f"server {server} {address} track {name}/{server} {remaining}"


def affordable(requested: int) -> int:
    """Return `requested` connections, or as many as the limit of open files allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        return requested
    return max(4 * PROBE_CONNECTIONS, min(requested, (max(soft, hard) - OTHER_FILES) // 2))


def main(arguments: list[str]) -> None:
    """Rewrite the file after `-f`, then become HAProxy."""
    front = Front(**json.loads(os.environ[SETTINGS]))
    path = Path(arguments[arguments.index("-f") + 1])
    config = path.read_text()
    if not config.startswith(MARK):
        path.write_text(rewritten(config, front, max_connections=affordable(front.max_connections)))
    binary = os.environ[BINARY]
    os.execv(binary, [binary, *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
