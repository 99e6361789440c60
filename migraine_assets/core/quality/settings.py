"""Data quality: the thresholds of every check on data.

Here belong the settings. Each check is a function that returns a `Finding`: in `core.quality.delivery` (the
delivery as a whole), `core.quality.rows` (keys, dates, outcomes), `core.quality.fields` (field by field),
`core.quality.features` and `core.quality.folds`. Not here: checks on models.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class QualitySettings:
    """Thresholds; shares are 0-1. `_warning` asks somebody to look, `_blocking` stops what comes after.

    An outlier is outside the quartiles by `iqr_factor` interquartile ranges (Tukey 1977) or has a robust z,
    0.6745 times its distance from the median over the median absolute deviation, beyond `robust_z` (Iglewicz
    and Hoaglin 1993). `psi_warning` is raised for small deliveries to the `psi_alpha` tail of what chance alone
    gives. `units_changed`: fields whose values may look like another unit than in the delivery before, because
    they really changed. `min_participants` holds by default 2 to test and 5, one for each fold, to train.
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
