"""Load on a server with wrk: starting it, waiting until it answers, and measuring requests, latency and processor time.

Not here: which servers are compared (`benchmarks.peers`).
"""

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
    """Wait for the first successful answer. Raises `RuntimeError` with the output if there is none."""
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


def offered(asked: Load, work: Path, *, rate: float, connections: int, seconds: int) -> Counter[str]:
    """Send requests at about `rate` per second, at random times over many connections, and count the answers by status.

    wrk waits on each connection for a random time before the next request, so it needs little processor time. Refusals
    without Retry-After are counted separately, and failed connections as "socket errors".
    """
    script = write_script(asked, work)
    pause = 2000 * connections / rate  # ms, twice the mean
    script.write_text(script.read_text() + _COUNTING.replace("PAUSE", f"{pause:.0f}"))
    command = ("wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "10", "-s", str(script), asked.url)
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    answers = Counter({status: int(count) for status, count in re.findall(r"^status (.+): (\d+)$", text, re.MULTILINE)})
    if errors := re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text):
        answers["socket errors"] = sum(map(int, errors.groups()))
    return answers


_COUNTING = """
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init() counts = {} end
function delay() return math.random(0, PAUSE) end
function response(status, headers)
  local name = tostring(status)
  if status == 503 and not (headers["Retry-After"] or headers["retry-after"]) then name = "503 without Retry-After" end
  counts[name] = (counts[name] or 0) + 1
end
function done()
  for _, thread in ipairs(threads) do
    for name, count in pairs(thread:get("counts")) do print("status " .. name .. ": " .. count) end
  end
end
"""
