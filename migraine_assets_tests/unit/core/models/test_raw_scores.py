"""Raw scores are log-odds, in the order of the library's own probabilities."""

import numpy as np
import pytest

from migraine_assets.core.models import raw_scores
from migraine_assets.core.models.catalogue import CLASSIFIERS
from migraine_assets.core.models.estimator import Estimator
from migraine_assets_tests.support.training_data import fitted, label, training_set

WITH_PROBABILITIES = [model for model in CLASSIFIERS if model.key != "svm"]


@pytest.mark.parametrize("model", WITH_PROBABILITIES, ids=label)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_the_score_is_the_logit_of_the_librarys_probability(model: Estimator) -> None:
    trained, X = fitted(model), training_set("attack").X
    p = trained.pipeline.predict_proba(X)[:, 1]
    inside = (p > 0.01) & (p < 0.99)
    score = model.score(trained.pipeline, X)
    assert inside.sum() > 100
    assert np.allclose(score[inside], np.log(p[inside] / (1 - p[inside])), atol=1e-4)


def test_a_support_vector_machine_scores_attacks_higher() -> None:
    svm, data = next(model for model in CLASSIFIERS if model.key == "svm"), training_set("attack")
    score = svm.score(fitted(svm).pipeline, data.X)
    assert score[data.y == 1].mean() > score[data.y == 0].mean()


@pytest.mark.parametrize("model", CLASSIFIERS, ids=label)
def test_blocks_cannot_be_seen_from_outside(model: Estimator, monkeypatch: pytest.MonkeyPatch) -> None:
    trained, X = fitted(model), training_set("attack").X
    whole = model.score(trained.pipeline, X)
    monkeypatch.setattr(raw_scores, "BLOCK_ROWS", 77)
    assert np.allclose(model.score(trained.pipeline, X), whole, rtol=1e-12, atol=1e-12)
