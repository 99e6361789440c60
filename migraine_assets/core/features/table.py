"""The table of features, and of quantities of a day. A new feature is a line here.

A feature is data: an operation, its columns, a window and parameters. Not here: the operations
(`core.features.operations`, `core.features.daily`), applying them to a diary (`core.features.engine`).

Null means "not asked". An interaction or a change is null if one of its parts is null. A count, mean or total covers
only the days (or flags) with a value and is null if there are none. A day that is missing from the diary has no values.
In an undated diary, only the values of the day itself are known. At horizon 1 (predicting tomorrow), the newest known
outcome or drug is that of today; at horizon 0 (predicting today), it is that of yesterday.
"""

from dataclasses import replace
from functools import cache

from migraine_assets.core.contract import ATTACK, CONTRACT, DURATION, SEVERITY, Contract, Field
from migraine_assets.core.diary.cleaning import Cleaning, cleaning_for
from migraine_assets.core.features.daily import Quantity
from migraine_assets.core.features.known_ahead import ahead_cleaning, ahead_features, ahead_fields
from migraine_assets.core.features.operations import Feature
from migraine_assets.core.features.outcome import AttackDefinition
from migraine_assets.core.features.plan import FeaturePlan, Recipe, compile_recipe
from migraine_assets.core.features.windows import LOOK_BACK

RECOMMENDED_SLEEP = 8.0  # hours a night; the middle of the 7-9 h advised for adults
RECOMMENDED_FLUID = 2.0  # liters a day
MODERATE_CAFFEINE = 3.0  # servings; more than that on a day was followed by attacks (Mostofsky 2019)
MODERATE_ALCOHOL = 5.0  # servings; the dose whose effect shows in diaries (Mostofsky 2020)
MUCH_SCREEN = 12.0  # hours
MOST_EXERCISE = 7.0  # sessions a week

# The personal attack rate is shrunk like the mean of a Beta prior with this mean and this weight in days. The mean is
# that of the attack-day rates of people with migraine (5/25/50/75/95 %: .08/.15/.21/.28/.56). Their spread would give a
# weight of 8 days. But the mean of a headache clinic can be three times as high, and with a lower weight a constant
# that does not fit matters only for the first days.
PRIOR_RATE = 0.24
PRIOR_DAYS = 2.0

# The personal severity is shrunk in the same way, toward the mean of migraine attacks (5.7, Park et al. 2016). The
# weight is chosen: four attacks, as if a fifth of the variance were between people.
PRIOR_SEVERITY = 5.7
PRIOR_ATTACKS = 4.0

_SLEEP, _QUALITY, _STRESS = "sleep_hours", "sleep_quality", "stress_level"
_CAFFEINE, _PRESSURE, _DRUG = "caffeine_intake", "weather_pressure", "medication"


PLAIN = AttackDefinition()
# A field that is known ahead is an exposure on its own day.
_EXPOSURES = ("exposure", "known_ahead")


def quantities_of(contract: Contract, attack: AttackDefinition = PLAIN) -> tuple[Quantity, ...]:
    """Return the quantities of a day for the fields of `contract`, and that of `attack` if no field has it."""
    defined = attack.quantity(contract)
    return (*_of_day(contract), *(() if defined is None else (defined,)))


def _of_day(contract: Contract) -> tuple[Quantity, ...]:
    # Custom fields are left out, so that they change no other feature.
    shared = [item for item in contract.of_kind("flag") if not item.derived]
    triggers = tuple(item.name for item in shared if item.role in _EXPOSURES and not item.consequence)
    signs = tuple(item.name for item in shared if item.role == "premonitory" and not item.consequence)
    return (
        Quantity("trigger_count", "count_present", triggers, "Triggers met today among those asked."),
        Quantity("trigger_index", "share_present", triggers, "Share of the asked triggers that were met today."),
        Quantity("premonitory_count", "count_present", signs, "Premonitory signs today among those asked."),
        Quantity(
            "sleep_index",
            "capped_product",
            (_SLEEP, _QUALITY),
            "Sleep of the night: quality/10 times the share of 8 hours that was slept (at most 1).",
            {"enough": RECOMMENDED_SLEEP, "best": 10.0},
        ),
        Quantity(
            "lifestyle_index",
            "mean_score",
            ("hydration", "exercise", "screen_time", _CAFFEINE, "alcohol_intake"),
            "Mean score (1 is best) of fluid, exercise, screen time, caffeine and alcohol, over those asked.",
            {
                "hydration": RECOMMENDED_FLUID,
                "exercise": MOST_EXERCISE,
                "screen_time": -MUCH_SCREEN,
                _CAFFEINE: -MODERATE_CAFFEINE,
                "alcohol_intake": -MODERATE_ALCOHOL,
            },
        ),
    )


