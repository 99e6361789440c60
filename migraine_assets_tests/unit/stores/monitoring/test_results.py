import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from migraine_assets.core.monitoring.day_quality import DayQuality
from migraine_assets.core.monitoring.drift.chance import EffectiveSampleSize
from migraine_assets.core.monitoring.drift.result import Statistic
from migraine_assets.core.monitoring.performance_result import Comparison
from migraine_assets.core.monitoring.verdict import Status
from migraine_assets.errors import StoreError
from migraine_assets.stores.monitoring.results import (
    DRIFT,
    ESTIMATED,
    KINDS,
    QUALITY,
    REALIZED,
    ResultKind,
    TaskResults,
    event_start,
    latest_result,
    read_result,
    result_days,
    verdicts,
    write_result,
)
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.monitoring_results import task_result, write_task_result

NOW = dt.datetime(2026, 3, 5, 1, tzinfo=dt.UTC)
EARLIER = Path(__file__).parent / "results_of_format_1.json"


def day(number: int) -> dt.date:
    return dt.date(2026, 3, number)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def write_drift(store: Store, number: int, status: Status, bundle: str = "b") -> None:
    write_task_result(store, "drift", status, day=day(number), now=NOW, bundle=bundle)


def test_a_result_comes_back_and_is_replaced_when_the_day_is_examined_again(store: Store) -> None:
    for status in ("none", "drift"):
        content = TaskResults({"attack": task_result("drift", status)})
        write_result(store, DRIFT, day(1), content, now=NOW)
        assert read_result(store, DRIFT, day(1)) == content
    assert read_result(store, REALIZED, day(1)) is None


def test_what_is_not_finite_comes_back_as_none(store: Store) -> None:
    drift = task_result("drift", "drift")
    nan = Statistic(float("nan"), limit=0.2, chance=float("inf"), likely=None, visible=None)
    feature = replace(drift.features["sleep_hours"], statistics={"psi": nan})
    write_result(store, DRIFT, day(1), TaskResults({"attack": replace(drift, features={"f": feature})}), now=NOW)
    content = read_result(store, DRIFT, day(1))
    assert content is not None
    assert content.tasks["attack"].features["f"].statistics["psi"] == Statistic(None, 0.2, None, None, None)


def test_the_newest_day_counts_whenever_it_was_written(store: Store) -> None:
    assert latest_result(store, DRIFT) is None
    for number in (3, 1, 2):
        write_drift(store, number, "none")
    store.write("monitoring/results/drift/2026-99-99.json", b"not a day")
    assert result_days(store, DRIFT) == [day(1), day(2), day(3)]
    newest = latest_result(store, DRIFT)
    assert newest is not None
    assert newest[0] == day(3)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"format": 9, "content": {}}',
        b'{"format": 1, "content": []}',
        b'{"format": 1, "kind": "drift", "day": "2026-03-01", "made_at": "", "content": {"tasks": {"attack": {}}}}',
    ],
)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_damaged_result_is_named_with_the_remedy(store: Store, kind: ResultKind[Any], content: bytes) -> None:
    store.write(f"monitoring/results/{kind.name}/2026-03-01.json", content)
    with pytest.raises(StoreError, match=r"2026-03-01\.json.*materialize the monitoring of 2026-03-01 again"):
        read_result(store, kind, day(1))


def test_the_same_drift_day_after_day_is_one_event(store: Store) -> None:
    statuses: tuple[tuple[int, Status], ...] = (
        (1, "drift"), (2, "none"), (3, "drift"), (4, "too little data"), (5, "drift"),
    )  # fmt: skip
    for number, status in statuses:
        write_drift(store, number, status)
    assert event_start(store, DRIFT, day(5), "attack", bundle="b", status="drift") == day(3)
    assert event_start(store, DRIFT, day(1), "attack", bundle="b", status="drift") == day(1)


def test_another_model_starts_another_event(store: Store) -> None:
    write_drift(store, 1, "drift", "old")
    write_drift(store, 2, "drift", "new")
    assert event_start(store, DRIFT, day(2), "attack", bundle="new", status="drift") == day(2)


def test_results_of_the_first_version_are_read_with_every_field(store: Store) -> None:
    """Files in the form of versions before documents were typed."""
    documents = json.loads(EARLIER.read_text())
    for name, document in documents.items():
        store.write(f"monitoring/results/{name}/2026-03-10.json", json.dumps(document).encode())
    drift, realized = read_result(store, DRIFT, day(10)), read_result(store, REALIZED, day(10))
    estimated, quality = read_result(store, ESTIMATED, day(10)), read_result(store, QUALITY, day(10))
    assert drift is not None
    assert realized is not None
    assert estimated is not None
    assert quality is not None
    stored = documents["drift"]["content"]["tasks"]["attack"]
    attack = drift.tasks["attack"]
    assert (attack.status, attack.moved, attack.domain_auc) == ("drift", tuple(stored["moved"]), stored["domain_auc"])
    assert attack.since == dt.date(2026, 3, 8)
    feature, before = attack.features["sleep_hours"], stored["features"]["sleep_hours"]
    assert (feature.drift_ratio, feature.missing, feature.rows) == (before["score"], before["missing"], before["rows"])
    assert feature.sample_size == EffectiveSampleSize(current=120.5, reference=900.25, participants=60)
    assert feature.statistics["ks"].visible == before["statistics"]["ks"]["visible"]
    assert feature.statistics["psi"].chance is None
    roc_auc = realized.tasks["attack"].held["roc_auc"]
    assert isinstance(roc_auc, Comparison)
    assert (roc_auc.held, roc_auc.realized.value) == (False, 0.61)
    assert realized.tasks["attack"].contradictions == 2
    assert estimated.tasks["attack"].metrics["accuracy"].value == 0.81
    assert isinstance(quality, DayQuality)
    assert quality.missing == {"sleep_hours": 0.25}
    assert [list(verdicts(content)) for content in (drift, quality)] == [["attack"], [""]]
