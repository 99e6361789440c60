"""References are stored as JSON and restored with equal content."""

import pytest

from migraine_assets.core.evaluation.data_flow import FlowStep
from migraine_assets.core.evaluation.flags import Flag
from migraine_assets.defs.refs import (
    ChampionRef,
    Chosen,
    DeliveryInfo,
    DiaryRef,
    EvaluationRef,
    FeaturesRef,
    FoldsRef,
    ModelRef,
    from_stored,
    to_stored,
)
from migraine_assets.errors import StoreError
from migraine_assets.stores.assets.current_values import decode
from migraine_assets.stores.assets.delivery_log import KeptFile
from migraine_assets.stores.assets.frames import FrameRef

FRAME = FrameRef("raw_diary", "a" * 64, 3, ("x", "y"))
DELIVERY = DeliveryInfo("table", "d.csv", "m", 1, None, (KeptFile("d.csv", "m", 5),), ("a note",), "2024-01-01", None)
STEPS = (FlowStep("Delivered", 3, 1, "note"),)
VALUES = (
    DiaryRef(FRAME, DELIVERY, STEPS, ("rule", "rows"), (("bounds", "2"),)),
    FeaturesRef(FRAME, DELIVERY, ("x", "y"), "burden", "c", STEPS),
    FoldsRef(FRAME, "a" * 64, ("part",), (("train",),), "2024-01-03", STEPS),
    ModelRef(
        key="knn", task="attack", used="NearestNeighbors", seconds=0.5, bundle="b", error=None, predictions=FRAME,
        params={"n_neighbors": 3, "C": 0.5, "kernel": "rbf"}, cv={"roc_auc": (0.7, 0.6, None)}, train={}, lead={},
        flags=(Flag("underfitting", "low", bars=True),), notes=("n",), threshold=0.3, conformal=(0.9, 1.5),
        mlflow_run=None,
    ),
    EvaluationRef(
        task="severity", champion=Chosen("ridge", "b", None), challenger=None, incumbent="old", accepted=True,
        reasons=("better",), figures={"rmse": (1.0, None, 2.0)}, headline="head", report="/r", data="d",
    ),
    ChampionRef("attack", "refused", None, None, ("worse",), None),
)  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_reference_survives_its_json(value: object) -> None:
    assert from_stored(decode(to_stored(value, run="r").encode())) == value


def test_what_is_not_of_its_type_is_refused() -> None:
    stored = to_stored(VALUES[-1])
    stored.value["reasons"] = 5
    with pytest.raises(StoreError, match="reasons"):
        from_stored(stored)


def test_what_was_done_is_a_frame_again() -> None:
    frame = VALUES[0].actions_frame()  # type: ignore[union-attr]  # the diary
    assert frame.to_dict("records") == [{"rule": "bounds", "rows": "2"}]
