"""The checks of a diary, in order: those of the raw delivery, and those of the accepted rows.

A new check is a line here. Not here: the checks (the other modules of `core.quality`), their declaration in Dagster
(`defs.checks.diary`).
"""

import datetime

import pandas as pd

from migraine_assets.core.contract import CONTRACT, Contract
from migraine_assets.core.diary.profile import Profile
from migraine_assets.core.diary.validation import Validated
from migraine_assets.core.features.matrix import attack_days_of
from migraine_assets.core.features.outcome import AttackDefinition
from migraine_assets.core.quality import delivery, fields, losses, rows, unit_change
from migraine_assets.core.quality.finding import Finding
from migraine_assets.core.quality.settings import QualitySettings

PLAIN = AttackDefinition()


def raw_findings(
    raw: pd.DataFrame, *, previous: Profile | None, settings: QualitySettings, contract: Contract = CONTRACT
) -> tuple[Finding, ...]:
    """Check the raw frame of a delivery. `previous` is the profile of the last accepted delivery."""
    return (
        delivery.not_empty(raw),
        delivery.raw_types(raw, contract=contract),
        delivery.unreadable_share(raw, settings=settings),
        unit_change.units_as_before(raw, previous, settings=settings, contract=contract),
    )


def validated_findings(
    result: Validated,
    *,
    previous: Profile | None,
    today: datetime.date,
    settings: QualitySettings,
    contract: Contract = CONTRACT,
    definition: AttackDefinition = PLAIN,
    least_days: int | None = None,
) -> tuple[Finding, ...]:
    """Check the accepted rows. `previous` is the profile of the last accepted delivery; `definition`: of an attack.
    `least_days`: of a diary that is split in time, None for any other.

    Only the number and the reasons of the quarantined rows are used.
    """
    valid = result.valid
    attack = attack_days_of(valid, definition, contract=contract)
    return (
        delivery.types_and_bounds(valid, contract=contract),
        rows.unique_days(valid),
        rows.repeated_rows(valid),
        rows.static_fields(valid, contract=contract),
        rows.future_dates(valid, today=today, settings=settings),
        rows.outcome_consistency(valid),
        rows.class_balance(valid, settings=settings, attack=attack),
        rows.enough_to_train(valid, settings=settings, attack=attack, least_days=least_days),
        fields.missing_values(valid, settings=settings, contract=contract, outcome=definition.field),
        fields.outliers(valid, settings=settings, contract=contract),
        delivery.quarantine_share(result, settings=settings),
        losses.nulled_values(result, settings=settings),
        losses.losses_with_outcome(result, settings=settings),
        fields.drift_from_previous(valid, previous, settings=settings, contract=contract),
    )
