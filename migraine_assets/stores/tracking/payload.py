"""Parameters, metrics, files and the data set of a run, as entities of MLflow and within its limits.

Not here: the runs themselves (`stores.tracking.experiments`).
"""

import json
import math
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")
Artifact = bytes | str | Path
_PARAMS_PER_CALL, _METRICS_PER_CALL, _PARAM_LENGTH, _DIGEST_LENGTH = 100, 1000, 6000, 36


@dataclass(frozen=True)
class DatasetInfo:
    """The training data of a run. `columns`: pairs (name, dtype). `version`: a hash."""

    name: str
    version: str
    source: str
    rows: int
    columns: tuple[tuple[str, str], ...]
    context: str = "training"


def log_payload(
    client: "MlflowClient",
    run_id: str,
    *,
    params: Mapping[str, Any],
    metrics: Mapping[str, float | None],
    artifacts: Mapping[str, Artifact],
    dataset: DatasetInfo | None,
) -> None:
    """Log to the run `run_id`. Metrics that are None or not finite are skipped; long parameters are truncated."""
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    for texts in _chunks({key: _text(value) for key, value in params.items()}, _PARAMS_PER_CALL):
        client.log_batch(run_id, params=[Param(key, text) for key, text in texts.items()])
    finite = {key: float(value) for key, value in metrics.items() if value is not None and math.isfinite(value)}
    for chunk in _chunks(finite, _METRICS_PER_CALL):
        client.log_batch(run_id, metrics=[Metric(key, value, now, 0) for key, value in chunk.items()])
    if dataset is not None:
        client.log_inputs(run_id, datasets=[_input(dataset)])
    if artifacts:
        with _folder(artifacts) as folder:
            client.log_artifacts(run_id, str(folder))


def _input(dataset: DatasetInfo) -> Any:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    columns = [{"type": dtype, "name": name, "required": False} for name, dtype in dataset.columns]
    entity = Dataset(
        name=dataset.name,
        digest=dataset.version[:_DIGEST_LENGTH],
        source_type="local",
        source=json.dumps({"source": dataset.source, "version": dataset.version}),
        schema=json.dumps({"mlflow_colspec": columns}),
        profile=json.dumps({"num_rows": dataset.rows}),
    )
    return DatasetInput(dataset=entity, tags=[InputTag("mlflow.data.context", dataset.context)])


@contextmanager
def _folder(artifacts: Mapping[str, Artifact]) -> Iterator[Path]:
    """Provide a temporary folder with the artifacts: bytes and text are written to files, paths are copied."""
    with tempfile.TemporaryDirectory() as name:
        for path, content in artifacts.items():
            target = Path(name, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                shutil.copyfile(content, target)
            else:
                target.write_bytes(content.encode() if isinstance(content, str) else content)
        yield Path(name)


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, sort_keys=True)
    return text[:_PARAM_LENGTH]


def _chunks(items: Mapping[str, T], size: int) -> Iterator[dict[str, T]]:
    pairs = iter(items.items())
    while chunk := dict(islice(pairs, size)):
        yield chunk
