"""Forecasts for many participants in one call, compared with features and ONNX Runtime alone. Prints ratio and memory.

    python -m benchmarks.forecasts [--participants 1000000] [--days 14] [--trees 300] [--rounds 3]

The champion is a LightGBM model of the synthetic cohort. The forecasts are those of `migraine forecast` from the newest
delivery with `--to FILE.parquet`: reading, features, ONNX Runtime, answers and writing, in one process. The comparison
computes the features of the same days in the same parts and runs the same ONNX graph, and does nothing else; reading
is not part of it. The target is one of wall time, for two idle cores, because the forecasts read and write while they
predict. On a busy machine only the CPU time says anything: the wall time is at least that of the longest stage.
"""

import argparse
import hashlib
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.serving import NOW, synthetic_diary, train
from migraine_assets.core.features import engine
from migraine_assets.defs.forecast_shards import delivered_shards
from migraine_assets.defs.refs import DeliveryInfo, DiaryRef
from migraine_assets.prediction.forecast_files import forecast_file
from migraine_assets.prediction.forecasts import forecast_shards
from migraine_assets.prediction.histories import Histories
from migraine_assets.prediction.model_set import ModelSet, promoted_models
from migraine_assets.prediction.predictor import Predictor
from migraine_assets.prediction.scoring import Check
from migraine_assets.stores.assets.frames import FRAMES, FrameRef
from migraine_assets.stores.store import Store

LIMIT = 1.3
# Participants that are simulated; the others are copies of them under other names.
SIMULATED = 2000


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--participants", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        train(work, options.trees)
        store = Store(str(work / "home" / "store"))
        models, diary = promoted_models(store), write_diary(store, options.participants, options.days)
        alone, whole = [], []
        for _ in range(options.rounds):
            alone.append(features_and_model(store, diary, models))
            whole.append(forecast(store, diary, models, work / "forecasts.parquet"))
    print(f"{options.participants:,} participants of {options.days} days")
    print(f"features and ONNX Runtime alone   {_median(alone, 'wall'):8.1f} s  CPU {_median(alone, 'cpu'):8.1f} s")
    print(f"forecasts, read and written       {_median(whole, 'wall'):8.1f} s  CPU {_median(whole, 'cpu'):8.1f} s")
    print(f"of these, predicting                          CPU {_median(whole, 'predicting'):8.1f} s")
    print(f"ratio of wall time                {_ratio(whole, alone, 'wall'):8.2f}   at most {LIMIT} on two idle cores")
    print(f"ratio of CPU time                 {_ratio(whole, alone, 'cpu'):8.2f}")
    print(
        f"predicting, ratio of CPU time     {_ratio([replace(t, cpu=t.predicting) for t in whole], alone, 'cpu'):8.2f}"
    )
    print(f"peak memory of this process       {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MiB")


@dataclass(frozen=True)
class Seconds:
    """Times of one run. `predicting`: CPU time of the thread that predicts, the longest of the three stages."""

    wall: float
    cpu: float
    predicting: float


class TimedPredictor(Predictor[ModelSet]):
    """A predictor that adds up the CPU time of its thread."""

    seconds = 0.0

    def predict(self, histories: Histories, models: ModelSet | None = None, check: Check = lambda: None) -> Any:
        """Predict, and add the time to `seconds`."""
        began = time.thread_time()
        predictions = super().predict(histories, models, check)
        self.seconds += time.thread_time() - began
        return predictions


def forecast(store: Store, diary: DiaryRef, models: ModelSet, path: Path) -> Seconds:
    """Forecast everybody and write the answers, as the command does."""
    predictor = TimedPredictor(lambda: models, make_ids=lambda count: [""] * count, secret=b"benchmark")
    wall, cpu = time.perf_counter(), time.process_time()
    with forecast_file(path) as write:
        for part in forecast_shards(delivered_shards(store, diary, models), predictor, today=NOW.date()):
            write(part.table())
    return Seconds(time.perf_counter() - wall, time.process_time() - cpu, predictor.seconds)


def features_and_model(store: Store, diary: DiaryRef, models: ModelSet) -> Seconds:
    """Return the time of computing the features of each newest day and running the model on them."""
    model, wall, cpu = models.tasks["attack"].champion, 0.0, 0.0
    for shard in delivered_shards(store, diary, models):
        codes = shard.diary.participant
        newest = np.flatnonzero(np.append(codes[1:] != codes[:-1], True))
        wall_began, cpu_began = time.perf_counter(), time.process_time()
        rows = engine.compute(shard.diary, horizon=1, plan=model.recipe.plan, rows=newest)
        model.bundle.predict(rows if model.takes_all else rows[:, model.inputs])
        wall += time.perf_counter() - wall_began
        cpu += time.process_time() - cpu_began
    return Seconds(wall, cpu, cpu)


def write_diary(store: Store, participants: int, days: int) -> DiaryRef:
    """Write a preprocessed diary of so many participants to the store, in parts."""
    one = pa.Table.from_pandas(synthetic_diary(min(participants, SIMULATED), days), preserve_index=False)
    names, path = one.column("participant_id"), Path(store.path(f"{FRAMES}/preprocessed_diary/new.parquet"))
    path.parent.mkdir(parents=True)
    copies = -(-participants // SIMULATED)
    with pq.ParquetWriter(path, one.schema, compression="zstd") as writer:
        for copy in range(copies):
            renamed = pc.binary_join_element_wise(f"{copy:05d}", names, "-")
            writer.write_table(one.set_column(one.column_names.index("participant_id"), "participant_id", renamed))
    with path.open("rb") as file:
        version = hashlib.file_digest(file, "sha256").hexdigest()
    path.rename(path.with_name(f"{version}.parquet"))
    frame = FrameRef("preprocessed_diary", version, one.num_rows * copies, tuple(one.column_names))
    delivery = DeliveryInfo("synthetic", "benchmark", "0" * 32, 1, None, (), (), "2026-01-01", None)
    return DiaryRef(frame, delivery)


def _median(runs: Sequence[Seconds], name: str) -> float:
    return statistics.median(getattr(run, name) for run in runs)


def _ratio(whole: Sequence[Seconds], alone: Sequence[Seconds], name: str) -> float:
    return statistics.median(getattr(one, name) / getattr(other, name) for one, other in zip(whole, alone, strict=True))


if __name__ == "__main__":
    main()
