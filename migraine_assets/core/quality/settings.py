"""The thresholds of the data checks.

Each check is a function that returns a `Finding`. The checks are in `core.quality.delivery` (the delivery as a whole),
`core.quality.losses` (nulled values, losses that depend on the outcome), `core.quality.rows` (keys, dates, outcomes),
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
    nulled_warning: Annotated[float, Unit("share"), doc("Warn if a larger share of a field's values became null.")] = (
        0.01
    )
    nulled_blocking: Annotated[
        float, Unit("share"), doc("Refuse a delivery if a larger share of a field's values became null.")
    ] = 0.10
    loss_alpha: Annotated[
        float,
        Unit("probability"),
        doc("Refuse losses that depend on the outcome if the p-value of the test is lower."),
    ] = 0.001
    missing_warning: Annotated[
        float, Unit("share"), doc("Warn if a recorded field is null in a larger share of rows.")
    ] = 0.50
    outcome_missing_warning: Annotated[
        float, Unit("share"), doc("Warn if the outcome is missing in a larger share of rows.")
    ] = 0.20
    outcome_missing_blocking: Annotated[
        float, Unit("share"), doc("Refuse a delivery if the outcome is missing in a larger share of rows.")
    ] = 0.80
    iqr_factor: Annotated[
        float, doc("Interquartile ranges beyond the quartiles that make a value an outlier (Tukey 1977).")
    ] = 1.5
    robust_z: Annotated[float, doc("Robust z-score that makes a value an outlier (Iglewicz & Hoaglin 1993).")] = 3.5
    outlier_warning: Annotated[float, Unit("share"), doc("Warn if a field has a larger share of outliers.")] = 0.10
    rare_class_warning: Annotated[float, Unit("share"), doc("Warn if days with or without an attack are rarer.")] = 0.05
    psi_warning: Annotated[float, doc("Report a field if its PSI from the previous delivery is larger.")] = 0.20
    psi_alpha: Annotated[
        float,
        Unit("probability"),
        doc("Probability of a false report, which raises the limit of the PSI for small deliveries."),
    ] = 0.01
    units_changed: Annotated[
        tuple[str, ...], doc("Fields that may seem to have another unit, because their values really changed.")
    ] = ()
    min_participants: Annotated[
        int,
        Unit("participants"),
        doc("Minimum number of participants; by default 2 to test and 5 to train, one per fold."),
    ] = 7
    min_days_of_each_outcome: Annotated[
        int, Unit("days"), doc("Minimum number of days with an attack, and without.")
    ] = 20
    leak_auc: Annotated[
        float, Unit("ROC-AUC"), doc("Refuse a feature that separates attack days better, since it reveals the outcome.")
    ] = 0.98
    leak_within_person_auc: Annotated[float, Unit("ROC-AUC"), doc("As leak_auc, within a participant.")] = 0.90
    leak_min_rows: Annotated[int, Unit("rows"), doc("Minimum number of rows of each class for the check of leaks.")] = (
        20
    )
    leak_max_rows: Annotated[
        int, Unit("rows"), doc("Maximum number of rows for the check of leaks; of more rows, a sample is used.")
    ] = 50_000
    days_ahead: Annotated[int, Unit("days"), doc("Days after today that are accepted, since time zones differ.")] = 1
