"""The table of features: a new one is a line here. How it is computed over a diary: `core.features.engine`.

Null rules, everywhere: null means not asked. An interaction or a change is null where one of its parts is; a
count, mean or total runs over the asked days (or asked flags) alone and is null where there is none; a day that
is missing from the diary is a day that was not asked. In an undated diary all but the day's own values is null.
Of outcomes and of drugs taken, the newest day is today where tomorrow is predicted (horizon 1) and yesterday
where today is (horizon 0).
"""

import numpy as np

from migraine_assets.core import contract
from migraine_assets.core.contract import ATTACK, SEVERITY
from migraine_assets.core.features.daily import DAILY, RECOMMENDED_SLEEP
from migraine_assets.core.features.diary import Floats
from migraine_assets.core.features.nan_math import at_least
from migraine_assets.core.features.operations import Feature, deviation, mean, of_day, over, product, square, today
from migraine_assets.core.features.windows import LOOK_BACK, Windows

# The personal attack rate is shrunk as by a Beta prior of this mean and this weight in days. The mean is that of
# attack-day rates between people with migraine (5/25/50/75/95 %: .08/.15/.21/.28/.56). Their spread would give a
# weight of 8 days, but a headache clinic's mean can be three times as high; a light weight keeps a constant that
# does not fit from mattering beyond the first days.
PRIOR_RATE = 0.24
PRIOR_DAYS = 2.0

# The personal severity is shrunk in the same way, towards the mean of migraine attacks (5.7, Park et al. 2016). The
# weight is a choice: four attacks, as if a fifth of the variance lay between people.
PRIOR_SEVERITY = 5.7
PRIOR_ATTACKS = 4.0

_SLEEP, _QUALITY, _STRESS = "sleep_hours", "sleep_quality", "stress_level"
_CAFFEINE, _PRESSURE, _DRUG = "caffeine_intake", "weather_pressure", "medication"

_SATURDAY_OFFSET = 5.0  # days since 1970-01-01, a Thursday, plus 5 are divisible by 7 on a Saturday


def _stress_letdown(days: Windows) -> Floats:
    return at_least(days.back(_STRESS, 1) - days.today(_STRESS), 0.0)


def _caffeine_drop(days: Windows) -> Floats:
    return at_least(days.back(_CAFFEINE, 1) - days.today(_CAFFEINE), 0.0)


def _pressure_change(days: Windows) -> Floats:
    return days.today(_PRESSURE) - days.back(_PRESSURE, 1)


def _sleep_debt(days: Windows) -> Floats:
    wanted = RECOMMENDED_SLEEP * days.count(_SLEEP, 7)
    return at_least(wanted - days.total(_SLEEP, 7), 0.0)


def _personal_rate(days: Windows) -> Floats:
    attacks, observed = days.total(ATTACK, LOOK_BACK), days.count(ATTACK, LOOK_BACK)
    return (attacks + PRIOR_DAYS * PRIOR_RATE) / (observed + PRIOR_DAYS)


def _personal_severity(days: Windows) -> Floats:
    total, attacks = days.total(SEVERITY, LOOK_BACK), days.count(SEVERITY, LOOK_BACK)
    return (total + PRIOR_ATTACKS * PRIOR_SEVERITY) / (attacks + PRIOR_ATTACKS)


def _days_since_attack(days: Windows) -> Floats:
    return days.days_since(ATTACK, 1.0)


def _target_weekend(days: Windows) -> Floats:
    since_saturday = np.mod(days.day() + days.horizon + _SATURDAY_OFFSET, 7.0)
    return np.where(since_saturday < 2.0, 1.0, 0.0 * since_saturday)


