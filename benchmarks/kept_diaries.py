"""`GET /forecast` from kept diaries compared with `/predict` of a fortnight, and the rate at which days are kept.

    python -m benchmarks.kept_diaries [--participants 10000] [--days 90] [--seconds 10] [--rounds 2] [--url URL]

The service is `migraine serve --plain`: one process, without Ray. Each request asks for a random participant, of whom
the look-back of 28 days is read. wrk has 16 connections. `--url`: a PostgreSQL database instead of SQLite. Target:
`GET /forecast` at least 0.7 times the requests per second of `/predict` with a fortnight. Needs `wrk` (Debian).
"""

import argparse
import datetime as dt
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.load import Load, await_answer, end_group, latency, load
from benchmarks.serving import fortnight, train
from migraine_assets.stores.diaries.database import open_database
from migraine_assets.stores.diaries.day import encode_day
from migraine_assets.stores.diaries.diaries import EPOCH, Diaries, Limits
from migraine_assets.stores.signing_secret import shared_secret
from migraine_assets.stores.store import Store
from serving.cluster.ray_environment import free_ports

TARGET = 0.7
TODAY = dt.datetime.now(dt.UTC).date().toordinal() - EPOCH
_FORECAST = """
request = function() return wrk.format("GET", "/forecast/P-" .. math.random(0, COUNT - 1)) end
"""
_PUT = """
wrk.headers["Content-Type"] = "application/json"
request = function()
  local body = '{"stress_level": ' .. math.random(1, 10) .. ', "sleep_hours": 6.5}'
  return wrk.format("PUT", "/diaries/P-" .. math.random(0, COUNT - 1) .. "/days/DAY", nil, body)
end
"""


def fill(home: Path, url: str | None, *, participants: int, days: int) -> None:
    """Keep `days` days, each with ten fields, of each participant P-0, P-1, ..."""
    secret = shared_secret(Store(str(home / "store")))
    diaries = Diaries(open_database(url, home=home), secret=secret, limits=Limits(days, participants))
    diaries.prepare()
    contents = [encode_day(_day(k)) for k in range(days)]
    for first in range(0, participants, 100):
        with diaries.database.transaction("fill") as session:
            for name in (f"P-{k}" for k in range(first, min(first + 100, participants))):
                key, sealed = diaries.names.pseudonym(name), diaries.names.seal(name, owner="")
                session.execute("INSERT INTO diary_participants VALUES (?, '', ?, 0)", (key, sealed))
                for k, content in enumerate(contents):
                    row = (key, TODAY - days + 1 + k, content)
                    session.execute("INSERT INTO diary_days VALUES (?, '', ?, ?, 0)", row)
    diaries.close()


def _day(k: int) -> dict[str, float]:
    return {
        "sleep_hours": 5 + k % 4, "sleep_quality": 1 + k % 9, "stress_level": 1 + k % 10, "screen_time": 4.5,
        "caffeine_intake": k % 3, "hydration": 1.5, "weather_pressure": 1013.2, "neck_pain": k % 2, "bright_light": 0,
        "migraine_occurrence": int(k % 5 == 0),
    }  # fmt: skip


def wrk(base: str, script: str, work: Path, *, seconds: int) -> tuple[float, float, int]:
    """Requests per second, p99 in milliseconds, and failed answers."""
    path = work / "kept.lua"
    path.write_text(script)
    command = ("wrk", "-t1", "-c16", f"-d{seconds}", "--latency", "-s", str(path), base)
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate, bad = re.search(r"Requests/sec:\s+([\d.]+)", text), re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return float(rate[1]) if rate else 0.0, latency(text, "99"), int(bad[1]) if bad else 0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--url", help="PostgreSQL database; default: SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        train(work, options.trees)
        fill(work / "home", options.url, participants=options.participants, days=options.days)
        port = free_ports(1)[0]
        base, root = f"http://127.0.0.1:{port}", str(Path(__file__).resolve().parents[1])
        settings = {"MIGRAINE_HOME": str(work / "home"), "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
        settings |= {"SERVING_DIARY_URL": options.url} if options.url else {}
        command = (sys.executable, "-c", "from serving.cli import app; app()", "serve", "--plain", "--port", str(port))
        with (work / "output").open("wb") as output:
            process = subprocess.Popen(
                command, cwd=work, env=os.environ | settings, stdout=output, stderr=output, start_new_session=True
            )
        try:
            predict = Load("", f"{base}/predict", fortnight())
            await_answer(process, predict, work)
            _measure(base, predict, work, options)
        finally:
            process.terminate()
            process.wait(30)
            end_group(process)


def _measure(base: str, predict: Load, work: Path, options: argparse.Namespace) -> None:
    count, day = str(options.participants), dt.date.fromordinal(TODAY + EPOCH).isoformat()
    scripts = {"forecast": _FORECAST.replace("COUNT", count)}
    scripts["put"] = _PUT.replace("COUNT", count).replace("DAY", day)
    rates: dict[str, list[float]] = {"predict": [], "forecast": [], "put": []}
    for _ in range(options.rounds):
        rates["predict"].append(load(predict, work, seconds=options.seconds).rate)
        for name, script in scripts.items():
            rate, p99, bad = wrk(base, script, work, seconds=options.seconds)
            rates[name].append(rate)
            print(f"{name}: {rate:.0f} requests/s, p99 {p99:.1f} ms, {bad} failed", flush=True)
    medians = {name: statistics.median(each) for name, each in rates.items()}
    print(", ".join(f"{name} {rate:.0f}/s" for name, rate in medians.items()))
    print(f"forecast / predict: {medians['forecast'] / medians['predict']:.2f}; target {TARGET}")


if __name__ == "__main__":
    main()
