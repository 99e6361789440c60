"""The conclusion of a monitored day: alarms first, and no claim beyond the verdicts."""

import datetime as dt

import pytest

from migraine_assets.report.text.verdicts import VerdictRow, conclusion

SINCE = dt.date(2026, 3, 2)
QUIET = VerdictRow("Features and outputs", task="attack", status="no change", rows=900)
DRIFT = VerdictRow("Features and outputs", "attack", "drift", alarms=True, reasons=("A.", "B."), since=SINCE, rows=900)
UNKNOWN = VerdictRow("Realized performance", task="attack", status="too little data", rows=3)


@pytest.mark.parametrize(
    ("rows", "sentences"),
    [
        ([UNKNOWN, DRIFT], ["features and outputs (attack): drift since 2026-03-02. A. B."]),
        ([QUIET], ["Nothing that matters has changed: features and outputs (attack)."]),
        (
            [QUIET, UNKNOWN],
            [
                "Nothing that matters has changed: features and outputs (attack). "
                "Too little data for: realized performance (attack)."
            ],
        ),
        ([UNKNOWN, VerdictRow("Quality of the day")], ["There is too little data for a verdict."]),
        (
            [QUIET, VerdictRow("Estimated performance", "attack", "suspected", rows=900)],
            ["Nothing has changed for certain. A change is suspected: estimated performance (attack)."],
        ),
    ],
)
def test_the_conclusion_names_alarms_first_and_claims_no_more_than_was_judged(
    rows: list[VerdictRow], sentences: list[str]
) -> None:
    assert list(conclusion(rows)) == sentences
