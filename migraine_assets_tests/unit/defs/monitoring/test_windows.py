"""The rows of a monitored window, grouped by participants, or by the weeks of one person."""

import datetime as dt

import msgspec
import pandas as pd
import pytest

from migraine_assets.defs.monitoring.windows import TaskWindow, predicted
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_manifest

FRAME = pd.DataFrame(
    {
        "participant": ["p", "p", None],
        "key": ["p|2026-03-01", "p|2026-03-02", "id:x"],
        "for_date": [dt.date(2026, 3, 1), dt.date(2026, 3, 2), None],
    }
)


def _window(participants: int) -> TaskWindow:
    manifest = example_manifest()
    training = msgspec.structs.replace(manifest.training, participants=participants, rows=100)
    return TaskWindow("attack", "b", msgspec.structs.replace(manifest, training=training), {}, FRAME)


@pytest.mark.parametrize(
    ("participants", "unit", "groups", "of_training"),
    [(5, "participants", ["p", "p", "id:x"], 5), (1, "weeks", ["2026-W09", "2026-W10", "id:x"], 14)],
)
def test_the_days_of_one_person_are_grouped_by_week(
    participants: int, unit: str, groups: list[str], of_training: int
) -> None:
    window = _window(participants)
    assert (window.unit, window.groups().tolist(), window.training_groups) == (unit, groups, of_training)
    assert window.groups(FRAME.iloc[1:]).tolist() == groups[1:]


def test_predictions_are_settled_by_what_their_model_predicts() -> None:
    about = predicted(example_manifest())
    assert about.outcome.default
    assert about.horizon == 1
