"""Exposures of the cohort as grids: stress, sleep, habits, weather and the menstrual cycle.

Every function returns grids of shape (days, participants) by contract name, and draws only from its own random streams.
Not here: anything that depends on attacks (`attacks`).
"""

import math

import numpy as np

from migraine_assets.sources.cohort.calendar import Calendar
from migraine_assets.sources.cohort.climate import Climate
from migraine_assets.sources.cohort.participants import Participants
from migraine_assets.sources.cohort.rng import Flags, Floats, autoregressive, bounded, stream
from migraine_assets.sources.cohort.settings import SyntheticSettings

Grids = dict[str, Floats]
EXERCISE_WINDOW = 7
LONGEST_SLEEP, LONGEST_SCREEN_TIME = 13.0, 11.0  # h; together they fit into a day
CYCLE_LENGTH, CYCLE_JITTER = 28.0, 1.5
PERIMENSTRUAL = (-2, -1, 0, 1, 2)  # from the day of onset, which is day +1 of the cycle; there is no day 0


def simulate_exposures(
    settings: SyntheticSettings, participants: Participants, calendar: Calendar, climate: Climate
) -> Grids:
    """Simulate all exposures of all participants, with drift as set in `settings`."""
    seed, weekend, shape = settings.seed, calendar.weekend, calendar.day.shape
    grids = {
        "stress_level": _stress(seed, weekend, settings.stress_change * calendar.drifted.astype(np.float64)),
        **_sleep(seed, weekend, settings.sleep_change * calendar.drifted.astype(np.float64)),
        "hydration": _hydration(seed, shape),
        "screen_time": _screen(seed, weekend),
        "caffeine_intake": _caffeine(seed, shape),
        "alcohol_intake": _alcohol(seed, weekend),
        **_activity(seed, shape),
        **_weather(seed, participants, calendar, climate),
        "missed_meals": _sporadic(seed, "missed_meals", shape, share=0.10),
        "specific_foods": _sporadic(seed, "specific_foods", shape, share=0.12),
        "menstrual_cycle": _cycle(seed, participants, shape[0]),
    }
    return grids | {"dehydration": _dehydration(seed, grids)}


def _traits(rng: np.random.Generator, mean: float, sd: float, n: int) -> Floats:
    return mean + sd * rng.standard_normal(n)


def _stress(seed: int, weekend: Flags, change: Floats) -> Floats:
    rng = stream(seed, "stress_level")
    usual = _traits(rng, 4.6, 1.2, weekend.shape[1])
    level = autoregressive(rng, weekend.shape, carry=0.5)
    level *= 1.5
    level += usual + change
    level -= 0.6 * weekend
    return bounded("stress_level", level, per_unit=1)


def _sleep(seed: int, weekend: Flags, change: Floats) -> Grids:
    """Simulate correlated sleep duration and quality; drift changes the duration only."""
    rng = stream(seed, "sleep")
    n = weekend.shape[1]
    usual_hours, usual_quality = _traits(rng, 6.9, 0.6, n), _traits(rng, 6.5, 1.0, n)
    night = autoregressive(rng, weekend.shape, carry=0.15)
    quality = 0.85 * rng.standard_normal(weekend.shape) + 0.5 * night
    quality *= 1.6
    quality += usual_quality
    night += usual_hours + change
    night += 0.5 * weekend
    np.minimum(night, LONGEST_SLEEP, out=night)
    return {
        "sleep_hours": bounded("sleep_hours", night, per_unit=2),
        "sleep_quality": bounded("sleep_quality", quality, per_unit=1),
    }


def _hydration(seed: int, shape: tuple[int, ...]) -> Floats:
    rng = stream(seed, "hydration")
    liters = _traits(rng, 1.9, 0.45, shape[1]) + 0.45 * rng.standard_normal(shape)
    return bounded("hydration", np.maximum(liters, 0.2), per_unit=10)


def _screen(seed: int, weekend: Flags) -> Floats:
    rng = stream(seed, "screen_time")
    hours = _traits(rng, 5.8, 1.8, weekend.shape[1]) + 1.5 * rng.standard_normal(weekend.shape)
    hours -= 1.2 * weekend
    return bounded("screen_time", np.clip(hours, 0.5, LONGEST_SCREEN_TIME), per_unit=2)


def _caffeine(seed: int, shape: tuple[int, ...]) -> Floats:
    rng = stream(seed, "caffeine_intake")
    usual = rng.gamma(2.5, 0.75, shape[1])
    return bounded("caffeine_intake", rng.poisson(usual, shape).astype(np.float64), per_unit=1)


def _alcohol(seed: int, weekend: Flags) -> Floats:
    """Simulate alcohol: three in ten never drink; others on some days, more on weekends, mostly one or two drinks."""
    rng = stream(seed, "alcohol_intake")
    n = weekend.shape[1]
    often = rng.beta(1.2, 6.0, n) * (rng.random(n) < 0.7)
    drinks = rng.random(weekend.shape) < often * (1 + 1.2 * weekend)
    # Geometric with p = 0.5.
    amount = np.ceil(-np.log2(1 - rng.random(weekend.shape)))
    return bounded("alcohol_intake", np.where(drinks, np.maximum(amount, 1), 0.0), per_unit=1)


def _activity(seed: int, shape: tuple[int, ...]) -> Grids:
    rng = stream(seed, "physical_activity")
    active = (rng.random(shape) < rng.beta(2.0, 4.0, shape[1])).astype(np.float64)
    total = np.cumsum(active, axis=0)
    sessions = total.copy()
    sessions[EXERCISE_WINDOW:] -= total[:-EXERCISE_WINDOW]
    return {"physical_activity": active, "exercise": sessions}


def _weather(seed: int, participants: Participants, calendar: Calendar, climate: Climate) -> Grids:
    """Return the weather of each participant's region, and whether a change of weather was noticed."""
    cell = (calendar.day, participants.region)
    noticed = np.where(climate.remarkable[cell], 0.55, 0.07)
    remarked = stream(seed, "weather_changes").random(noticed.shape) < noticed
    grids = {name: values[cell] for name, values in climate.measured.items()}
    return grids | {"weather_changes": remarked.astype(np.float64)}


def _sporadic(seed: int, name: str, shape: tuple[int, ...], *, share: float) -> Floats:
    """Draw an independent flag whose frequency varies between participants around `share`."""
    rng = stream(seed, name)
    return (rng.random(shape) < rng.beta(3 * share, 3 * (1 - share), shape[1])).astype(np.float64)


def _dehydration(seed: int, grids: Grids) -> Floats:
    likely = 0.04 + 0.22 * (grids["hydration"] < 1.2) + 0.25 * (grids["alcohol_intake"] >= 4)
    return (stream(seed, "dehydration").random(likely.shape) < likely).astype(np.float64)


def _cycle(seed: int, participants: Participants, days: int) -> Floats:
    """Return perimenstrual days, from cycles that vary in length between and within participants."""
    rng = stream(seed, "menstrual_cycle")
    n, cycles = len(participants.age), math.ceil(days / 20) + 3
    length = np.maximum(rng.normal(CYCLE_LENGTH, 1.5, (1, n)) + rng.normal(0, CYCLE_JITTER, (cycles, n)), 21)
    # The first onset is uniform over the cycle before the first day.
    onset = np.cumsum(length, axis=0) - length[0] * (1 + rng.random(n))
    near = np.zeros((days, n))
    for offset in PERIMENSTRUAL:
        day = np.floor(onset).astype(np.int64) + offset
        cycle, person = np.nonzero((day >= 0) & (day < days) & participants.cycling)
        near[day[cycle, person], person] = 1
    return near
