"""Outcomes that arrive with kept diaries settle predictions, on the day on which they were written."""

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from migraine_assets.core.monitoring.outcomes import join_outcomes, latest_predictions
from migraine_assets.defs.monitoring import windows
from migraine_assets.defs.monitoring.computations import collect_outcomes
from migraine_assets.stores.diaries.diaries import EPOCH
from migraine_assets.stores.monitoring.collection import collect_predictions
from migraine_assets.stores.signing_secret import shared_secret
from migraine_assets_tests.support.kept_diaries import no_check, open_diaries
from migraine_assets_tests.unit.defs.monitoring.monitored_home import LAST, MonitoredHome, at_noon, cohort


def test_outcomes_of_kept_diaries_settle_the_predictions_of_their_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRAINE_HOME", str(tmp_path))
    home = MonitoredHome.make(tmp_path)
    served = home.serve(cohort(17), days=1)
    known = served[served["truth"].notna()]
    predicted, arrival = LAST + dt.timedelta(days=1), LAST + dt.timedelta(days=2)
    day, now = predicted.toordinal() - EPOCH, [0.0]
    with open_diaries(home=tmp_path, secret=shared_secret(home.store), clock=lambda: now[0]) as diaries:
        for row in known.itertuples():
            # First the opposite, which is corrected an hour later.
            for now[0], outcome in ((at_noon(arrival), 1 - row.truth), (at_noon(arrival) + 3600, row.truth)):
                diaries.put("", row.participant, day, {"migraine_occurrence": outcome}, check=no_check)
        # Too long ago for any prediction that is still monitored.
        diaries.put("", "someone", day - 1000, {"migraine_occurrence": 1}, check=no_check)
    with dg.build_asset_context() as context:
        for date, new in ((LAST, 0), (arrival, 2 * len(known)), (arrival, 0)):
            result = collect_outcomes(context, home.workspace, date)
            assert result.metadata is not None
            assert result.metadata["new"] == new
    collect_predictions(home.store, LAST)
    every = windows.predictions(home.store, [LAST])
    days = [LAST, arrival]
    joined = join_outcomes(
        latest_predictions(every),
        every=every,
        feedback=windows.feedback(home.store, days),
        diary=windows.diary_outcomes(home.store, days),
    ).predictions
    outcomes = dict(zip(joined["id"], joined["attack"], strict=True))
    assert {identity: outcomes[identity] for identity in known["id"]} == dict(
        zip(known["id"], known["truth"], strict=True)
    )
