"""What an answer leaves behind: its receipt, and the counts.

Not here: writing them (`receipts`, `metrics`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from migraine_assets.stores.receipt import Receipt
from serving.engine import Outcome
from serving.scoring import Score
from serving.services import Services


def record(services: Services, outcomes: Iterable[Outcome], *, seconds: float) -> None:
    """Log and count the answers to one request that took `seconds`."""
    now, metrics = services.clock(), services.metrics
    metrics.observe_latency(seconds)
    for outcome in outcomes:
        services.receipts.append(_receipt(services, outcome, now=now, latency_ms=1000 * seconds))
        for task, found in outcome.scores.items():
            status = "abstained" if found.output is None else "ok"
            metrics.count_prediction(status=status, task=task, model=found.served.bundle.hash, arm=found.arm)
            if found.shadow is not None:
                metrics.count_prediction(status="ok", task=task, model=found.shadow[0].bundle.hash, arm="shadow")
        if outcome.prediction.abstained:
            metrics.count_abstention()
        for field in outcome.out_of_range:
            metrics.count_out_of_range(field)


def _receipt(services: Services, outcome: Outcome, *, now: float, latency_ms: float) -> Receipt:
    scores, participant = outcome.scores, outcome.case.participant
    silent = _shadows(scores) if any(found.shadow is not None for found in scores.values()) else {}
    return Receipt(
        id=outcome.prediction.prediction_id,
        time=now,
        participant=services.receipts.pseudonym(participant) if participant else None,
        for_date=outcome.prediction.for_date,
        # Rows stay arrays: the thread that writes the log turns them into lists.
        features={task: found.row for task, found in scores.items()},  # type: ignore[misc]
        outputs={task: found.output for task, found in scores.items() if found.output is not None},
        bundles={task: found.served.bundle.hash for task, found in scores.items()},
        arm=_arm(scores.values()),
        latency_ms=round(latency_ms, 3),
        abstained=outcome.prediction.abstained,
        **silent,
    )


def _shadows(scores: Mapping[str, Score]) -> dict[str, Any]:
    """What silent models said; their inputs only where they are not those of the model that answered."""
    shadows = {task: found.shadow for task, found in scores.items() if found.shadow is not None}
    return {
        "shadow_outputs": {task: shadow[2] for task, shadow in shadows.items()},
        "shadow_bundles": {task: shadow[0].bundle.hash for task, shadow in shadows.items()},
        "shadow_features": {
            task: shadow[1]
            for task, shadow in shadows.items()
            if shadow[0].manifest.features != scores[task].served.manifest.features
        },
    }


def _arm(scores: Iterable[Score]) -> str:
    """The arm of the request: that of the first task which is on trial for this person."""
    return next((found.arm for found in scores if found.arm != "champion"), "champion")
