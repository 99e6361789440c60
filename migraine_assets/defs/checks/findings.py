"""From a finding of `core` to a Dagster check result, and one check step for each asset.

Here belongs the translation. Not here: the rules (`core.quality_*`), which asset has which (`defs.checks.diary`,
`defs.checks.features`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import dagster as dg

from migraine_assets.core.quality.finding import Finding
from migraine_assets.defs.metadata import table


@dataclass(frozen=True)
class Declared:
    """A check before it is run: its name, what it makes sure of, and whether it can stop what comes after."""

    name: str
    description: str
    can_block: bool


def specs(asset: str, declared: Sequence[Declared], *, also_reads: Sequence[str] = ()) -> list[dg.AssetCheckSpec]:
    """Check specs; `also_reads` names other assets that the step loads.

    A blocking check stops downstream assets only when a failure is an ERROR, and not a WARN.
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
    """Every finding as a result: a blocking failure is an ERROR, any other a WARN."""
    return [_result(asset, found) for found in findings]


def _result(asset: str | dg.AssetKey, found: Finding) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.ERROR if found.blocking else dg.AssetCheckSeverity.WARN
    metadata = {"figures": table(found.columns, found.rows)} if found.columns else {}
    return dg.AssetCheckResult(
        passed=found.passed,
        asset_key=asset,
        check_name=found.name,
        severity=severity,
        description=found.reason,
        metadata=metadata,
    )
