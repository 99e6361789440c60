"""Options of the cohort: accepted forms, and errors that name the invalid option."""

import dataclasses
import datetime

import pytest

from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.cohort.settings import SyntheticSettings, settings_from


def test_no_options_are_the_defaults() -> None:
    assert settings_from({}) == SyntheticSettings()
    assert (SyntheticSettings().participants, SyntheticSettings().days) == (200, 180)


def test_options_may_be_text_as_on_a_command_line() -> None:
    settings = settings_from({"participants": "50", "sleep_change": "-1.5", "start": "2022-05-01", "drift_from": 1})
    assert settings.participants == 50
    assert settings.sleep_change == -1.5
    assert settings.start == datetime.date(2022, 5, 1)
    assert settings.drift_from == 1.0
    assert isinstance(settings.drift_from, float)


def test_a_date_may_be_a_date() -> None:
    assert settings_from({"start": datetime.date(2022, 5, 1)}).start == datetime.date(2022, 5, 1)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("stres_change", "stress_change"), ("Days", "days"), ("missing_day", "missing_days")],
)
def test_an_unknown_option_is_named_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(ConfigurationError, match=f"no option '{name}'. Did you mean '{nearest}'"):
        settings_from({name: 1})


def test_an_unrecognizable_option_lists_all() -> None:
    with pytest.raises(ConfigurationError, match=r"no option 'zzz'\. Its options are participants, days, seed"):
        settings_from({"zzz": 1})


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("participants", 0, "participants=0 is not between 1 and 100000"),
        ("participants", 1.5, "participants=1.5 is not a whole number"),
        ("participants", True, "participants=True is not a whole number"),
        ("participants", None, "participants=None is not a whole number"),
        ("days", 731, "days=731 is not between 1 and 730"),
        ("seed", -1, "seed=-1 is not between"),
        ("enrolment_days", 0, "enrolment_days=0 is not between"),
        ("missing_days", 0.61, "missing_days=0.61 is not between 0 and 0.6"),
        ("dropout", -0.1, "dropout=-0.1 is not between"),
        ("missing_values", "much", "missing_values='much' is not a number"),
        ("sleep_change", float("nan"), "sleep_change=nan is not between -12 and 12"),
        ("stress_change", 10, "stress_change=10.0 is not between"),
        ("attack_odds", 0, "attack_odds=0.0 is not between 0.01 and 100"),
        ("effect_scale", float("inf"), "effect_scale=inf is not between"),
        ("drift_from", 1.01, "drift_from=1.01 is not between 0 and 1"),
        ("dirt", 0.6, "dirt=0.6 is not between"),
        ("start", "02.01.2023", "start='02.01.2023' is not a date in the form 2023-01-02"),
        ("start", "1950-01-01", "start=1950-01-01 is not a date between 1980 and 2100"),
    ],
)
def test_an_impossible_value_is_refused(name: str, value: object, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings_from({name: value})
    assert sentence in str(refused.value)


def test_a_cohort_that_would_not_fit_in_memory_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"100000 participants x 730 days are more than 5,000,000"):
        SyntheticSettings(participants=100_000, days=730)


def test_a_million_rows_are_allowed() -> None:
    assert SyntheticSettings(participants=5_000, days=200).participants == 5_000


def test_drift_starts_after_a_share_of_the_calendar() -> None:
    settings = SyntheticSettings(days=100, enrolment_days=101)
    assert settings.span == 200
    assert settings.drift_day == 100
    assert dataclasses.replace(settings, drift_from=0.0).drift_day == 0
    assert dataclasses.replace(settings, drift_from=1.0).drift_day > settings.span


def test_the_description_lists_non_default_options() -> None:
    settings = SyntheticSettings(participants=3, days=9, sleep_change=-1.0)
    assert settings.describe() == "synthetic cohort of 3 participants x 9 days (seed=1, sleep_change=-1.0)"
