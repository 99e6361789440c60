"""A home with a champion and a prediction log: participants of the synthetic cohort, a real bundle, a real log."""

import datetime as dt
import functools
import shutil
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import msgspec
import numpy as np
import pandas as pd

from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.core.features.matrix import FeatureRows, feature_rows
from migraine_assets.core.features.table import default_recipe
from migraine_assets.core.metrics.metrics import score_attack
from migraine_assets.core.models.catalogue import find
from migraine_assets.core.models.training import TrainingSet, fit_model
from migraine_assets.core.monitoring.performance_result import metric_records
from migraine_assets.core.reference_bins import MODEL_OUTPUT, reference, references
from migraine_assets.definitions import build_defs
from migraine_assets.defs.resources import Workspace
from migraine_assets.sources.registry import read_source
from migraine_assets.stores.bundles.bundles import load_bundle, write_bundle
from migraine_assets.stores.bundles.pack import Context, pack
from migraine_assets.stores.bundles.provenance import BundleProvenance, add_provenance
from migraine_assets.stores.prediction_log.prediction_ids import make_ids
from migraine_assets.stores.prediction_log.record import Feedback, PredictionRecord
from migraine_assets.stores.prediction_log.segments import segments
from migraine_assets.stores.pseudonyms import pseudonym
from migraine_assets.stores.registry.champions import promote
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.signing_secret import shared_secret
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.shared import shared

LAST = dt.date(2026, 3, 10)
NOON = dt.time(12, tzinfo=dt.UTC)
PARAMS = """\
monitoring: {first_day: 2026-02-01, window_days: 7, label_delay_days: 2}
"""


def at_noon(day: dt.date) -> float:
    return dt.datetime.combine(day, NOON).timestamp()


@functools.cache
def cohort(seed: int, people: int = 120, days: int = 40, **options: float) -> FeatureRows:
    """Return the table of features of a synthetic cohort."""
    cohort_options = {"participants": people, "days": days, "seed": seed, **options}
    frame = read_source(
        "synthetic", mapping=None, options={k: str(v) for k, v in cohort_options.items()}, landing=None
    ).frame
    valid = validate(frame, today=dt.date(2026, 3, 1), settings=ValidationSettings()).valid
    return feature_rows(preprocess(valid).diary, horizon=1)


def trained() -> Path:
    """Return a store with one champion for attacks of the synthetic cohort. It is read only."""
    return shared("champion", lambda folder: put_champion(Store(str(folder)), cohort(5, people=250)))


def put_champion(store: Store, rows: FeatureRows) -> None:
    """Train a champion for attacks on `rows`, with its own test."""
    y = rows.frame["target_attack"].to_numpy(np.float64)
    known = ~np.isnan(y)
    X = rows.frame.loc[known, list(rows.names)].to_numpy(np.float32)
    who = np.unique(rows.frame.loc[known, "participant_id"].to_numpy(str), return_inverse=True)[1].astype(np.int64)
    data = TrainingSet(X, rows.names, y[known], who, (who % 3).astype(np.int8))
    fitted = fit_model(find("attack", "logistic_regression"), data, seed=3)
    scores = score_attack(data.y, fitted.oof, who, threshold=fitted.threshold or 0.5)
    bins = (*references(X, rows.names), reference(MODEL_OUTPUT, fitted.oof))
    context = Context(
        horizon=1,
        severity_kind=None,
        recipe=default_recipe(),
        data_version="d" * 32,
        metrics=scores,
        reference=bins,
    )
    packed = pack(fitted, data, context)
    bundle = write_bundle(store, packed.manifest, packed.model)
    add_provenance(store, bundle, BundleProvenance(test=metric_records(scores)))
    promote(store, "attack", champion=bundle, who="test", when=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), why=("test",))


