"""Every finding about a diary, in order: on the delivery as it came, and on what validation accepted of it.

Here belongs which rules are asked. Not here: the rules (`core.quality_*`), and what is done with a finding.
"""

import datetime

import pandas as pd

from migraine_assets.core.diary.profile import Profile
from migraine_assets.core.diary.validation import Validated
from migraine_assets.core.quality import delivery, fields, rows, unit_change
from migraine_assets.core.quality.finding import Finding
from migraine_assets.core.quality.settings import QualitySettings


def raw_findings(raw: pd.DataFrame, *, before: Profile | None, settings: QualitySettings) -> tuple[Finding, ...]:
    """On the raw frame of a delivery; `before` is the profile of the last accepted one."""
    return (
        delivery.not_empty(raw),
        delivery.raw_types(raw),
        delivery.unreadable_share(raw, settings=settings),
        unit_change.units_as_before(raw, before, settings=settings),
    )


def validated_findings(
    result: Validated, *, before: Profile | None, today: datetime.date, settings: QualitySettings
) -> tuple[Finding, ...]:
    """On the accepted rows; `before` is the profile of the previous delivery, of `quarantined` only the size counts."""
    valid = result.valid
    return (
        delivery.types_and_bounds(valid),
        rows.unique_days(valid),
        rows.repeated_rows(valid),
        rows.static_fields(valid),
        rows.future_dates(valid, today=today, settings=settings),
        rows.outcome_consistency(valid),
        rows.class_balance(valid, settings=settings),
        rows.enough_to_train(valid, settings=settings),
        fields.missing_values(valid, settings=settings),
        fields.outliers(valid, settings=settings),
        delivery.quarantine_share(result, settings=settings),
        fields.drift_from_previous(valid, before, settings=settings),
    )
