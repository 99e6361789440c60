"""Load on a server with wrk: starting it, waiting until it answers, and measuring requests, latency and processor time.

Not here: which servers are compared (`benchmarks.peers`).
"""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

START_SECONDS = 180


@dataclass(frozen=True)
class Rate:
    """Result of one round: requests per second, p50 and p99 in milliseconds, failed answers, busy processors."""

    rate: float
    p50: float
    p99: float
    bad: int
    processors: float


@dataclass(frozen=True)
class Load:
    """One kind of request to a server."""

    label: str
    url: str
    body: bytes


def measure(
    command: Sequence[str], work: Path, loads: Sequence[Load], *, seconds: int, warm: int, **extra: str
) -> dict[str, Rate]:
    """Start a server, wait until it answers, warm it up, measure each load, and stop it."""
    settings = os.environ | {"OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "BENTOML_DO_NOT_TRACK": "true"}
    # Some peers call scripts of their environment by name.
    settings |= {"PATH": f"{Path(command[0]).parent}:{os.environ['PATH']}"} | extra
    with (work / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=work, env=settings, stdout=output, stderr=output, start_new_session=True
        )
    try:
        await_answer(process, loads[0], work)
        load(loads[0], work, seconds=warm)
        return {each.label: load(each, work, seconds=seconds, session=process.pid) for each in loads}
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            pass
        finally:
            end_group(process)


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill the remaining processes of the server."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def await_answer(process: "subprocess.Popen[bytes]", asked: Load, work: Path) -> None:
    """Return at the first successful answer. Raises `RuntimeError` with the output if there is none."""
    deadline, last = time.monotonic() + START_SECONDS, ""
    while time.monotonic() < deadline and process.poll() is None:
        request = urllib.request.Request(asked.url, asked.body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10):
                return
        except urllib.error.HTTPError as error:
            last = f"{error.code} {error.read().decode()[:500]}"
        except OSError as error:
            last = str(error)
        time.sleep(0.5)
    raise RuntimeError(f"{asked.url} did not answer: {last}\n{(work / 'output').read_text()[-2000:]}")


def write_script(asked: Load, work: Path) -> Path:
    """Write the wrk script of a request."""
    script = work / "request.lua"
    quoted = asked.body.decode().replace("\\", "\\\\").replace("'", "\\'")
    script.write_text(f"wrk.method = 'POST'\nwrk.body = '{quoted}'\nwrk.headers['Content-Type'] = 'application/json'\n")
    return script


def load(asked: Load, work: Path, *, seconds: int, session: int | None = None) -> Rate:
    """Run wrk with 16 connections."""
    script = write_script(asked, work)
    command = ("wrk", "-t1", "-c16", f"-d{seconds}", "--latency", "--timeout", "10", "-s", str(script), asked.url)
    before = processor_seconds(session)
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    used = (processor_seconds(session) - before) / seconds
    requests = re.search(r"Requests/sec:\s+([\d.]+)", text)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    rate = float(requests[1]) if requests else 0.0
    return Rate(rate, latency(text, "50"), latency(text, "99"), int(bad[1]) if bad else 0, used)


def processor_seconds(session: int | None) -> float:
    """Return the processor seconds of `session` and its living descendants."""
    if session is None:
        return 0.0
    root = psutil.Process(session)
    used = 0.0
    for process in (root, *root.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used += times.user + times.system
    return used


def latency(text: str, percent: str) -> float:
    """Return a percentile of the wrk report, in milliseconds."""
    match = re.search(rf"\s{percent}%\s+([\d.]+)(us|ms|s)", text)
    return float(match[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[match[2]] if match else float("nan")


async def offered(asked: Load, *, rate: float, seconds: int) -> Counter[str]:
    """Send raw requests at a fixed rate over 256 connections; return the number of answers by status."""
    answers: Counter[str] = Counter()
    host, port = asked.url.removeprefix("http://").partition("/")[0].split(":")
    kind = f"Content-Type: application/json\r\nContent-Length: {len(asked.body)}"
    head = f"POST /predict HTTP/1.1\r\nHost: {host}\r\n{kind}\r\n\r\n"
    request = head.encode() + asked.body
    free: asyncio.Queue[Any] = asyncio.Queue()
    for _ in range(256):
        free.put_nowait(await asyncio.open_connection(host, int(port)))
    began = time.monotonic()
    pending: set[asyncio.Task[None]] = set()
    sent = 0
    while (now := time.monotonic() - began) < seconds:
        while sent < now * rate:
            sent += 1
            if free.empty():
                answers["no connection free"] += 1
                continue
            task = asyncio.create_task(_one(free.get_nowait(), request, free, answers))
            pending.add(task)
            task.add_done_callback(pending.discard)
        await asyncio.sleep(0.001)
    await asyncio.gather(*pending)
    return answers


async def _one(connection: Any, request: bytes, free: "asyncio.Queue[Any]", answers: Counter[str]) -> None:
    reader, writer = connection
    try:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = head[9:12].decode()
        silent = status == "503" and b"retry-after" not in head
        answers["503 without Retry-After" if silent else status] += 1
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")), None)
        if length is None:  # a chunked refusal: a new connection is cheaper than reading it
            writer.close()
            connection = await asyncio.open_connection(*writer.get_extra_info("peername")[:2])
        else:
            await reader.readexactly(length)
        free.put_nowait(connection)
    except (OSError, asyncio.IncompleteReadError) as error:
        answers[type(error).__name__] += 1