@dataclass(frozen=True)
class MonitoredHome:
    """A home with a champion and a log. `instance` keeps runs, like that of a daemon."""

    root: Path
    instance: dg.DagsterInstance

    @classmethod
    def make(cls, root: Path, *, rows: FeatureRows | None = None) -> "MonitoredHome":
        """Return a home with the champion of the synthetic cohort, or with one trained on `rows`."""
        if rows is None:
            shutil.copytree(trained(), root / "store")
        else:
            put_champion(Store(str(root / "store")), rows)
        (root / "params.yaml").write_text(PARAMS)
        return cls(root, dg.DagsterInstance.ephemeral())

    @property
    def store(self) -> Store:
        return Store(str(self.root / "store"))

    @property
    def workspace(self) -> Workspace:
        return Workspace(
            store_uri=self.store.uri,
            reports=str(self.root / "reports"),
            landing=str(self.root / "landing"),
            tracking_uri=f"sqlite:///{self.root / 'mlflow.db'}",
            artifact_root=str(self.root / "mlartifacts"),
            params_path=str(self.root / "params.yaml"),
        )

    @property
    def champion(self) -> str:
        return read_pointer(self.store).tasks["attack"].champion

    def serve(self, rows: FeatureRows, *, last: dt.date = LAST, days: int = 7) -> pd.DataFrame:
        """Predict with the champion for each participant on `days` days of the diary, shifted to end with `last`.

        The days start at random positions, because participants have used a service for different times, like those of
        the training data. The returned column `truth` has the outcomes.
        """
        secret, bundle = shared_secret(self.store), load_bundle(self.store, self.champion)
        dates = pd.to_datetime(rows.frame["date"])
        participants = rows.frame["participant_id"]
        names = participants.unique()
        ends = pd.Series(np.random.default_rng(3).integers(days, 41, len(names)), index=names)
        shifted = (dates - dates.groupby(participants).transform("min")).dt.days - participants.map(ends).to_numpy() + 1
        chosen = ((shifted > -days) & (shifted <= 0)).to_numpy()
        chosen_rows = rows.frame[chosen]
        outputs = bundle.predict_from(chosen_rows[list(rows.names)].to_numpy(np.float32), rows.names)
        predictions = pd.DataFrame(
            {
                "day": [last + dt.timedelta(days=int(back)) for back in shifted[chosen]],
                "participant": chosen_rows["participant_id"].to_numpy(str),
                "outputs": outputs,
                "truth": chosen_rows["target_attack"].to_numpy(np.float64),
            }
        )
        inputs = chosen_rows[list(bundle.manifest.names)].to_numpy(np.float32)
        target = segments(self.store, "predictions", segment_bytes=1 << 26)
        identities = make_ids(secret, len(predictions), time=at_noon(last))
        for day, part in predictions.groupby("day"):
            lines = [
                msgspec.json.encode(
                    PredictionRecord(
                        id=identities[k],
                        time=at_noon(day),
                        participant=pseudonym(secret, part.at[k, "participant"]),
                        for_date=(day + dt.timedelta(days=1)).isoformat(),
                        features={"attack": inputs[k].tolist()},
                        outputs={"attack": float(part.at[k, "outputs"])},
                        bundles={"attack": bundle.hash},
                    )
                )
                for k in part.index
            ]
            target.write(day.isoformat(), b"\n".join(lines) + b"\n")
        target.close()
        return predictions.assign(id=identities)

    def report_outcomes(self, predictions: pd.DataFrame, *, delay: int = 1, invert: bool = False) -> None:
        """Send feedback on all predictions, `delay` days after the day; `invert`: with the opposite outcome."""
        target = segments(self.store, "feedback", segment_bytes=1 << 26)
        known = predictions[predictions["truth"].notna()]
        for day, part in known.groupby("day"):
            reported_on = day + dt.timedelta(days=1 + delay)
            feedback = [
                Feedback(prediction_id=row.id, migraine_occurrence=bool(row.truth) ^ invert, time=at_noon(reported_on))
                for row in part.itertuples()
            ]
            target.write(reported_on.isoformat(), b"".join(msgspec.json.encode(report) + b"\n" for report in feedback))
        target.close()

    @cached_property
    def definitions(self) -> dg.Definitions:
        """The code location, loaded once as the daemon does."""
        return build_defs(resources={"workspace": self.workspace})

    def monitor(self, day: dt.date, *, job: str = "monitoring", report: bool = True) -> dg.ExecuteInProcessResult:
        """Materialize the monitoring of `day`. `report`: with the page, which takes half of the time."""
        with warnings.catch_warnings():
            # Dagster raises warnings about its own code; only warnings from this project are errors.
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", module=r"migraine_assets\.")
            resolved = self.definitions.resolve_job_def(job)
            keys = resolved.asset_layer.executable_asset_keys
            selection = None if report else [key for key in keys if key != dg.AssetKey("monitoring_report")]
            return resolved.execute_in_process(
                instance=self.instance, partition_key=day.isoformat(), asset_selection=selection
            )

    def monitor_days(self, last: dt.date = LAST, days: int = 7) -> None:
        """Materialize the monitoring of the `days` days up to `last`, in order, with the report of the last one."""
        for back in range(days - 1, -1, -1):
            self.monitor(last - dt.timedelta(days=back), report=back == 0)


def metadata(result: Any, asset: str) -> Any:
    """Return the metadata of an asset, as the UI shows them."""
    return {name: value.value for name, value in result.asset_materializations_for_node(asset)[0].metadata.items()}
