"""The translation of findings (`core.quality`) to Dagster check specs and results.

Not here: the rules (`core.quality`), the checks of each asset (`defs.checks.diary`, `defs.checks.features`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import dagster as dg

from migraine_assets.core.quality.finding import Finding
from migraine_assets.defs.metadata import table


@dataclass(frozen=True)
class Declared:
    """The declaration of a check. `can_block`: a failure can stop the downstream assets."""

    name: str
    description: str
    can_block: bool


def specs(asset: str, declared: Sequence[Declared], *, also_reads: Sequence[str] = ()) -> list[dg.AssetCheckSpec]:
    """Return the check specs of `asset`. `also_reads`: other assets that the step loads.

    A blocking check stops the downstream assets only if the failure is an ERROR and not a WARN.
    """
    return [
        dg.AssetCheckSpec(
            check.name,
            asset=asset,
            description=check.description,
            blocking=check.can_block,
            additional_deps=list(also_reads),
        )
        for check in declared
    ]


def results(asset: str | dg.AssetKey, findings: Iterable[Finding]) -> list[dg.AssetCheckResult]:
    """Return the findings as check results. A blocking failure is an ERROR, any other failure a WARN."""
    return [_result(asset, finding) for finding in findings]


def _result(asset: str | dg.AssetKey, finding: Finding) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.ERROR if finding.blocking else dg.AssetCheckSeverity.WARN
    metadata = {"figures": table(finding.columns, finding.rows)} if finding.columns else {}
    return dg.AssetCheckResult(
        passed=finding.passed,
        asset_key=asset,
        check_name=finding.name,
        severity=severity,
        description=finding.reason,
        metadata=metadata,
    )