def features_of(contract: Contract, attack: AttackDefinition = PLAIN) -> tuple[Feature, ...]:
    """Return the features for the fields of `contract`, in the order of the matrix.

    `attack` is the definition of past attacks.
    """
    own = tuple(feature for item in contract.fields for feature in _of_custom_field(item))
    past = (*(_about(attack, item) for item in _OF_ATTACKS), *_OF_EXPOSURES)
    return (*_of_today(contract, attack), *past, *own, *ahead_features(contract))


@cache
def default_recipe() -> Recipe:
    """Return the recipe of the default contract and cleaning rules."""
    return recipe_of(CONTRACT, cleaning_for(CONTRACT))


def recipe_of(contract: Contract, cleaning: Cleaning, attack: AttackDefinition = PLAIN) -> Recipe:
    """Return the recipe of this table for another contract, cleaning rules, or definition of an attack."""
    fields = (*contract.fields, *ahead_fields(contract))
    features, quantities = features_of(contract, attack), quantities_of(contract, attack)
    return Recipe(fields, ahead_cleaning(cleaning, contract), quantities, features)


@cache
def default_plan() -> FeaturePlan:
    """Return the default recipe, compiled."""
    return compile_recipe(default_recipe())


def _today(item: Field, name: str | None = None) -> Feature:
    text = f"{item.description} {item.encoding.description}" if item.encoding else item.description
    return Feature(name or item.column, "today", (item.column,), 1, text)


def _product(name: str, first: str, second: str, description: str) -> Feature:
    return Feature(name, "product", (first, second), 1, description)


def _mean(name: str, column: str, window: int, *, what: str) -> Feature:
    text = f"Mean {what} over the asked ones of the last {window} days."
    return Feature(f"{name}_mean_{window}d", "mean", (column,), window, text)


def _deviation(name: str, column: str, *, what: str) -> Feature:
    text = f"Today's {what} less the person's own mean of the last {LOOK_BACK} days."
    return Feature(f"{name}_deviation", "deviation", (column,), LOOK_BACK, text)


def _of_custom_field(item: Field) -> tuple[Feature, ...]:
    """Return the features of a custom field, which parameters declare."""
    name, what = item.column, item.description.rstrip(".")
    of_derived = {
        "today": lambda: _today(item),
        "mean_7d": lambda: _mean(name, name, 7, what=what),
        "mean_28d": lambda: _mean(name, name, 28, what=what),
        "deviation": lambda: _deviation(name, name, what=what),
        "change": lambda: Feature(f"{name}_change", "change", (name,), 2, f"Change since yesterday: {what}."),
    }
    return tuple(of_derived[derived]() for derived in item.derived)


def _about(attack: AttackDefinition, feature: Feature) -> Feature:
    """Return `feature`, computed from `attack` if it is computed from the outcome of the contract."""
    return replace(feature, columns=tuple(attack.column if name == ATTACK else name for name in feature.columns))


def _of_today(contract: Contract, attack: AttackDefinition) -> tuple[Feature, ...]:
    defined = attack.quantity(contract)
    attack_today = _today(contract.by_name[ATTACK], name="attack_today")
    return (
        *(
            _today(item, name=f"{item.name}_today" if item.consequence else None)
            for item in contract.fields
            if item.role in ("static", "premonitory", *_EXPOSURES) and item.numeric and not item.derived
        ),
        replace(_about(attack, attack_today), description=defined.description) if defined else attack_today,
        _product("stress_x_sleep", _STRESS, _SLEEP, "Stress times hours of sleep."),
        _product("weather_x_dehydration", "weather_changes", "dehydration", "A change of weather while dehydrated."),
        _product("screen_x_sleep", "screen_time", _SLEEP, "Screen time times hours of sleep."),
        _product("caffeine_x_alcohol", _CAFFEINE, "alcohol_intake", "Caffeinated times alcoholic drinks."),
        Feature("stress_squared", "square", (_STRESS,), 1, "Stress, squared."),
        Feature(
            "sleep_squared", "square", (_SLEEP,), 1, "Hours of sleep, squared: too little and too much both count."
        ),
        Feature("screen_squared", "square", ("screen_time",), 1, "Screen time, squared."),
        *(Feature(q.name, "today", (q.name,), 1, q.description) for q in _of_day(contract)),
        Feature("target_weekend", "weekend", ("date",), 1, "The predicted day is a Saturday or a Sunday."),
    )


