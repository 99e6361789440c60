"""The statistics of monitoring: speed, and agreement with scipy, Evidently and NannyML on the same data.

    python -m benchmarks.drift [--reference 1000000] [--rows 100000] [--features 40] [--peers evidently,nannyml]

Measures the CPU seconds of a window against a reference with all rows (exact distances) and with bins only, the first
time ("cold": including sorting and imports) and again ("warm"). Evidently and NannyML are installed into their own
environments on first use (in --environments) and get the same numbers. Targets: 2 CPU s cold and 0.6 warm for 40
features, a million reference rows and 100,000 new rows.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.monitoring.drift.distances import jensen_shannon, ks_exact
from migraine_assets.core.monitoring.drift.task_drift import DriftReference, Window, measure_drift
from migraine_assets.core.monitoring.estimated_performance import estimated_metrics
from migraine_assets.core.reference_bins import bin_counts, bin_edges, psi, references

EVIDENTLY = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, pandas as pd
from evidently.legacy.calculations.stattests import jensenshannon_stat_test, psi_stat_test
from evidently.legacy.core import ColumnType
data = np.load(sys.argv[1])
def result(test):
    before, now = pd.Series(data["binned_before"]), pd.Series(data["binned_now"])
    return float(test.func(before, now, ColumnType.Categorical, 0.1)[0])
print(json.dumps({
    "psi": result(psi_stat_test),
    # Base e there, base 2 here.
    "jensen_shannon": result(jensenshannon_stat_test) / np.sqrt(np.log(2)),
}))
"""
NANNYML = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, pandas as pd, nannyml as nml
data = np.load(sys.argv[1])
def frame(p, y, x):
    return pd.DataFrame({"p": p, "yhat": (p >= 0.4).astype(int), "y": y, "x": x})
before = frame(data["p_before"], data["y_before"], data["before"][: len(data["p_before"])])
now = frame(data["p_now"], data["y_now"], data["now"][: len(data["p_now"])])
metrics = ["roc_auc", "accuracy", "f1", "precision", "recall"]
cbpe = nml.CBPE(problem_type="classification_binary", y_pred_proba="p", y_pred="yhat", y_true="y", metrics=metrics,
                chunk_size=len(now))
estimate = cbpe.fit(before).estimate(now).filter(period="analysis").to_df()
result = {name: float(estimate[(name, "value")].iloc[0]) for name in metrics}
methods = ["kolmogorov_smirnov"]
drift = nml.UnivariateDriftCalculator(column_names=["x"], continuous_methods=methods, chunk_size=len(now))
table = drift.fit(before).calculate(now).filter(period="analysis").to_df()
result["kolmogorov_smirnov"] = float(table[("x", "kolmogorov_smirnov", "value")].iloc[0])
print(json.dumps(result))
"""
CODE = {"evidently": EVIDENTLY, "nannyml": NANNYML}
# Packages that they import, including some that they do not declare.
PACKAGES = {
    "evidently": ("evidently", "pandas<3"),
    "nannyml": ("nannyml", "statsmodels", "pandas<3", "numpy<2.3"),
}


def seconds(job: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds of `job` and its result."""
    before = time.process_time()
    result = job()
    return time.process_time() - before, result


