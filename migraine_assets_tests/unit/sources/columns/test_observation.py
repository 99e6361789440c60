import pytest

from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.columns.mapping import parse_mapping


def test_a_period_for_all_or_for_each_participant() -> None:
    for_all = parse_mapping("observation: {first: 2024-01-01, last: 2024-01-31}\nunlisted_days: quiet", name="m")
    assert for_all.observation is not None
    assert for_all.observation.unlisted == "quiet"
    assert for_all.match_names
    each = parse_mapping("observation: {p1: {first: 2024-01-01, last: 2024-01-31}}", name="m").observation
    assert each is not None
    assert (each.period("p1") is None, each.period("p2") is None, each.unlisted) == (False, True, "unknown")


@pytest.mark.parametrize(
    "text",
    [
        "observation: {first: 2024-01-31, last: 2024-01-01}",
        "observation: {first: 2024-01-01}",
        "observation: 2024",
        "observation: {first: 1, last: 2}",
        "observation: {p1: 2024}",
        "observation: {first: 2024-01-01, last: 2024-01-31}\nunlisted_days: perhaps",
        "columns: {date: d}\nunlisted_days: quiet",
        "observation: {first: 2024-01-01, last: 2024-01-31}\nevents: {end: x}",
        "observation: {first: 2024-01-01, last: 2024-01-31}\nevents: {start: a, end: b, duration: c}",
        "observation: {first: 2024-01-01, last: 2024-01-31}\nevents: {start: [a]}",
    ],
)
def test_others_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_mapping(text, name="m")
