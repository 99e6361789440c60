"""The thresholds of the data checks.

Each check is a function that returns a `Finding`. The checks are in `core.quality.delivery` (the delivery as a whole),
`core.quality.rows` (keys, dates, outcomes), `core.quality.fields` (single fields), `core.quality.unit_change`,
`core.quality.features` and `core.quality.folds`. Not here: checks of models (`core.evaluation.flags`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class QualitySettings:
    """Thresholds; shares are between 0 and 1. `_warning` limits cause a warning, `_blocking` limits stop the pipeline.

    An outlier lies more than `iqr_factor` interquartile ranges outside the quartiles (Tukey 1977), or its robust
    z-score, 0.6745 times its distance from the median divided by the median absolute deviation, exceeds `robust_z`
    (Iglewicz & Hoaglin 1993). For small deliveries `psi_warning` is raised to the PSI that chance alone exceeds with
    probability `psi_alpha`. `units_changed`: fields that may look as if their unit had changed, because their values
    really changed. `min_participants` is by default 2 to test and 5 to train, one per fold. `days_ahead` allows for
    time zones.
    """

    unreadable_warning: float = 0.01
    quarantine_warning: float = 0.05
    quarantine_blocking: float = 0.30
    missing_warning: float = 0.50
    outcome_missing_warning: float = 0.20
    outcome_missing_blocking: float = 0.80
    iqr_factor: float = 1.5
    robust_z: float = 3.5
    outlier_warning: float = 0.10
    rare_class_warning: float = 0.05
    psi_warning: float = 0.20
    psi_alpha: float = 0.01
    units_changed: tuple[str, ...] = ()
    min_participants: int = 7
    min_days_of_each_outcome: int = 20
    leak_auc: float = 0.98
    leak_within_person_auc: float = 0.90
    leak_min_rows: int = 20
    leak_max_rows: int = 50_000
    days_ahead: int = 1
