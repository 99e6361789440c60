"""A night of kept diaries, up to the request to the app: its own people alone, by its own names."""

import datetime as dt
import json
from pathlib import Path

import pytest

from migraine_assets.cli.forecast_diary import read
from migraine_assets.defs.forecast_webhooks import NightForWebhooks, kept_names
from migraine_assets.prediction.forecasts import forecast_shards
from migraine_assets.prediction.model_set import promoted_models
from migraine_assets.prediction.predictor import Predictor
from migraine_assets.settings import Settings
from migraine_assets.stores.alerts import outbox
from migraine_assets.stores.signing_secret import shared_secret
from migraine_assets_tests.support.kept_diaries import no_check, open_diaries
from migraine_assets_tests.unit.serving.trained import fresh_store, history
from migraine_assets_tests.unit.stores.alerts.test_webhooks import SECRET

DAY = dt.date(2026, 2, 2)
ENDPOINT = {"url": "https://app.example/hook", "secret": SECRET}


@pytest.mark.parametrize("owner", ["app", ""])
def test_only_forecasts_above_the_usual_of_the_apps_own_people_are_queued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: str
) -> None:
    monkeypatch.setenv("MIGRAINE_HOME", str(tmp_path))
    store, settings = fresh_store(tmp_path), Settings()
    secret = shared_secret(store)
    with open_diaries(home=tmp_path, secret=secret) as diaries:
        for number in range(12):
            keeper = owner if number % 2 else "another"
            # Diaries with an odd number end on the day before the night; one of them a day earlier.
            last = DAY - dt.timedelta(days=2 if number == 11 else 1)
            # Where attacks are rare, a forecast is above the usual.
            rare = {"migraine_occurrence": 0} if number % 4 == 3 else {}
            for entry in history(10 + number, last=last, **rare):
                date = dt.date.fromisoformat(entry.pop("date"))
                diaries.put(keeper, f"P-{number}", (date - dt.date(1970, 1, 1)).days, entry, check=no_check)
    models = promoted_models(store)
    predictor = Predictor(lambda: models, make_ids=lambda count: [f"id-{k}" for k in range(count)], secret=secret)
    shards = list(
        forecast_shards(read(settings, "service", mapping=None)[1], predictor, today=DAY, day=DAY, earlier=True)
    )
    expected = {
        row["participant_id"].partition("@")[0]: row["relative_to_usual"]
        for shard in shards
        for row in shard.table().to_pylist()
        if row["participant_id"].partition("@")[2] == owner and row["for_date"] >= DAY
        if row["relative_to_usual"] > 1.25
    }
    assert 0 < len(expected) < 5
    for level, least in (("higher", 1.25), ("much_higher", 2)):
        for name in store.list(outbox.FOLDER):
            store.delete(f"{outbox.FOLDER}/{name}")
        monkeypatch.setenv("MIGRAINE_WEBHOOKS", json.dumps({owner: ENDPOINT | {"level": level}}))
        elsewhere = NightForWebhooks.of("synthetic", Settings(), day=DAY)
        assert list(elsewhere.passing(shards)) == shards
        assert elsewhere.queue(store, simulated=True, now=dt.datetime.now(dt.UTC)) == 0
        night = NightForWebhooks.of("service", Settings(), day=DAY)
        assert list(night.passing(shards)) == shards
        wanted = {key: ratio for key, ratio in expected.items() if ratio > least}
        assert night.queue(store, simulated=True, now=dt.datetime.now(dt.UTC)) == len(wanted)
        queued = [json.loads(one.message.body) for one in outbox.queued_messages(store)]
        assert {one["participant_id"] for message in queued for one in message["forecasts"]} == set(wanted)
        assert all(message["simulated_model"] for message in queued)
    names = kept_names(settings, store, owner, [*expected, "0" * 32])
    assert set(names) == set(expected)
    assert all(int(name.removeprefix("P-")) % 2 for name in names.values())
    assert kept_names(settings, store, "nobody", list(expected)) == {}
