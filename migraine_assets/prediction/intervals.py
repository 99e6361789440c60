"""The intervals around a probability and around a severity, computed from the manifest.

These models give a probability no interval of its own. What can be estimated is how far the frequency of attacks among
days with the same prediction may lie from it: the logistic recalibration of the model, cross-validated, with its 95 %
bootstrap intervals over participants. With the intercept a (logit P = x + a) and the slope b, the frequency at the
predicted logit x lies within x + a +- sqrt(d_a^2 + ((x - m) d_b)^2). Here d_a and d_b are the half-widths of the two
intervals, m is the logit of the base rate, around which the slope turns, and their covariance is taken as 0. The
interval narrows with more participants, not with a longer diary of the person.

Not here: estimating calibration and quantiles (`core.metrics.calibration_metrics`, `core.models.calibration`).
"""

import math
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.metrics.interval import IntervalRecord
from migraine_assets.stores.bundles.manifest import Manifest

Floats = NDArray[np.float64]

_CLIP = 1e-6


class Interval(msgspec.Struct, frozen=True, gc=False):
    """The `low` and `high` end of an interval."""

    low: float
    high: float


@dataclass(frozen=True)
class CalibrationBand:
    """The interval of the calibration intercept (`low`, `high`), half-width of the slope's, logit of the base rate."""

    low: float
    high: float
    slope: float
    centre: float

    def around(self, p: float) -> Interval:
        """Return the 95 % interval of the frequency of attacks among days with prediction `p`. It contains `p`."""
        x = logit(p)
        turn = abs(x - self.centre) * self.slope
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        spread = math.hypot(half, turn)
        low, high = expit(x + middle - spread), expit(x + middle + spread)
        return Interval(round(min(low, p), 6), round(max(high, p), 6))

    def ends(self, p: Floats) -> tuple[Floats, Floats]:
        """Return the ends of the same interval for many predictions, arrays [n]."""
        clipped = np.clip(p, _CLIP, 1 - _CLIP)
        x = np.log(clipped) - np.log1p(-clipped)
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        spread = np.hypot(half, np.abs(x - self.centre) * self.slope)
        low, high = (1 / (1 + np.exp(-(x + middle + side))) for side in (-spread, spread))
        return np.minimum(low, p).round(6), np.maximum(high, p).round(6)


def calibration_band(manifest: Manifest) -> CalibrationBand | None:
    """Return the band of an attack model, or None if its manifest has no calibration with both ends."""
    intercept, slope = (_ends(manifest.metrics.get(f"calibration_{name}")) for name in ("intercept", "slope"))
    if intercept is None or slope is None:
        return None
    return CalibrationBand(intercept[0], intercept[1], (slope[1] - slope[0]) / 2, logit(manifest.base_rate))


def _ends(metric: IntervalRecord | None) -> tuple[float, float] | None:
    if metric is None or metric.ci_low is None or metric.ci_high is None:
        return None
    return metric.ci_low, metric.ci_high


def severity_interval(expected: float, manifest: Manifest) -> Interval | None:
    """Return the split-conformal interval, cut to the scale of the outcome, or None if the manifest has no quantile."""
    reach = _reach(manifest)
    return Interval(max(reach[0], expected - reach[2]), min(reach[1], expected + reach[2])) if reach else None


def severity_ends(expected: Floats, manifest: Manifest) -> tuple[Floats, Floats] | None:
    """Return the ends of the same interval for many predictions, arrays [n]."""
    reach = _reach(manifest)
    return (np.maximum(reach[0], expected - reach[2]), np.minimum(reach[1], expected + reach[2])) if reach else None


def _reach(manifest: Manifest) -> tuple[float, float, float] | None:
    """Return the ends of the scale, and half the interval's width."""
    if not manifest.conformal:
        return None
    return manifest.outcome.low, manifest.outcome.high, manifest.conformal.quantile


def logit(p: float) -> float:
    """Return log(p / (1 - p)), p clipped to [1e-6, 1 - 1e-6] as in the recalibration."""
    p = min(max(p, _CLIP), 1 - _CLIP)
    return math.log(p) - math.log1p(-p)


def expit(x: float) -> float:
    """Return 1 / (1 + exp(-x))."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
