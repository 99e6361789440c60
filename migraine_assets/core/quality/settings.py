"""The thresholds of the data checks.

Each check is a function that returns a `Finding`. The checks are in `core.quality.delivery` (the delivery as a whole),
`core.quality.losses` (nulled values, losses in step with the outcome), `core.quality.rows` (keys, dates, outcomes),
`core.quality.fields` (single fields), `core.quality.unit_change`, `core.quality.features` and `core.quality.folds`. Not
here: checks of models (`core.evaluation.flags`).
"""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Unit, doc


@dataclass(frozen=True)
class QualitySettings:
    """Thresholds; shares are between 0 and 1. `_warning` limits cause a warning, `_blocking` limits stop a run."""

    unreadable_warning: Annotated[
        float, Unit("share"), doc("Warn above this share of rows that cannot be read completely.")
    ] = 0.01
    quarantine_warning: Annotated[float, Unit("share"), doc("Warn above this share of quarantined rows.")] = 0.05
    quarantine_blocking: Annotated[
        float, Unit("share"), doc("Refuse a delivery above this share of quarantined rows.")
    ] = 0.30
    nulled_warning: Annotated[float, Unit("share"), doc("Warn where more values of a field had to be set to null.")] = (
        0.01
    )
    nulled_blocking: Annotated[
        float, Unit("share"), doc("Refuse a delivery in which more values of a field cannot be used.")
    ] = 0.10
    loss_alpha: Annotated[
        float,
        Unit("probability"),
        doc("Refuse losses that go together with the outcome unless chance explains them this often."),
    ] = 0.001
    missing_warning: Annotated[float, Unit("share"), doc("Warn where a recorded field has no value in more rows.")] = (
        0.50
    )
    outcome_missing_warning: Annotated[float, Unit("share"), doc("Warn where the outcome is missing in more rows.")] = (
        0.20
    )
    outcome_missing_blocking: Annotated[
        float, Unit("share"), doc("Refuse a delivery in which the outcome is missing in more rows.")
    ] = 0.80
    iqr_factor: Annotated[
        float, doc("Interquartile ranges outside the quartiles from which a value is an outlier (Tukey 1977).")
    ] = 1.5
    robust_z: Annotated[float, doc("Robust z-score from which a value is an outlier (Iglewicz & Hoaglin 1993).")] = 3.5
    outlier_warning: Annotated[float, Unit("share"), doc("Warn where a field has more outliers.")] = 0.10
    rare_class_warning: Annotated[float, Unit("share"), doc("Warn where days with or without an attack are rarer.")] = (
        0.05
    )
    psi_warning: Annotated[
        float, doc("Population stability index to the delivery before, above which a field is reported.")
    ] = 0.20
    psi_alpha: Annotated[
        float,
        Unit("probability"),
        doc("Chance of a false report: for small deliveries the index must be above what chance exceeds this often."),
    ] = 0.01
    units_changed: Annotated[
        tuple[str, ...], doc("Fields that may look as if their unit had changed, because their values really changed.")
    ] = ()
    min_participants: Annotated[
        int,
        Unit("participants"),
        doc("Least participants to train and test: by default 2 to test and 5 to train, one per fold."),
    ] = 7
    min_days_of_each_outcome: Annotated[
        int, Unit("days"), doc("Least days with an attack, and least days without.")
    ] = 20
    leak_auc: Annotated[
        float, Unit("ROC-AUC"), doc("Refuse a single feature that separates attack days better: it holds the outcome.")
    ] = 0.98
    leak_within_person_auc: Annotated[float, Unit("ROC-AUC"), doc("The same within a participant.")] = 0.90
    leak_min_rows: Annotated[int, Unit("rows"), doc("Least rows for the search for leaks.")] = 20
    leak_max_rows: Annotated[int, Unit("rows"), doc("Most rows for the search for leaks; of more, a sample.")] = 50_000
    days_ahead: Annotated[int, Unit("days"), doc("How far after today a day may lie, since time zones differ.")] = 1
