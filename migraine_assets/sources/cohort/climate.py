"""Daily weather of each region, shared by the participants who live there."""

from dataclasses import dataclass

import numpy as np

from migraine_assets.sources.cohort.participants import REGIONS
from migraine_assets.sources.cohort.rng import BURN_IN, Flags, Floats, autoregressive, bounded, stream
from migraine_assets.sources.cohort.settings import SyntheticSettings

USUAL_PRESSURE = 1014.0  # hPa
REMARKABLE_PRESSURE, REMARKABLE_TEMPERATURE = 8.0, 5.0  # hPa and degrees Celsius from one day to the next


@dataclass(frozen=True)
class Climate:
    """Arrays of shape (calendar days, regions): measurements by contract name, and flags of remarkable changes."""

    measured: dict[str, Floats]
    remarkable: Flags


def climate_of(settings: SyntheticSettings) -> Climate:
    """Simulate the weather from the burn-in of the first participant to the day after the last entry."""
    rng, shape = stream(settings.seed, "weather"), (BURN_IN + settings.span + 1, REGIONS)
    pressure = USUAL_PRESSURE + 8.5 * autoregressive(rng, shape, carry=0.75)
    humidity = 67 + 14 * autoregressive(rng, shape, carry=0.6)
    warming = 2.8 * autoregressive(rng, shape, carry=0.1)
    pollution = np.exp(3.7 + 0.45 * autoregressive(rng, shape, carry=0.6))
    turn = np.abs(np.diff(pressure, axis=0, prepend=pressure[:1])) > REMARKABLE_PRESSURE
    return Climate(
        measured={
            "weather_pressure": bounded("weather_pressure", pressure, per_unit=10),
            "humidity": bounded("humidity", humidity, per_unit=1),
            "temperature_change": bounded("temperature_change", warming, per_unit=10),
            "air_quality": bounded("air_quality", pollution, per_unit=1),
        },
        remarkable=turn | (np.abs(warming) > REMARKABLE_TEMPERATURE),
    )
