"""The levels of a probability, by the decision threshold and by the participant's usual risk.

Not here: their words (`serving.wording.sentences`), probabilities (`prediction.predictor`).
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from migraine_assets.prediction.model_set import ModelSet

Band = Literal["low", "moderate", "high", "very_high"]
Level = Literal["much_lower", "lower", "usual", "higher", "much_higher"]
# A risk above this multiple of the usual one is higher than usual.
USUAL_UP_TO = 1.25
# Minimum of known days: if all have an attack, days without one were probably left out.
LEAST_ATTACK_DAYS = 3
BANDS: tuple[Band, ...] = get_args(Band)


def band_limits(threshold: Any) -> tuple[Any, Any, Any]:
    """Return the lowest probabilities of a very high, high and moderate risk. `threshold`: a float, or an array of
    them.
    """
    return (1 + threshold) / 2, threshold, threshold / 2


def risk_band(p: float, threshold: float, *, usual: float | None = None) -> Band:
    """Return the band of probability `p` for the decision `threshold`.

    A high or very high band is lowered by one unless `p` is above the `usual` rate of the participant (None: unknown).
    """
    very_high, high, moderate = band_limits(threshold)
    band = int(p >= moderate) + int(p >= high) + int(p >= very_high)
    return BANDS[band - 1 if p >= high and usual is not None and p / usual <= USUAL_UP_TO else band]


def level_of(ratio: float) -> Level:
    """Return the level of a risk that is `ratio` times the usual one: "usual" from 4/5 to 5/4, "much" from twice on."""
    if ratio < 0.8:
        return "much_lower" if ratio <= 0.5 else "lower"
    if ratio <= USUAL_UP_TO:
        return "usual"
    return "much_higher" if ratio >= 2 else "higher"


def severity_missing(models: ModelSet, groups: Mapping[str, object]) -> Literal["other_horizon", "no_model"] | None:
    """Return why there is no severity, as the code of a warning; None if there is one."""
    if "severity" in groups:
        return None
    return "other_horizon" if "severity" in models.tasks else "no_model"