def speed(reference_rows: int, rows: int, features: int) -> None:
    """Measure a window against all reference rows, and against bins."""
    rng = np.random.default_rng(1)
    names = [f"f{k}" for k in range(features)]
    before = rng.normal(size=(reference_rows, features)).astype(np.float32)
    now = (rng.normal(size=(rows, features)) + 0.02).astype(np.float32)
    bins_by_name = {item.name: item for item in references(before, names)}
    window = Window(now, names, np.arange(rows) // 7)
    sorting, kept = seconds(lambda: {name: np.sort(before[:, k].astype(np.float64)) for k, name in enumerate(names)})
    exact, bins = (
        DriftReference(bins_by_name, reference_rows // 60, samples=kept),
        DriftReference(bins_by_name, reference_rows // 60),
    )
    first, _ = seconds(lambda: measure_drift(window, exact))
    warm, _ = seconds(lambda: measure_drift(window, exact))
    binned, _ = seconds(lambda: measure_drift(window, bins))
    print(f"{features} features, {reference_rows:,} reference rows against {rows:,}, CPU s")
    print(f"  exact distances, cold, including sorting            {sorting + first:6.2f}   (sorting {sorting:.2f})")
    print(f"  exact distances, cold, sorted reference             {first:6.2f}   target 2")
    print(f"  exact distances, warm                               {warm:6.2f}   target 0.6")
    print(f"  distances from bins, warm                           {binned:6.2f}")


def same_data(folder: Path) -> tuple[Path, dict[str, float]]:
    """Write numbers, categories and calibrated probabilities to a file; return it and our statistics."""
    from scipy import stats

    rng = np.random.default_rng(2)
    before, now = rng.normal(size=20_000).round(2), (rng.normal(size=8_000) * 1.1 + 0.1).round(2)
    edges = bin_edges(before)
    p_before, p_now = (1 / (1 + np.exp(-rng.normal(mean, 1.2, size))) for mean, size in ((-0.8, 20_000), (-0.4, 8_000)))
    data = {
        "before": before,
        "now": now,
        "binned_before": np.searchsorted(edges, before),
        "binned_now": np.searchsorted(edges, now),
        "p_before": p_before,
        "y_before": (rng.random(20_000) < p_before).astype(int),
        "p_now": p_now,
        "y_now": (rng.random(8_000) < p_now).astype(int),
    }
    path = folder / "data.npz"
    np.savez(path, **data)
    counts = bin_counts(edges, before)[:-1], bin_counts(edges, now)[:-1]
    estimate = estimated_metrics(p_now, np.arange(8_000), threshold=0.4, replicates=1)
    ours = {
        "kolmogorov_smirnov": ks_exact(np.sort(before), now),
        "psi": psi(*counts),
        "jensen_shannon": jensen_shannon(*counts),
        **{name: interval.value for name, interval in estimate.items()},
    }
    print("\nThe same data: 20,000 rows against 8,000, attacks estimated from 8,000 calibrated probabilities")
    scipy = {
        "kolmogorov_smirnov": float(stats.ks_2samp(before, now).statistic),
        "jensen_shannon": float(_scipy_js(*counts)),
    }
    compare("scipy", ours, scipy)
    return path, ours


def _scipy_js(before: NDArray[np.int64], now: NDArray[np.int64]) -> float:
    from scipy.spatial.distance import jensenshannon

    return float(jensenshannon(before, now, base=2))


def compare(name: str, ours: dict[str, float], theirs: dict[str, float]) -> None:
    """Print both values and their difference."""
    for metric, value in theirs.items():
        difference = abs(value - ours[metric])
        print(f"  {name:<10}{metric:<20}{value:10.6f}   ours {ours[metric]:10.6f}   difference {difference:.1e}")


def environment(folder: Path, name: str) -> str:
    """Return the interpreter of a peer's environment; create the environment if necessary."""
    python = folder / name / "bin" / "python"
    if not python.exists():
        print(f"creating the environment of {name} ...", flush=True)
        subprocess.run((sys.executable, "-m", "venv", str(folder / name)), check=True)
        subprocess.run(
            (str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES[name]), check=True
        )
    return str(python)


def main() -> None:
    """Measure, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--features", type=int, default=40)
    parser.add_argument("--peers", default="evidently,nannyml")
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()) / "migraine-drift-peers")
    options = parser.parse_args()
    speed(options.reference, options.rows, options.features)
    with tempfile.TemporaryDirectory() as folder:
        path, ours = same_data(Path(folder))
        for name in filter(None, options.peers.split(",")):
            python = environment(options.environments, name)
            done = subprocess.run((python, "-c", CODE[name], str(path)), check=True, capture_output=True, text=True)
            compare(name, ours, json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
