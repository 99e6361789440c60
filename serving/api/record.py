"""What answers leave behind: their receipts, and the counts.

Not here: writing them (`receipts`, `metrics`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from migraine_assets.stores.prediction_log.record import Receipt
from migraine_assets.stores.prediction_log.record_block import MOST_ROWS, Block, Part
from migraine_assets.stores.prediction_log.record_block import Silent as SilentPart
from serving.model.predictor import Predicted
from serving.model.scoring import Group, Rows, Silent
from serving.services import Services

Groups = Mapping[str, Sequence[Group]]


def record(services: Services, found: Predicted, *, seconds: float) -> None:
    """Log and count what was `found` for one request that took `seconds`."""
    metrics, names = services.metrics, found.people.names
    hidden = {name: services.receipts.pseudonym(name) if name else None for name in set(names)}
    people = [hidden[name] for name in names]
    log(services, found.groups, ids=found.ids, people=people, for_dates=found.for_dates, seconds=seconds)
    for group in found.groups["attack"]:
        if abstained := _abstained(group):
            metrics.count_abstentions(abstained)
    for field, times in Counter(found.beyond.fields.tolist()).items():
        metrics.count_out_of_range(field, times)


def log(
    services: Services,
    groups: Groups,
    *,
    ids: list[str],
    people: list[str | None],
    for_dates: list[str] | None,
    seconds: float,
) -> None:
    """Log and count the outputs in `groups` under `ids`. `people`: pseudonyms."""
    services.metrics.observe_latency(seconds)
    for task, found in groups.items():
        for group in found:
            _count(services, task, group)
    said: dict[str, Any] = {"time": services.clock(), "latency_ms": round(1000 * seconds, 3)}
    if len(ids) == 1:
        for_date = for_dates[0] if for_dates else None
        services.receipts.append(_receipt(groups, id=ids[0], participant=people[0], for_date=for_date, **said))
        return
    for low in range(0, len(ids), MOST_ROWS):
        cut = slice(low, low + MOST_ROWS)
        block = Block(
            ids=ids[cut],
            participants=people[cut],
            for_dates=for_dates[cut] if for_dates else None,
            parts=[part for task, found in groups.items() for group in found if (part := _part(task, group, low))],
            **said,
        )
        services.receipts.append(block, count=len(block.ids))


def _count(services: Services, task: str, group: Group) -> None:
    metrics, bundle = services.metrics, group.served.bundle.hash
    abstained = _abstained(group)
    for status, times in (("ok", len(group.outputs) - abstained), ("abstained", abstained)):
        if times:
            metrics.count_predictions(times, status=status, task=task, model=bundle, arm=group.arm)
    if group.silent is not None:
        shadow = group.silent.served.bundle.hash
        metrics.count_predictions(len(group.silent.places), status="ok", task=task, model=shadow, arm="shadow")


def _abstained(group: Group) -> int:
    if len(group.outputs) == 1:  # NumPy takes longer for one
        return int(group.outputs[0] != group.outputs[0])
    return int(np.count_nonzero(np.isnan(group.outputs)))


def _receipt(groups: Groups, **said: Any) -> Receipt:
    """The receipt of one person."""
    models = {task: found[0] for task, found in groups.items()}
    outputs = {task: float(group.outputs[0]) for task, group in models.items()}
    silent = {task: group.silent for task, group in models.items() if group.silent is not None}
    return Receipt(
        # Rows stay arrays: the thread that writes the log turns them into lists.
        features={task: group.rows[0] for task, group in models.items()},
        outputs={task: output for task, output in outputs.items() if output == output},
        bundles={task: group.served.bundle.hash for task, group in models.items()},
        arm=next((group.arm for group in models.values() if group.arm != "champion"), "champion"),
        abstained="attack" in outputs and outputs["attack"] != outputs["attack"],
        **(_shadows(models, silent) if silent else {}),
        **said,
    )


def _shadows(models: Mapping[str, Group], silent: Mapping[str, Silent]) -> dict[str, Any]:
    """What silent models said; their inputs only where they are not those of the model that answered."""
    return {
        "shadow_outputs": {task: float(found.outputs[0]) for task, found in silent.items()},
        "shadow_bundles": {task: found.served.bundle.hash for task, found in silent.items()},
        "shadow_features": {
            task: found.rows[0] for task, found in silent.items() if not _same_inputs(models[task], found)
        },
    }


def _same_inputs(group: Group, silent: Silent) -> bool:
    return silent.served.manifest.features == group.served.manifest.features


def _part(task: str, group: Group, low: int) -> Part | None:
    """What `group` said of the people from `low` on, as many as a block holds."""
    first, end = np.searchsorted(group.places, [low, low + MOST_ROWS]).tolist()
    if first == end:
        return None
    rows = group.rows[first:end]
    return Part(
        task=task,
        bundle=group.served.bundle.hash,
        arm=group.arm,
        places=(group.places[first:end] - low).tolist(),
        outputs=group.outputs[first:end].tolist(),
        width=rows.shape[1],
        features=_bytes(rows),
        silent=_silent_part(group, group.silent, first, end) if group.silent is not None else None,
    )


def _silent_part(group: Group, silent: Silent, first: int, end: int) -> SilentPart:
    start, stop = np.searchsorted(silent.places, [first, end]).tolist()
    rows = silent.rows[start:stop]
    return SilentPart(
        bundle=silent.served.bundle.hash,
        places=(silent.places[start:stop] - first).tolist(),
        outputs=silent.outputs[start:stop].tolist(),
        width=rows.shape[1],
        features=None if _same_inputs(group, silent) else _bytes(rows),
    )


def _bytes(rows: Rows) -> bytes:
    return np.ascontiguousarray(rows, dtype="<f4").tobytes()
