"""Checks of losses: values that became null, and losses that depend on the outcome.

Not here: the test of dependence (`core.diary.losses`), the share of quarantined rows (`core.quality.delivery`).
"""

from dataclasses import dataclass

import pandas as pd

from migraine_assets.core.contract import DURATION, SEVERITY
from migraine_assets.core.diary.validation import NULLED, Validated
from migraine_assets.core.formatting import listed, percent, plural
from migraine_assets.core.quality.finding import Finding, finding
from migraine_assets.core.quality.settings import QualitySettings

# Only attack days have these fields, so any loss of them depends on the outcome and biases nothing.
_OF_ATTACKS = (SEVERITY, DURATION)

_COLUMNS = ("rule", "field", "rows", "share")


@dataclass(frozen=True)
class _Loss:
    """One row of the reasons of validation."""

    effect: str
    rule: str
    field: str
    rows: int
    share: float
    attack_share: float
    other_share: float
    p: float

    @property
    def what(self) -> str:
        """What was lost: values of a field, or rows."""
        return f"Values of {self.field}" if self.effect == NULLED else "Rows"


def nulled_values(validated: Validated, *, settings: QualitySettings) -> Finding:
    """Check that few values of each field became null (warning; blocking if its unit or coding must be wrong)."""
    nulled = [loss for loss in _losses(validated.reasons) if loss.effect == NULLED]
    shares: dict[str, float] = {}
    for loss in nulled:
        shares[loss.field] = shares.get(loss.field, 0.0) + loss.share
    too_many = {name for name, share in shares.items() if share > settings.nulled_blocking and name != DURATION}
    rules = {loss.field: loss.rule for loss in nulled}
    failures = [
        f"{name}: {percent(shares[name])} of the values cannot be used (rule {rules[name]}). Its unit or coding is "
        f"probably wrong: state 'unit' or 'recode' in the mapping, or leave the column out (ignore: [<column>])."
        for name in sorted(too_many)
    ]
    many = [name for name, share in shares.items() if share > settings.nulled_warning and name not in too_many]
    if many:
        listing = listed([f"{name} ({percent(shares[name])})" for name in many])
        failures.append(f"Values that cannot be used became null: {listing}.")
    count = sum(loss.rows for loss in nulled)
    success = f"{plural(count, 'value')} became null." if count else "Every value can be used."
    rows = [(loss.rule, loss.field, f"{loss.rows:,}", percent(loss.share)) for loss in nulled]
    blocking = bool(too_many)
    return finding("nulled_values", failures, success=success, blocking=blocking, columns=_COLUMNS, rows=rows)


def losses_with_outcome(validated: Validated, *, settings: QualitySettings) -> Finding:
    """Check that losses of rows and values do not depend on the outcome (blocking)."""
    tested = {loss.what: loss for loss in reversed(_losses(validated.reasons)) if loss.field not in _OF_ATTACKS
              or loss.effect != NULLED}  # fmt: skip
    level = settings.loss_alpha / max(len(tested), 1)
    failures = [
        f"{what} are lost on {percent(loss.attack_share)} of the days with an attack and on "
        f"{percent(loss.other_share)} of the others. This biases every model: repair its causes."
        for what, loss in tested.items()
        if loss.p < level
    ]
    columns = ("lost", "of days with an attack", "of other days", "p")
    rows = [
        (what, percent(loss.attack_share), percent(loss.other_share), f"{loss.p:.2g}") for what, loss in tested.items()
    ]
    success = "No losses depend on the outcome."
    return finding("losses_with_outcome", failures, success=success, blocking=True, columns=columns, rows=rows)


def _losses(reasons: pd.DataFrame) -> list[_Loss]:
    return [
        _Loss(
            effect=str(row["effect"]),
            rule=str(row["rule"]),
            field=str(row["field"]),
            rows=int(row["rows"]),
            share=float(row["share"]),
            attack_share=float(row["attack_share"]),
            other_share=float(row["other_share"]),
            p=float(row["p"]),
        )
        for row in reasons.to_dict("records")
    ]
