"""Every finding about a diary, in order: on the delivery as it came, and on what validation accepted of it.

Here belongs which rules are asked. Not here: the rules (`core.quality_*`), and what is done with a finding.
"""

import datetime

import pandas as pd

from migraine_assets.core import quality_data, quality_delivery, quality_fields
from migraine_assets.core.findings import Finding
from migraine_assets.core.monitoring import arrival
from migraine_assets.core.profile import Profile
from migraine_assets.core.quality import QualitySettings
from migraine_assets.core.validation import Validated


def raw_findings(raw: pd.DataFrame, *, before: Profile | None, settings: QualitySettings) -> tuple[Finding, ...]:
    """On the raw frame of a delivery; `before` is the profile of the last accepted one."""
    return (
        quality_delivery.not_empty(raw),
        quality_delivery.raw_types(raw),
        quality_delivery.unreadable_share(raw, settings=settings),
        arrival.units_as_before(raw, before, settings=settings),
    )


def validated_findings(
    result: Validated, *, before: Profile | None, today: datetime.date, settings: QualitySettings
) -> tuple[Finding, ...]:
    """On the accepted rows; `before` is the profile of the previous delivery, of `quarantined` only the size counts."""
    valid = result.valid
    return (
        quality_delivery.types_and_bounds(valid),
        quality_data.unique_days(valid),
        quality_data.repeated_rows(valid),
        quality_data.static_fields(valid),
        quality_data.future_dates(valid, today=today, settings=settings),
        quality_data.outcome_consistency(valid),
        quality_data.class_balance(valid, settings=settings),
        quality_data.enough_to_train(valid, settings=settings),
        quality_fields.missing_values(valid, settings=settings),
        quality_fields.outliers(valid, settings=settings),
        quality_delivery.quarantine_share(result, settings=settings),
        quality_fields.drift_from_previous(valid, before, settings=settings),
    )