_OF_TODAY: tuple[Feature, ...] = (
    *(
        today(field, name=f"{field.name}_today" if field.consequence else None)
        for field in contract.FIELDS
        if field.role in ("static", "exposure", "premonitory")
    ),
    today(contract.BY_NAME[ATTACK], name="attack_today"),
    product("stress_x_sleep", _STRESS, _SLEEP, "Stress times hours of sleep."),
    product("weather_x_dehydration", "weather_changes", "dehydration", "A change of weather while dehydrated."),
    product("screen_x_sleep", "screen_time", _SLEEP, "Screen time times hours of sleep."),
    product("caffeine_x_alcohol", "caffeine_intake", "alcohol_intake", "Caffeinated times alcoholic drinks."),
    square("stress_squared", _STRESS, "Stress, squared."),
    square("sleep_squared", _SLEEP, "Hours of sleep, squared: too little and too much both count."),
    square("screen_squared", "screen_time", "Screen time, squared."),
    *(of_day(quantity) for quantity in DAILY),
    Feature("target_weekend", ("date",), 1, _target_weekend, "The predicted day is a Saturday or a Sunday."),
)

_OF_ATTACKS: tuple[Feature, ...] = (
    over("attack_last", ATTACK, 28, lambda days: days.last(ATTACK), "Newest known outcome of the last 28 days."),
    over("attacks_7d", ATTACK, 7, lambda days: days.total(ATTACK, 7), "Attack days among the last 7."),
    over("attacks_14d", ATTACK, 14, lambda days: days.total(ATTACK, 14), "Attack days among the last 14."),
    over("attacks_28d", ATTACK, 28, lambda days: days.total(ATTACK, 28), "Attack days among the last 28."),
    over("observed_28d", ATTACK, 28, lambda days: days.count(ATTACK, 28), "Days of 28 with a known outcome."),
    over("personal_rate", ATTACK, 28, _personal_rate, "Attack days per known day of 28, shrunk towards .24."),
    over("days_since_attack", ATTACK, 28, _days_since_attack, "Days since the last attack; 28: none in 28 days."),
    over("attack_streak", ATTACK, 28, lambda days: days.run(ATTACK, 1.0), "Attack days in a row, up to now."),
    over(
        "attack_free_days",
        ATTACK,
        28,
        lambda days: days.run(ATTACK, 0.0),
        "Attack-free days in a row, up to now.",
    ),
    over(
        "severity_last",
        SEVERITY,
        28,
        lambda days: days.last(SEVERITY),
        "Severity of the last attack of 28 days.",
    ),
    mean("severity", SEVERITY, 28, what="severity of attacks"),
    over("personal_severity", SEVERITY, 28, _personal_severity, "Mean severity of 28 days, shrunk towards 5.7."),
    mean("duration", "duration_h", 28, what="duration of attacks (h)"),
    over("medication_28d", _DRUG, 28, lambda days: days.total(_DRUG, 28), "Days with a drug among the last 28."),
)

_OF_EXPOSURES: tuple[Feature, ...] = (
    mean("sleep_hours", _SLEEP, 7, what="hours of sleep"),
    mean("sleep_hours", _SLEEP, 28, what="hours of sleep"),
    mean("sleep_quality", _QUALITY, 7, what="sleep quality"),
    mean("stress", _STRESS, 7, what="stress"),
    mean("stress", _STRESS, 14, what="stress"),
    mean("stress", _STRESS, 28, what="stress"),
    mean("trigger_index", "trigger_index", 7, what="share of triggers met"),
    deviation("sleep_hours", _SLEEP, what="hours of sleep"),
    deviation("sleep_quality", _QUALITY, what="sleep quality"),
    deviation("stress", _STRESS, what="stress"),
    deviation("screen", "screen_time", what="screen time"),
    deviation("caffeine", _CAFFEINE, what="caffeine"),
    deviation("pressure", _PRESSURE, what="barometric pressure"),
    over("stress_letdown", _STRESS, 2, _stress_letdown, "Fall of stress since yesterday, 0 where it rose."),
    over("caffeine_drop", _CAFFEINE, 2, _caffeine_drop, "Fall of caffeine since yesterday, 0 where it rose."),
    over("pressure_change", _PRESSURE, 2, _pressure_change, "Change of pressure since yesterday (hPa)."),
    over("sleep_debt_7d", _SLEEP, 7, _sleep_debt, "Hours short of 8 a night over the asked nights of 7, or 0."),
)

FEATURES: tuple[Feature, ...] = _OF_TODAY + _OF_ATTACKS + _OF_EXPOSURES