_OF_ATTACKS: tuple[Feature, ...] = (
    Feature("attack_last", "last", (ATTACK,), 28, "Newest known outcome of the last 28 days."),
    Feature("attacks_7d", "total", (ATTACK,), 7, "Attack days among the last 7."),
    Feature("attacks_14d", "total", (ATTACK,), 14, "Attack days among the last 14."),
    Feature("attacks_28d", "total", (ATTACK,), 28, "Attack days among the last 28."),
    Feature("observed_28d", "count", (ATTACK,), 28, "Days of 28 with a known outcome."),
    Feature(
        "personal_rate",
        "shrunk_mean",
        (ATTACK,),
        28,
        "Attack days per known day of 28, shrunk towards .24.",
        {"prior": PRIOR_RATE, "weight": PRIOR_DAYS},
    ),
    Feature(
        "days_since_attack",
        "days_since",
        (ATTACK,),
        28,
        "Days since the last attack; 28: none in 28 days.",
        {"value": 1.0},
    ),
    Feature("attack_streak", "streak", (ATTACK,), 28, "Attack days in a row, up to now.", {"value": 1.0}),
    Feature("attack_free_days", "streak", (ATTACK,), 28, "Attack-free days in a row, up to now.", {"value": 0.0}),
    Feature("severity_last", "last", (SEVERITY,), 28, "Severity of the last attack of 28 days."),
    _mean("severity", SEVERITY, 28, what="severity of attacks"),
    Feature(
        "personal_severity",
        "shrunk_mean",
        (SEVERITY,),
        28,
        "Mean severity of 28 days, shrunk towards 5.7.",
        {"prior": PRIOR_SEVERITY, "weight": PRIOR_ATTACKS},
    ),
    _mean("duration", DURATION, 28, what="duration of attacks (h)"),
    Feature("medication_28d", "total", (_DRUG,), 28, "Days with a drug among the last 28."),
)

_OF_EXPOSURES: tuple[Feature, ...] = (
    _mean("sleep_hours", _SLEEP, 7, what="hours of sleep"),
    _mean("sleep_hours", _SLEEP, 28, what="hours of sleep"),
    _mean("sleep_quality", _QUALITY, 7, what="sleep quality"),
    _mean("stress", _STRESS, 7, what="stress"),
    _mean("stress", _STRESS, 14, what="stress"),
    _mean("stress", _STRESS, 28, what="stress"),
    _mean("trigger_index", "trigger_index", 7, what="share of triggers met"),
    _deviation("sleep_hours", _SLEEP, what="hours of sleep"),
    _deviation("sleep_quality", _QUALITY, what="sleep quality"),
    _deviation("stress", _STRESS, what="stress"),
    _deviation("screen", "screen_time", what="screen time"),
    _deviation("caffeine", _CAFFEINE, what="caffeine"),
    _deviation("pressure", _PRESSURE, what="barometric pressure"),
    Feature("stress_letdown", "fall", (_STRESS,), 2, "Fall of stress since yesterday, 0 where it rose."),
    Feature("caffeine_drop", "fall", (_CAFFEINE,), 2, "Fall of caffeine since yesterday, 0 where it rose."),
    Feature("pressure_change", "change", (_PRESSURE,), 2, "Change of pressure since yesterday (hPa)."),
    Feature(
        "sleep_debt_7d",
        "shortfall",
        (_SLEEP,),
        7,
        "Hours short of 8 a night over the asked nights of 7, or 0.",
        {"target": RECOMMENDED_SLEEP},
    ),
)

FEATURES: tuple[Feature, ...] = features_of(CONTRACT)
