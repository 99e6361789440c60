"""The prediction of one task for one participant, taken from the groups of a prediction.

Not here: the predictions (`migraine_assets.prediction.predictor`), the answers (`serving.api.compose`).
"""

from collections.abc import Mapping, Sequence

import msgspec

from migraine_assets.prediction.scoring import Group


class Score(msgspec.Struct, frozen=True, gc=False):
    """The prediction of one task for one participant: its group, the row in the group, and the output, None if
    abstained.
    """

    group: Group
    row: int
    output: float | None


def scores_of(groups: Sequence[Group], count: int) -> list[Score]:
    """Return the score of each of `count` participants; each of them is in exactly one of `groups`."""
    scores: list[Score] = [None] * count  # type: ignore[list-item]
    for group in groups:
        for row, (position, output) in enumerate(zip(group.positions.tolist(), group.outputs.tolist(), strict=True)):
            scores[position] = Score(group, row, output if output == output else None)
    return scores


def is_simulated(scores: Mapping[str, Score]) -> bool:
    """Return whether a model that answers was trained on simulated diaries."""
    return True in [score.group.model.simulated for score in scores.values()]
