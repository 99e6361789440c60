"""`migraine forecast`: the forecast of the next day for every participant of a delivery or a file, without the service.

Not here: forecasting (`prediction.forecasts`), files (`prediction.forecast_files`), the nightly forecasts
(`defs.forecasts`).
"""

import datetime as dt
import heapq
import math
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from migraine_assets.cli.console import AsJson, print_json, say, say_path, show
from migraine_assets.cli.documents.forecasts import ForecastDocument, ForecastLine, ForecastModel
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

# Most lines at the terminal. A file contains all.
SHOWN = 40
_COLUMNS = (
    "participant_id", "for_date", "probability", "base_rate", "relative_to_usual", "risk_band", "severity", "error",
)  # fmt: skip
# Warnings that have a line of their own.
_EXPLAINED = ("simulated_model", "too_little_history")
_SIMULATED = "Simulated: the model was trained on simulated diaries. Its numbers are no evidence about migraine."


def forecast(
    source: Annotated[
        str | None,
        typer.Argument(help="File, folder, glob or URL of a diary. Default: the newest accepted delivery."),
    ] = None,
    to: Annotated[Path | None, typer.Option(help="Write all columns to a .csv, .parquet or .json file.")] = None,
    day: Annotated[
        str | None,
        typer.Option(
            help="Forecast as on this day, from entries of the day before. Default: from the newest entry of each."
        ),
    ] = None,
    mapping: Annotated[
        str | None, typer.Option(help="YAML file that maps the columns of the source to diary fields.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Forecast every participant's next day with the promoted models."""
    from migraine_assets.cli.forecast_diary import diary_shards
    from migraine_assets.prediction.forecast_files import forecast_file
    from migraine_assets.prediction.forecasts import forecast_shards

    settings = Settings()
    made_on = _parse_day(day) if day else None
    models, predictor = _predictor(settings)
    described, shards = diary_shards(settings, models, source, mapping=mapping)
    today = dt.datetime.now(dt.UTC).date()
    totals = _Totals(shown=None if as_json else SHOWN)
    with forecast_file(to) if to else nullcontext(lambda _: None) as write:
        for part in forecast_shards(shards, predictor, today=today, day=made_on):
            table = part.table()
            write(table)
            totals.add(table, part.without)
    document = ForecastDocument(
        source=described,
        models=[
            ForecastModel(
                task=task,
                algorithm=model.champion.manifest.algorithm,
                bundle=model.champion.bundle.hash,
                data_version=model.champion.manifest.data_version,
                simulated=model.champion.simulated,
            )
            for task, model in models.tasks.items()
        ],
        participants=totals.participants,
        forecasts=totals.participants - totals.without.total(),
        without=dict(totals.without),
        warnings=dict(totals.warnings),
        lines=totals.lines(),
        file=str(to.resolve()) if to else None,
    )
    print_json(document) if as_json else _show(document)


def _predictor(settings: Settings) -> Any:
    """Return the promoted models and a predictor with them. Raises `ModelNotReady` before the first promotion."""
    from migraine_assets.prediction.model_set import promoted_models
    from migraine_assets.prediction.predictor import Predictor
    from migraine_assets.stores.signing_secret import shared_secret

    store = Store(settings.store_location)
    models = promoted_models(store)
    secret = shared_secret(store, configured=settings.signing_secret)
    # Nothing is logged, so the forecasts need no ids.
    return models, Predictor(lambda: models, make_ids=lambda count: [""] * count, secret=secret)


@dataclass
class _Totals:
    """Counts of the forecasts, and the `shown` lines with the largest relative risk (None: all)."""

    shown: int | None
    participants: int = 0
    without: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    _best: list[tuple[float, float, ForecastLine]] = field(default_factory=list)

    def add(self, table: Any, without: Counter[str]) -> None:
        """Count the answers in `table`, a `pyarrow.Table`, and store the lines with the largest relative risk."""
        import pyarrow.compute as pc

        self.participants += table.num_rows
        self.without += without
        for entry in pc.value_counts(pc.list_flatten(table["warnings"])).to_pylist():
            self.warnings[entry["values"]] += entry["counts"]
        if self.shown is not None:
            order = [("relative_to_usual", "descending"), ("probability", "descending")]
            top = pc.select_k_unstable(table, self.shown, order) if table.num_rows > self.shown else None
            table = table if top is None else table.take(top)
        rows = table.select(_COLUMNS).to_pylist()
        ranked = ((_rank(row["relative_to_usual"]), _rank(row["probability"]), _line(row)) for row in rows)
        best = [*self._best, *ranked]
        limit = len(best) if self.shown is None else self.shown
        self._best = heapq.nlargest(limit, best, key=lambda entry: entry[:2])

    def lines(self) -> list[ForecastLine]:
        """Return the stored lines, largest relative risk first."""
        return [line for *_, line in self._best]


def _rank(value: float | None) -> float:
    return -math.inf if value is None else value


def _line(row: dict[str, Any]) -> ForecastLine:
    return ForecastLine(
        participant=row["participant_id"],
        for_date=row["for_date"].isoformat() if row["for_date"] else None,
        probability=row["probability"],
        usual=row["base_rate"],
        relative_to_usual=row["relative_to_usual"],
        risk_band=row["risk_band"],
        severity=row["severity"],
        error=row["error"],
    )


def _show(document: ForecastDocument) -> None:
    lines = [line for line in document.lines if line.probability is not None]
    rows = [
        (line.participant, line.for_date or "", _percent(line.probability), _percent(line.usual),
         "" if line.relative_to_usual is None else f"{line.relative_to_usual:.2f}",
         (line.risk_band or "").replace("_", " "), "" if line.severity is None else f"{line.severity:.1f}")
        for line in lines
    ]  # fmt: skip
    columns = ("participant", "for", "risk", "usual", "ratio", "band", "severity")
    if rows:
        show(f"Forecasts from {document.source}", columns, rows, right=("risk", "usual", "ratio", "severity"))
    if document.forecasts > len(rows):
        say(f"{document.forecasts - len(rows):,} more. All of them: --to FILE.csv")
    say(f"{document.forecasts:,} of {document.participants:,} participants have a forecast.")
    for reason, count in document.without.items():
        say(f"{count:,} without: {reason}.")
    for model in document.models:
        say(f"Model of {model.task}: {model.algorithm} {model.bundle[:12]}, trained on {model.data_version}.")
    if any(model.simulated for model in document.models):
        say(_SIMULATED)
    counted = {code: count for code, count in document.warnings.items() if code not in _EXPLAINED}
    if counted:
        say("Warnings: " + ", ".join(f"{code} ({count:,})" for code, count in counted.items()) + ".")
    if document.file:
        say_path("Written to ", Path(document.file))


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _parse_day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"--day takes a day as YYYY-MM-DD, not '{text}'.") from None
